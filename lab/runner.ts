// A GitHub runner as far as an action can see it: the files, the variables, main and then post. Runs inside the lab's namespaces.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { layout } from './cluster/layout.ts';

export interface ActionRun {
  /** The workspace: what actions/checkout would have left. */
  readonly workspace: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** Folder of the action.yml to run, relative to the repository. */
  readonly action?: string;
  /** Replaces or (undefined) removes variables of the runner. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly event?: { readonly name: string; readonly payload: unknown };
  readonly onStart?: (child: ChildProcess) => void;
  /** Gets the log as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface ActionResult {
  readonly code: number;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** `report.json`, where the run left one. */
  readonly report: string | undefined;
  /** What was still in the runner's temp folder after post, by path relative to it; report.json is meant to be. */
  readonly left: readonly string[];
  readonly seconds: number;
}

const root = join(import.meta.dirname, '..');

/** The bundle to run instead of the committed one: `LAB_DIST=folder`. */
const bundle = (path: string): string =>
  process.env['LAB_DIST'] === undefined ? path : join(process.env['LAB_DIST'], basename(path));

interface ActionYaml {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly main: string; readonly post?: string };
}

/** What the lab offers, for inputs that the caller leaves out. */
function labInputs(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { accounts, cluster, region, roles } = layout;
  return {
    'cluster-name': env['LAB_CLUSTER'] ?? cluster.name,
    'aws-region': region,
    'role-to-assume': `arn:aws:iam::${accounts.eks}:role/${roles.deploy}`,
    'dns-role-to-assume': `arn:aws:iam::${accounts.dns}:role/${roles.dnsReader}`,
  };
}

/** `name=value` lines and `name<<DELIMITER` blocks, as the toolkit writes them. */
export function parseCommandFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const block = /^([^=]+?)<<(.+)$/.exec(lines[index] ?? '');
    if (block?.[1] !== undefined) {
      const end = lines.indexOf(block[2] ?? '', index + 1);
      values[block[1]] = lines.slice(index + 1, end).join('\n');
      index = end;
    } else {
      const pair = /^([^=]+)=(.*)$/.exec(lines[index] ?? '');
      if (pair?.[1] !== undefined) values[pair[1]] = pair[2] ?? '';
    }
  }
  return values;
}

function runnerVariables(run: ActionRun, folder: string): Record<string, string> {
  const { owner, name, ownerId, id } = layout.repository;
  const files = { event: join(folder, 'event.json'), temp: join(folder, 'temp') };
  writeFileSync(files.event, JSON.stringify(run.event?.payload ?? { ref: 'refs/heads/main' }));
  mkdirSync(files.temp, { recursive: true });
  const commandFile = (kind: string): string => {
    const path = join(folder, kind);
    writeFileSync(path, '');
    return path;
  };
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: resolve(run.workspace),
    GITHUB_EVENT_NAME: run.event?.name ?? 'push',
    GITHUB_EVENT_PATH: files.event,
    GITHUB_REPOSITORY: `${owner}/${name}`,
    GITHUB_REPOSITORY_ID: id,
    GITHUB_REPOSITORY_OWNER_ID: ownerId,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: `http://${layout.addresses.github}/api`,
    GITHUB_RUN_ID: '1',
    GITHUB_OUTPUT: commandFile('output'),
    GITHUB_STATE: commandFile('state'),
    GITHUB_STEP_SUMMARY: commandFile('summary'),
    RUNNER_TEMP: files.temp,
    RUNNER_OS: 'Linux',
    HOME: folder,
  };
}

/** From the lab's own environment only what a job on a runner has too. */
const fromLab = [
  'PATH',
  'ACTIONS_ID_TOKEN_REQUEST_URL',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'AWS_ENDPOINT_URL',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  // Set by `npm test` alone: what Node keeps of a file that it has compiled.
  'NODE_COMPILE_CACHE',
];

function environmentOf(run: ActionRun, spec: ActionYaml, folder: string): Record<string, string> {
  const inherited = fromLab.map((name) => [name, process.env[name]] as const);
  const inputs = Object.entries(spec.inputs).map(([name, { default: fallback }]) => {
    const value = run.inputs[name] ?? labInputs()[name] ?? fallback ?? '';
    return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value] as const;
  });
  const extra = Object.entries(run.inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  );
  const all = [...inherited, ...Object.entries(runnerVariables(run, folder)), ...inputs, ...extra];
  const merged = { ...Object.fromEntries(all), ...run.env };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function step(
  script: string,
  env: Record<string, string>,
  run: ActionRun,
): Promise<{ code: number; log: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [script], {
      env,
      cwd: run.workspace,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parts: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        parts.push(text);
        run.onOutput?.(text);
      });
    }
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code: code ?? (signal ? 128 : 1), log: parts.join('') }));
    run.onStart?.(child);
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Runs the built action as a runner would: main, then post with main's saved state. */
export async function runAction(run: ActionRun): Promise<ActionResult> {
  const actionFolder = resolve(root, run.action ?? '.');
  const spec = parse(readFileSync(join(actionFolder, 'action.yml'), 'utf8')) as ActionYaml;
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-runner-'));
  try {
    const env = environmentOf(run, spec, folder);
    const since = performance.now();
    const main = await step(bundle(resolve(actionFolder, spec.runs.main)), env, run);
    const seconds = (performance.now() - since) / 1000;
    const state = parseCommandFile(readIfThere(join(folder, 'state')) ?? '');
    const saved = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
    const post = spec.runs.post
      ? await step(
          bundle(resolve(actionFolder, spec.runs.post)),
          { ...env, ...saved },
          { ...run, onStart: () => undefined },
        )
      : { code: 0, log: '' };
    const outputs = parseCommandFile(readIfThere(join(folder, 'output')) ?? '');
    return {
      code: main.code === 0 ? post.code : main.code,
      log: main.log + post.log,
      summary: readIfThere(join(folder, 'summary')) ?? '',
      outputs,
      report: readIfThere(outputs['report'] ?? ''),
      left: await filesBelow(join(folder, 'temp')),
      seconds,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
