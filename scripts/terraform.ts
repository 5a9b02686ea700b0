// `npm run terraform`: formats are checked, the policies' own tests run, and what the policies are for the examples' setting
// is written to terraform/policies/rendered.json (`--check` compares). Builds OpenTofu on first use.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { buildGoTools } from '../lab/tools/go-tools.ts';
import { cacheFolder, toolPath } from '../lab/tools/locations.ts';
import { withLock } from '../lab/tools/lock.ts';
import { policySources, type RenderedPolicies, renderedPath } from './policies.ts';

const root = join(import.meta.dirname, '..');

/** The setting of the examples, of docs/permissions.md and of the lab. */
const setting = {
  region: 'us-east-1',
  cluster_name: 'sample',
  eks_account_id: '111111111111',
  dns_account_id: '222222222222',
  zone_id: 'Z0123456789ABC',
  repositories: [{ owner: 'example-org', name: 'sample-app', owner_id: '9001', id: '424242' }],
};

function tofu(folder: string, ...args: string[]): string {
  return execFileSync(toolPath('opentofu'), args, {
    cwd: folder,
    encoding: 'utf8',
    // Settings of the machine, such as mirrors, are none of ours.
    env: { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', TF_IN_AUTOMATION: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

type Outputs = Readonly<Record<string, { readonly value: unknown }>>;

/** Policy documents by output; of an output with several, by `output.key`. What is no document is left out. */
function documentsOf(outputs: Outputs): Record<string, unknown> {
  const named = Object.entries(outputs).flatMap(([name, { value }]): (readonly [string, unknown])[] =>
    typeof value === 'string'
      ? [[name, value]]
      : Object.entries(value as object).map(([key, each]) => [`${name}.${key}`, each as unknown]),
  );
  return Object.fromEntries(
    named.flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, JSON.parse(text) as unknown] as const] : [],
    ),
  );
}

function render(): RenderedPolicies {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-terraform-'));
  try {
    cpSync(join(root, 'terraform/policies'), folder, { recursive: true });
    tofu(folder, 'init');
    process.stdout.write(tofu(folder, 'test', '-no-color'));
    writeFileSync(join(folder, 'setting.auto.tfvars.json'), JSON.stringify(setting));
    tofu(folder, 'apply', '-auto-approve');
    const outputs = JSON.parse(tofu(folder, 'output', '-json')) as Outputs;
    return { sources: policySources(root), documents: documentsOf(outputs) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

mkdirSync(join(cacheFolder(), 'bin'), { recursive: true });
await withLock(join(cacheFolder(), 'lock'), console.log, () =>
  buildGoTools('go', console.log, undefined, ['opentofu']),
);
tofu(root, 'fmt', '-check', '-diff', '-recursive', 'terraform');
const rendered = render();
const path = join(root, renderedPath);
const kept = (): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};
// Compared as data: the formatter has its own idea of how JSON is laid out.
if (!isDeepStrictEqual(kept(), rendered)) {
  if (process.argv.includes('--check')) {
    console.error(`${renderedPath} is not what terraform/policies gives: run \`npm run terraform\``);
    process.exitCode = 1;
  } else writeFileSync(path, `${JSON.stringify(rendered, null, 2)}\n`);
}
