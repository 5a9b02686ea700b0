// The borders between folders: biome.json is asked about a tree in which every one of them is crossed once.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const pure = [
  'access',
  'apply',
  'bundle',
  'chain',
  'compare',
  'drift',
  'externaldns',
  'fleet',
  'gateway',
  'lint',
  'plan',
  'preflight',
  'preview',
  'report',
  'teardown',
  'verdict',
];
const outside = ['aws', 'dns', 'files', 'github', 'helm', 'https', 'kube', 'kustomize'];

interface Crossing {
  readonly folder: string;
  readonly code: string;
  readonly rule: 'noRestrictedImports' | 'noRestrictedGlobals' | 'useNodejsImportProtocol' | undefined;
}
const importing = (folder: string, module: string): Crossing => ({
  folder,
  code: `import { a } from '${module}';\nexport const b = a;\n`,
  rule: 'noRestrictedImports',
});
const naming = (folder: string, global: string): Crossing => ({
  folder,
  code: `export const b = ${global};\n`,
  rule: 'noRestrictedGlobals',
});
const allowed = (crossing: Crossing): Crossing => ({ ...crossing, rule: undefined });

const crossings: readonly Crossing[] = [
  ...pure.flatMap((folder) => [
    ...[...outside, 'modes'].map((other) => importing(folder, `../${other}/a.ts`)),
    ...['node:fs', 'node:child_process', 'node:net', 'node:process', 'undici', '@aws-sdk/client-sts'].map(
      (module) => importing(folder, module),
    ),
    ...[
      '../child.ts',
      '../environment.ts',
      '../system-clock.ts',
      '../main.ts',
      '../publish.ts',
      '../run.ts',
    ].map((file) => importing(folder, file)),
    ...['process.env', 'fetch', 'setTimeout', 'performance.now()'].map((global) => naming(folder, global)),
    { ...importing(folder, ''), code: "export const b = () => import('../kube/a.ts');\n" },
    { ...importing(folder, ''), code: "export type { A } from '../kube/a.ts';\n" },
    { ...importing(folder, 'fs'), rule: 'useNodejsImportProtocol' as const },
    ...['../verdict/a.ts', '../clock.ts', 'node:path', 'yaml'].map((module) =>
      allowed(importing(folder, module)),
    ),
  ]),
  ...outside.flatMap((folder) => [
    ...[...outside, 'modes']
      .filter((other) => other !== folder)
      .map((other) => importing(folder, `../${other}/a.ts`)),
    ...['../environment.ts', '../main.ts', '../publish.ts', '../run.ts'].map((file) =>
      importing(folder, file),
    ),
    naming(folder, 'process.env'),
    ...[`./a.ts`, '../verdict/a.ts', '../chain/a.ts', 'node:fs', 'undici'].map((module) =>
      allowed(importing(folder, module)),
    ),
  ]),
  naming('modes', 'process.env'),
  importing('modes', 'node:process'),
  ...outside.map((other) => allowed(importing('modes', `../${other}/a.ts`))),
];

const tree = mkdtempSync(join(tmpdir(), 'eks-gateway-borders-'));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** The rules that each file breaks, by its path. */
function complaints(): Map<string, string[]> {
  const biome = resolve('node_modules/.bin/biome');
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  let output = '';
  try {
    output = execFileSync(biome, args, { cwd: tree, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { severity: string; category: string; location: { path: string } }[];
  };
  const found = new Map<string, string[]>();
  for (const { severity, category, location } of diagnostics) {
    const rule = `${severity} ${category.split('/').at(-1)}`;
    found.set(location.path, [...(found.get(location.path) ?? []), rule]);
  }
  return found;
}

test('every folder of src/ is on one side or the other', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const known = [...pure, ...outside, 'modes'];
  expect(folders.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
});

test('crossing a border is an error, and what is allowed is none', () => {
  cpSync('biome.json', join(tree, 'biome.json'));
  const files = crossings.map((crossing, index) => ({
    ...crossing,
    path: `src/${crossing.folder}/c${index}.ts`,
  }));
  for (const { path, code } of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), code);
  }
  const found = complaints();
  const said = files.map(({ path, code }) => `${path} ${code}${found.get(path) ?? 'fine'}`);
  expect(said).toEqual(
    files.map(({ path, code, rule }) => `${path} ${code}${rule ? `error ${rule}` : 'fine'}`),
  );
});

test('no clock and no dice in pure folders: the linter cannot tell them from a date that is parsed', () => {
  const files = pure
    .filter((folder) => existsSync(join('src', folder)))
    .flatMap((folder) =>
      readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join('src', folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts'));
  const forbidden = /Date\.now\(|new Date\(\)|Math\.random|randomUUID/;
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => forbidden.test(readFileSync(file, 'utf8')))).toEqual([]);
});
