// `npm test`: everything, what is cheapest to find first. Last line: `N passed, N failed`.
// `npm run test:full`: with every case of the large matrices, of which `npm test` runs one a family.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inLab, spawnInLab, startLab, stopLab } from '../lab/cluster/lab.ts';
import { stamp } from '../lab/stamp.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

interface Count extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

/** A task of the second half: it has a lab to itself while it runs. */
interface Task {
  readonly name: string;
  readonly run: (lab: string) => Promise<Outcome & { readonly output: string }>;
}

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-test-'));
// Hundreds of processes start from the same few files: Node compiles each once.
process.env['NODE_COMPILE_CACHE'] = join(scratch, 'compiled');
const counts: Count[] = [];
/** Tests of the action mostly wait, and each lab has knobs of its own: three keep two cores busy. */
const labs = 3;
const full = process.argv.includes('--full');
const environment: Readonly<Record<string, string>> = full
  ? {
      GATEWAY_API: 'all',
      LBC_SCENARIOS: 'all',
      EXPIRY: 'full',
      CANCEL: 'full',
      PREVIEWS: 'full',
      TEARDOWN: 'full',
    }
  : {};

async function timed<Got extends Outcome>(name: string, body: () => Promise<Got>): Promise<Got> {
  const since = performance.now();
  const got = await body();
  const seconds = (performance.now() - since) / 1000;
  counts.push({ name, passed: got.passed, failed: got.failed, seconds });
  return got;
}

const ended = (child: ChildProcess): Promise<number> =>
  new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });

/** A command that either holds or does not: one test. */
async function command(name: string, tool: string, ...args: string[]): Promise<void> {
  console.log(`\n=== ${name}`);
  await timed(name, async () => {
    const code = await ended(spawn(tool, args, { cwd: root, stdio: 'inherit' }));
    return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  });
}

const jestArguments = (project: string, results: string): string[] => [
  '--experimental-vm-modules',
  '--no-warnings',
  join(root, 'node_modules/jest/bin/jest.js'),
  ...['--rootDir', root, `--selectProjects=${project}`, '--json', '--outputFile', results],
];

async function unitTests(): Promise<void> {
  const { output } = await timed('unit tests', async () => {
    const file = join(scratch, 'unit.json');
    // Labs mostly wait: one worker fills what they leave of two cores.
    const child = spawn(process.execPath, [...jestArguments('unit', file), '--maxWorkers=1'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = await Promise.all([text(child.stderr), ended(child)]);
    return { ...jestCount(file), output: said };
  });
  console.log(`\n=== unit tests\n${output.trimEnd()}`);
}

/** One file of tests, or with `pattern` left out a whole project, inside a lab. */
const labTests = (project: string, pattern?: string): Task => {
  const name = pattern === undefined ? `${project} tests` : `${project}/${pattern}`;
  return {
    name,
    run: async (lab) => {
      const file = join(scratch, `${name.replaceAll(/\W/g, '-')}.json`);
      const only = pattern === undefined ? [] : ['--testPathPatterns', `__tests__/${project}/${pattern}`];
      const args = [...jestArguments(project, file), '--runInBand', ...only];
      const { stderr } = await spawnInLab(lab, process.execPath, args, { folder: root, environment }).ended;
      return { ...jestCount(file), output: stderr };
    },
  };
};

function jestCount(file: string): Outcome {
  try {
    const result: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = result as Record<
      string,
      number
    >;
    // A suite that could not even be loaded has no failed test of its own; a skipped test is a defect here.
    const failed = Math.max(numFailedTests ?? 0, numFailedTestSuites ?? 0) + (numPendingTests ?? 0);
    return { passed: numPassedTests ?? 0, failed: numPassedTests === 0 ? Math.max(1, failed) : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** Python's unittest, with the interpreter that the lab runs on. */
const cloudTests: Task = {
  name: 'cloud tests',
  run: async (lab) => {
    const args = ['-c', 'exec "$LAB_PYTHON" -m unittest discover -s lab/cloud -t .'];
    const { code, stderr } = await inLab(lab, 'sh', args, { folder: root });
    const ran = Number(/Ran (\d+) tests?/.exec(stderr)?.[1] ?? 0);
    const bad = [...stderr.matchAll(/(?:failures|errors|skipped)=(\d+)/g)];
    const named = bad.reduce((sum, match) => sum + Number(match[1]), 0);
    const failed = code === 0 && ran > 0 ? named : Math.max(1, named);
    return { passed: Math.max(0, ran - failed), failed, output: stderr };
  },
};

/** Files without a case that is short. */
const onlyInFull = new Set(['many-previews.test.ts', 'proxy.test.ts', 'restart.test.ts']);

/** The longest first, by measured seconds, so that no lab is left with one of them at the end. */
const slow = [
  ...['dist/sweep', 'dist/expiry', 'dist/helm', 'dist/bundle-belongs', 'dist/drift', 'workflows/act'],
  // Not while labs come up: the controller's contract is a race of milliseconds with the controller.
  ...['lab tests', 'dist/workload', 'dist/permissions', 'workflows/examples', 'dist/bundle', 'dist/mended'],
  ...['dist/faults', 'dist/preview-safety', 'dist/doctor'],
];

function tasks(): Task[] {
  const files = readdirSync(join(root, '__tests__/dist'))
    .filter((name) => name.endsWith('.test.ts') && (full || !onlyInFull.has(name)))
    .map((name) => name.replace(/\.test\.ts$/, ''));
  const all = [
    ...files.map((name) => labTests('dist', `${name}\\.test`)),
    labTests('lab'),
    ...['examples', 'act', '(lint|documents|release)'].map((name) => labTests('workflows', `${name}\\.test`)),
    cloudTests,
  ];
  const rank = ({ name }: Task): number => {
    const place = slow.indexOf(name.replace('\\.test', ''));
    return place < 0 ? slow.length : place;
  };
  return all.toSorted((one, other) => rank(one) - rank(other));
}

async function work(queue: Task[], lab: string): Promise<void> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const { name, run } = task;
    const { output } = await timed(name, () => run(lab));
    console.log(`\n=== ${name}\n${output.trimEnd()}`);
  }
}

/** Results of the full matrices, stamped with what they are results of. */
function writeCounts(): void {
  const file = join(root, '.results', 'test-full.json');
  mkdirSync(dirname(file), { recursive: true });
  const result = { ...stamp(), at: new Date().toISOString(), counts };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

async function inLabs(): Promise<void> {
  const queue = tasks();
  const started: string[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void Promise.all(started.map((lab) => stopLab(lab))).finally(() => process.exit(1));
    });
  }
  try {
    // Each begins its work while the next one comes up.
    const working: Promise<void>[] = [];
    for (let index = 0; index < labs; index += 1) {
      const dir = join(root, index === 0 ? '.lab' : `.lab-${index + 1}`);
      const { path } = await startLab({ dir, log: (line) => console.log(line) });
      started.push(path);
      working.push(work(queue, path));
    }
    await Promise.all(working);
  } finally {
    await Promise.all(started.map((lab) => stopLab(lab)));
  }
}

try {
  await command('types', 'tsc', '--noEmit');
  await command('lint', 'biome', 'check', '--error-on-warnings', '.');
  await command('generated files', process.execPath, 'scripts/generate.ts', '--check');
  await Promise.all([unitTests(), inLabs()]);
  if (full) {
    await command('fleet', process.execPath, '__tests__/fleet/run.ts');
    await command('terraform', process.execPath, 'scripts/terraform.ts', '--check');
    // What the README promises on a first look; in a lab of its own.
    await command('demo', process.execPath, 'lab/demo.ts');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  counts.push({ name: 'test run', passed: 0, failed: 1, seconds: 0 });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (full) writeCounts();
console.log('');
for (const { name, passed, failed, seconds } of counts) {
  console.log(
    `${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)`,
  );
}
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`\n${counts.reduce((sum, count) => sum + count.passed, 0)} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
