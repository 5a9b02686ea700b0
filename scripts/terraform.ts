// `npm run terraform`: formats are checked, the modules' own tests run, the example is validated, and what the policies are
// for the examples' setting is written to terraform/policies/rendered.json (`--check` compares). Builds OpenTofu on first use,
// and a stand-in for the AWS provider that knows terraform/aws-schema.json; `--registry` takes the real one, and compares.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { buildGoTools } from '../lab/tools/go-tools.ts';
import { cacheFolder, toolPath } from '../lab/tools/locations.ts';
import { withLock } from '../lab/tools/lock.ts';
import { policySources, type RenderedPolicies, renderedPath } from './policies.ts';
import {
  differences,
  providerAddress,
  type Schemas,
  table,
  tablePath,
  tableVersion,
} from './provider-schema.ts';

const root = join(import.meta.dirname, '..');
const fromRegistry = process.argv.includes('--registry');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-terraform-'));

/** The setting of the examples, of docs/permissions.md and of the lab. */
const setting = {
  region: 'us-east-1',
  cluster_name: 'sample',
  eks_account_id: '111111111111',
  dns_account_id: '222222222222',
  zone_id: 'Z0123456789ABC',
  repositories: [{ owner: 'example-org', name: 'sample-app', owner_id: '9001', id: '424242' }],
};

/** @throws Error what it printed has been shown */
function tofu(folder: string, ...args: string[]): string {
  const { status, stdout, error } = spawnSync(toolPath('opentofu'), args, {
    cwd: folder,
    encoding: 'utf8',
    // Settings of the machine, such as mirrors, are none of ours.
    env: {
      ...process.env,
      TF_CLI_CONFIG_FILE: join(scratch, 'tofurc'),
      TF_IN_AUTOMATION: '1',
      PROVIDER_SCHEMA: tablePath(root),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  process.stdout.write(stdout);
  throw new Error(`tofu ${args.join(' ')} failed in ${relative(scratch, folder)}`);
}

/** Where providers come from: the registry, once for all modules, or a mirror that holds the stand-in alone. */
function installation(): string {
  if (fromRegistry) {
    const cache = join(scratch, 'providers');
    mkdirSync(cache);
    return `plugin_cache_dir = ${JSON.stringify(cache)}\n`;
  }
  const mirror = join(scratch, 'mirror');
  const machine = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;
  const program = join(
    mirror,
    providerAddress,
    tableVersion,
    machine,
    `terraform-provider-aws_v${tableVersion}`,
  );
  mkdirSync(dirname(program), { recursive: true });
  symlinkSync(toolPath('provider-stand-in'), program);
  return `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`;
}

/** Each module with the tests beside it, and the example, which puts all of them together. */
function tryModules(): void {
  const copy = join(scratch, 'terraform');
  cpSync(join(root, 'terraform'), copy, { recursive: true });
  for (const module of ['policies', 'eks-account', 'dns-account', 'certificate', 'web-acl']) {
    console.log(`\n${module}`);
    tofu(join(copy, module), 'init');
    process.stdout.write(tofu(join(copy, module), 'test', '-no-color'));
  }
  console.log('\nexample');
  const example = join(copy, 'example');
  writeFileSync(join(example, 'iam_policy.json'), JSON.stringify({ Version: '2012-10-17', Statement: [] }));
  tofu(example, 'init', '-backend=false');
  process.stdout.write(tofu(example, 'validate', '-no-color'));
  if (!fromRegistry) return;
  const real = JSON.parse(tofu(example, 'providers', 'schema', '-json')) as Schemas;
  const found = differences(table(root), real);
  for (const each of found) console.error(each);
  if (found.length > 0) process.exitCode = 1;
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
      typeof text === 'string' && text.startsWith('{') ? [[name, JSON.parse(text) as unknown] as const] : [],
    ),
  );
}

function render(): RenderedPolicies {
  const folder = join(scratch, 'policies');
  cpSync(join(root, 'terraform/policies'), folder, { recursive: true });
  writeFileSync(join(folder, 'setting.auto.tfvars.json'), JSON.stringify(setting));
  tofu(folder, 'init');
  tofu(folder, 'apply', '-auto-approve');
  const outputs = JSON.parse(tofu(folder, 'output', '-json')) as Outputs;
  return { sources: policySources(root), documents: documentsOf(outputs) };
}

/** Compared as data: the formatter has its own idea of how JSON is laid out. */
function keep(rendered: RenderedPolicies): void {
  const path = join(root, renderedPath);
  const kept = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return undefined;
    }
  };
  if (isDeepStrictEqual(kept(), rendered)) return;
  if (process.argv.includes('--check')) {
    console.error(`${renderedPath} is not what terraform/policies gives: run \`npm run terraform\``);
    process.exitCode = 1;
  } else writeFileSync(path, `${JSON.stringify(rendered, null, 2)}\n`);
}

mkdirSync(join(cacheFolder(), 'bin'), { recursive: true });
await withLock(join(cacheFolder(), 'lock'), console.log, () =>
  buildGoTools('go', console.log, undefined, ['opentofu', 'provider-stand-in']),
);
try {
  writeFileSync(join(scratch, 'tofurc'), installation());
  tofu(root, 'fmt', '-check', '-diff', '-recursive', 'terraform');
  tryModules();
  keep(render());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
