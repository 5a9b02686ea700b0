// Workflows as text: what actionlint and zizmor say, what is pinned, what each job may do.
import { spawnSync } from 'node:child_process';
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
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { toolPath } from '../../lab/tools/locations.ts';
import { commandProblem } from '../command-lines.ts';
import { commandsOf } from '../documented-blocks.ts';
import { documentedWorkflows } from '../documented-workflows.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-workflows-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
const workflowsIn = (folder: string): string[] => {
  const workflows = join(folder, '.github/workflows');
  return existsSync(join(root, workflows))
    ? readdirSync(join(root, workflows)).map((name) => join(workflows, name))
    : [];
};
const ours = workflowsIn('.');
const examples = foldersIn('examples').flatMap(workflowsIn);
const actions = ['.', ...foldersIn('.')]
  .map((folder) => join(folder, 'action.yml'))
  .filter((path) => existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/**
 * A repository of this one's actions with these workflows in it, so that actionlint checks inputs of `./folder` too.
 * actionlint 1.7.12 does not know `uses: $/folder`; that alone becomes `./folder`.
 */
function repositoryOf(name: string, workflows: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  for (const path of ['.git', '.github/workflows']) mkdirSync(join(folder, path), { recursive: true });
  for (const path of actions) cpSync(join(root, path), join(folder, path));
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'dist/index.js'), '');
  for (const [file, text] of Object.entries(workflows)) {
    const local = text.replaceAll(/(\buses: )\$\/(?=[\w./-]+$)/gm, '$1./');
    writeFileSync(join(folder, '.github/workflows', file), local);
  }
  return folder;
}

/** shellcheck and pyflakes would be asked where they happen to be installed. */
const actionlint = (folder: string): string => {
  const { stdout, stderr, status } = spawnSync(
    toolPath('actionlint'),
    ['-no-color', '-oneline', '-shellcheck=', '-pyflakes='],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  return status === 0 ? '' : `${stdout}${stderr}`;
};

describe('actionlint', () => {
  test.each([
    ['ours', ours],
    ['of the examples', examples],
  ])('the workflows %s', (name, files) => {
    expect(files).not.toEqual([]);
    // Ours call each other by name; the names of others show where they come from.
    const nameOf = (path: string): string =>
      name === 'ours' ? basename(path) : path.split('/').slice(1).join('--');
    const texts = files.map((path) => [nameOf(path), read(path)]);
    expect(actionlint(repositoryOf(name, Object.fromEntries(texts)))).toBe('');
  });

  test('the workflows of the documents; the action is this one, so that its inputs are checked', () => {
    const texts = documentedWorkflows().map(({ name, yaml }) => [
      `${name.replaceAll(/\W+/g, '-')}.yml`,
      yaml.replaceAll(
        /uses: org\/eks-gateway-action(\/[a-z]+)?@\S+/g,
        (_uses, folder = '') => `uses: .${folder || '/'}`,
      ),
    ]);
    expect(actionlint(repositoryOf('documents', Object.fromEntries(texts)))).toBe('');
  });

  test('sees an input that the action does not have', () => {
    const wrong = read('.github/workflows/deploy.yml').replace('cluster-name: ${{', 'cluster: ${{');
    expect(actionlint(repositoryOf('wrong', { 'deploy.yml': wrong }))).toContain(
      'input "cluster" is not defined',
    );
  });
});

describe('zizmor', () => {
  const zizmor = (...paths: string[]): string => {
    const tool = join(dirname(process.env['LAB_PYTHON'] ?? ''), 'zizmor');
    const config = join(root, '.github/zizmor.yml');
    const args = [
      '--offline',
      '--no-progress',
      '--persona=pedantic',
      '--strict-collection',
      '--config',
      config,
      ...paths,
    ];
    const { stdout, stderr, status } = spawnSync(tool, args, { cwd: root, encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}${stderr}`;
  };

  test('finds nothing in workflows and actions', () => {
    expect(zizmor(...ours, ...examples, ...actions)).toBe('');
  });

  test('finds an action that is called by a tag', () => {
    const path = join(scratch, 'tag.yml');
    writeFileSync(path, read('.github/workflows/ci.yml').replaceAll(/checkout@\S+/g, 'checkout@v7'));
    expect(zizmor(path)).toContain('unpinned-uses');
  });
});

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}
const jobsOf = (path: string): Readonly<Record<string, Job>> =>
  (parse(read(path)) as { jobs: Record<string, Job> }).jobs;

const wave = { contents: 'read', 'id-token': 'write' };

/** Jobs of a fleet, and those that keep the repository itself and may more than read it. */
const ofOthers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...Object.fromEntries([1, 2, 3, 4, 5].map((each) => [`.github/workflows/fleet.yml wave-${each}`, wave])),
  '.github/workflows/fleet.yml fold': {},
  '.github/workflows/release.yml publish': {
    contents: 'write',
    'id-token': 'write',
    attestations: 'write',
  },
  '.github/workflows/commit-dist.yml commit': { actions: 'write', contents: 'write' },
  '.github/workflows/codeql.yml analyze': { contents: 'read', 'security-events': 'write' },
  '.github/workflows/scorecard.yml analyze': {
    contents: 'read',
    'security-events': 'write',
    'id-token': 'write',
  },
};

test('a job that may write runs nothing of a checkout', () => {
  const writes = ['.github/workflows/release.yml', '.github/workflows/commit-dist.yml'].flatMap((path) =>
    Object.values(jobsOf(path)).filter(({ permissions }) => permissions?.['contents'] === 'write'),
  );
  expect(writes).toHaveLength(2);
  for (const { steps = [] } of writes) {
    expect(steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))).toEqual([]);
  }
});

describe.each([...ours, ...examples])('%s', (path) => {
  test('pins what comes from elsewhere by its commit, and says which version that is', () => {
    const uses = read(path)
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses).not.toEqual([]);
    const local = /uses: (\$\/[\w./-]+|\.\/\S+|org\/eks-gateway-action(\/[\w./-]+)?@v1)$/;
    const pinned = /uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
    expect(uses.filter((line) => !local.test(line) && !pinned.test(line))).toEqual([]);
  });

  test('grants nothing at the top, and to a job what it needs', () => {
    expect((parse(read(path)) as Job).permissions).toEqual({});
    for (const [name, job] of Object.entries(jobsOf(path))) {
      const upkeep = ofOthers[`${path} ${name}`];
      if (upkeep !== undefined) {
        expect(job.permissions).toEqual(upkeep);
        continue;
      }
      // Linting needs no AWS.
      const signsIn = /^(\$\/|org\/eks-gateway-action(\/|@))(?!lint)/;
      const uses = [job.uses ?? '', ...(job.steps ?? []).map((step) => step.uses ?? '')];
      const does = (what: RegExp): boolean => uses.some((each) => what.test(each));
      const previews = does(/\/preview(\.yml)?(@v1)?$/);
      const sweeps = does(/\/sweep@v1$/);
      expect(job.permissions).toEqual({
        // A sweep reads no file of the repository.
        ...(!sweeps && { contents: 'read' }),
        ...(does(signsIn) && { 'id-token': 'write' }),
        ...((previews || sweeps || does(/\/plan(@v1)?$/)) && { 'pull-requests': 'write' }),
        ...((previews || sweeps) && { deployments: 'write' }),
        ...(previews && { statuses: 'write' }),
        ...(does(/\/drift(\.yml)?(@v1)?$/) && { issues: 'write' }),
      });
    }
  });

  test('runs scripts that bash can read, and that npm has, on the right Node', () => {
    const scripts = Object.values(jobsOf(path)).flatMap(({ steps = [] }) =>
      steps.flatMap(({ run = [] }) => run),
    );
    for (const script of scripts) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
      expect({ script, status, stderr }).toEqual({ script, status: 0, stderr: '' });
    }
    const lines = scripts.flatMap(commandsOf).filter(([program = '']) => /^(npm|npx|node)$/.test(program));
    // A runner's own Node is older than what the scripts are written for.
    expect(lines.filter(([program]) => program === 'node')).toEqual([]);
    const commands = lines.map((words) => ({ where: path, line: words.join(' '), words }));
    expect(commands.map(commandProblem).filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('leaves no token in the checkout', () => {
    const steps = Object.values(jobsOf(path)).flatMap((job) => job.steps ?? []);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false));
  });
});
