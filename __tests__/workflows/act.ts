// Runs workflows as GitHub would, by act on this machine; inside the lab, whose AWS and cluster the jobs then reach.
import { execFileSync, spawn } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import { layout } from '../../lab/cluster/layout.ts';
import { toolPath } from '../../lab/tools/locations.ts';

export const root = join(import.meta.dirname, '../..');
/** How users refer to the action; act looks for it in a folder of ours. */
const published = 'org/eks-gateway-action';
const version = 'v1';

/** What act has to say about a workflow, gathered from its JSON lines. */
export interface WorkflowRun {
  readonly code: number;
  /** `success` or `failure` by job id. */
  readonly jobs: Readonly<Record<string, string>>;
  /** What the steps handed to the runner, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What the steps printed; commands to the runner are not among it. */
  readonly log: string;
  /** Results of the stages (Main, Post) of each step. */
  readonly steps: readonly string[];
}

interface Line {
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
  readonly jobID?: string;
  readonly jobResult?: string;
  readonly stepResult?: string;
  readonly stage?: string;
  readonly step?: string;
  readonly raw_output?: boolean;
  readonly msg?: string;
}

/**
 * The action as its users get it: its action.yml files, the bundle and the reusable workflows. act 0.2.87 does not know
 * `uses: $/folder` (GitHub's own repository and commit of the file that says it), so the copy names repository and version.
 */
function publishedCopy(folder: string): void {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const name of ['.', ...folders.map((entry) => entry.name)]) {
    const manifest = join(name, 'action.yml');
    try {
      const text = readFileSync(join(root, manifest));
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, manifest), text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  cpSync(process.env['LAB_DIST'] ?? join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  const workflows = join(folder, '.github/workflows');
  mkdirSync(workflows, { recursive: true });
  const read = (name: string): string => readFileSync(join(root, '.github/workflows', name), 'utf8');
  for (const name of readdirSync(join(root, '.github/workflows'))) {
    const text = name === 'fleet.yml' ? withoutCalls(read(name), read('fleet-wave.yml')) : read(name);
    writeFileSync(
      join(workflows, name),
      text
        .replaceAll(/uses: \$\/(\S+)/g, `uses: ${published}/$1@${version}`)
        // With a ref act would fetch the repository from GitHub; without one it takes the workspace.
        .replace(/^ +ref: .*\n/m, ''),
    );
  }
}

interface Job {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
}

/**
 * The waves of a fleet as jobs of fleet.yml itself. act 0.2.87 ends with the first called workflow that fails, whatever comes
 * `if: !cancelled()`; of jobs it runs those that are left, as GitHub does.
 */
function withoutCalls(fleet: string, wave: string): string {
  const workflow = parse(fleet) as { readonly jobs: Readonly<Record<string, Job>> };
  const [job] = Object.values((parse(wave) as { readonly jobs: Readonly<Record<string, object>> }).jobs);
  const body = JSON.stringify(job);
  const jobs = Object.entries(workflow.jobs).map(([name, { uses, with: given = {}, ...rest }]) => {
    if (uses?.endsWith('/fleet-wave.yml') !== true) return [name, workflow.jobs[name]];
    const own = Object.entries(given).reduce((text, [input, value]) => {
      const expression = JSON.stringify(value.replace(/^\$\{\{ (.*) \}\}$/, '($1)')).slice(1, -1);
      return text.replaceAll(new RegExp(`\\binputs\\.${input}\\b`, 'g'), () => expression);
    }, body);
    return [name, { ...(JSON.parse(own) as object), ...rest }];
  });
  return stringify({ ...workflow, jobs: Object.fromEntries(jobs) }, { lineWidth: 0 });
}

/** As a checkout leaves it: a repository with one commit and its origin on GitHub. */
function commitAll(workspace: string): void {
  const git = (...args: string[]): void => {
    execFileSync('git', args, {
      cwd: workspace,
      env: plainEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  };
  const { owner, name } = layout.repository;
  // A workspace may see several workflows.
  if (existsSync(join(workspace, '.git'))) return;
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', `https://github.com/${owner}/${name}.git`);
  git('add', '--all');
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  git(...who, 'commit', '--quiet', '--message', 'Sample');
}

/** Of the lab's variables only what a job on a runner has too, and what Go needs to find its modules. */
function plainEnvironment(): Record<string, string> {
  const wanted =
    /^(HOME|TMPDIR|LANG|GO[A-Z]+|ACTIONS_ID_TOKEN_REQUEST_(URL|TOKEN)|AWS_ENDPOINT_URL|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE|SSL_CERT_FILE)$/;
  const given = Object.entries(process.env).filter((entry): entry is [string, string] =>
    wanted.test(entry[0]),
  );
  // act starts actions with the first `node` on PATH.
  return { ...Object.fromEntries(given), PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
}

/** What starts a workflow; GitHub's REST API is then the lab's, for a job's token of the lab. */
export interface WorkflowEvent {
  readonly name: string;
  readonly payload: unknown;
}

/** What a runner of a test's own has besides. */
export interface Runner {
  /** Put over the environment of the jobs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders that stand for repositories: `actions/upload-artifact@0123…`. */
  readonly repositories?: Readonly<Record<string, string>>;
  /** The only label that it answers to; a job for any other finds no runner, and is passed over. */
  readonly label?: string;
}

/** Commits the workspace and runs one of its workflows, for a push to main unless told otherwise. */
export async function runWorkflow(
  workspace: string,
  workflow: string,
  event: WorkflowEvent = { name: 'push', payload: {} },
  { environment = {}, repositories = {}, label = 'ubuntu-24.04' }: Runner = {},
): Promise<WorkflowRun> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-act-'));
  try {
    const action = join(folder, 'action');
    mkdirSync(action);
    publishedCopy(action);
    commitAll(workspace);
    const payload = join(folder, 'event.json');
    writeFileSync(payload, JSON.stringify(event.payload));
    const args = [
      event.name,
      ...['--eventpath', payload, '--env', `GITHUB_API_URL=http://${layout.addresses.github}/api`],
      ...['--secret', 'GITHUB_TOKEN=lab-github-token-0003'],
      ...['--workflows', workflow, '--platform', `${label}=-self-hosted`],
      ...Object.entries({ ...repositories, [`${published}@${version}`]: action }).flatMap(([name, path]) => [
        '--local-repository',
        `${name}=${path}`,
      ]),
      ...['--action-cache-path', join(folder, 'cache'), '--no-cache-server', '--json'],
    ];
    // Its own settings, and a question that it asks on a first start, lie under XDG_*.
    const own = { XDG_CACHE_HOME: join(folder, 'xdg'), XDG_CONFIG_HOME: join(folder, 'xdg') };
    return await act(args, workspace, { ...plainEnvironment(), ...own, ...environment });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function act(args: string[], cwd: string, env: Record<string, string>): Promise<WorkflowRun> {
  const child = spawn(toolPath('act'), args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  });
  const ended = new Promise<number>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });
  const lines: Line[] = [];
  const other: string[] = [];
  const read = (stream: NodeJS.ReadableStream): void => {
    createInterface({ input: stream }).on('line', (text) => {
      try {
        lines.push(JSON.parse(text) as Line);
      } catch {
        other.push(text);
      }
    });
  };
  read(child.stdout);
  read(child.stderr);
  const code = await ended;
  const commands = (name: string): Line[] => lines.filter(({ command }) => command === name);
  return {
    code,
    jobs: Object.fromEntries(
      lines.flatMap(({ jobID, jobResult }) => (jobID && jobResult ? [[jobID, jobResult]] : [])),
    ),
    outputs: Object.fromEntries(commands('set-output').map(({ name = '', arg = '' }) => [name, arg])),
    summary: commands('summary')
      .map(({ content = '' }) => content)
      .join(''),
    log: [...lines.filter((line) => line.raw_output).map(({ msg = '' }) => msg), ...other].join(''),
    steps: lines.flatMap(({ stage, step, stepResult }) =>
      stage && stepResult ? [`${stage} ${step}: ${stepResult}`] : [],
    ),
  };
}
