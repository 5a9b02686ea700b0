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
/** Tests of the action mostly wait, and each lab has knobs of its own: four keep two cores busy. */
const labs = 4;
const full = process.argv.includes('--full');
const environment: Readonly<Record<string, string>> = full
  ? {
      GATEWAY_API: 'all',
      LBC_SCENARIOS: 'all',
      EXPIRY: 'full',
      CANCEL: 'full',
      HELM: 'full',
      HEALTHY: 'full',
      UNCHANGED: 'full',
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

/** What ended, and everything that it printed. */
async function ended(child: ChildProcess): Promise<{ readonly code: number; readonly output: string }> {
  const code = new Promise<number>((done, failed) => {
    child.on('error', failed);
    child.on('close', (exit) => done(exit ?? 1));
  });
  const streams = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : text(stream)));
  const [exit, ...parts] = await Promise.all([code, ...streams]);
  return { code: exit, output: parts.join('') };
}

/** What needs no lab steps back for the labs: their tests mind being kept waiting. */
const behind = (...command: string[]): ChildProcess =>
  spawn('nice', ['-n', '10', ...command], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** The output in one piece, whatever else is under way. */
const tell = (name: string, output: string): void => console.log(`\n=== ${name}\n${output.trimEnd()}`);

/** A command that either holds or does not: one test. */
async function command(name: string, ...words: string[]): Promise<void> {
  const { output } = await timed(name, async () => {
    const { code, output: said } = await ended(behind(...words));
    return { ...(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }), output: said };
  });
  tell(name, output);
}

const jestArguments = (project: string, results: string): string[] => [
  '--experimental-vm-modules',
  '--no-warnings',
  join(root, 'node_modules/jest/bin/jest.js'),
  ...['--rootDir', root, `--selectProjects=${project}`, '--json', '--outputFile', results],
];

/** Tests of a project that need no lab; all of them without a pattern. */
async function jestBehind(name: string, project: string, pattern?: string): Promise<void> {
  const { output } = await timed(name, async () => {
    const file = join(scratch, `${project}.json`);
    const only = pattern === undefined ? [] : ['--testPathPatterns', pattern];
    const args = [...jestArguments(project, file), '--maxWorkers=1', ...only];
    const { output: said } = await ended(behind(process.execPath, ...args));
    return { ...jestCount(file), output: said };
  });
  tell(name, output);
}

/** Files of tests inside a lab: one after the other, or so many at a time. */
const labTests = (project: string, files: readonly string[], name: string, atOnce = 1): Task => ({
  name,
  run: async (lab) => {
    const file = join(scratch, `${name.replaceAll(/\W/g, '-')}.json`);
    const only = ['--testPathPatterns', `__tests__/${project}/(${files.join('|')})\\.test`];
    const how = atOnce === 1 ? '--runInBand' : `--maxWorkers=${atOnce}`;
    const args = [...jestArguments(project, file), how, ...only];
    const { stderr } = await spawnInLab(lab, process.execPath, args, { folder: root, environment }).ended;
    return { ...jestCount(file), output: stderr };
  },
});

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
const onlyInFull = new Set(['many-previews', 'proxy', 'restart']);
/** Of the built file alone: they need no lab. */
const ofTheFile = ['start', 'bundle-belongs'];
/** They turn no knob, count no calls and change nothing that others use: two at a time share a lab. */
const sideBySide = [
  ...['workload', 'helm', 'release-found', 'release', 'registries', 'hosts', 'stages', 'kills', 'prune'],
  'turns',
];
/** It turns knobs. */
const contract = 'lbc-contract';

/** The longest first, by measured seconds, so that no lab is left with one of them at the end. */
const slow = [
  ...['dist/side by side', 'dist/lookups', 'dist/drift', 'dist/sweep', 'workflows/act', 'workflows/examples'],
  // Not while labs come up: the controller's contract is a race of milliseconds with the controller.
  ...['lab/lbc-contract', 'lab/others', 'dist/permissions', 'dist/faults'],
  // Doctor looks at every Gateway of the cluster: before those that are made to be wrong.
  ...['dist/doctor', 'dist/gateways-alone'],
  ...['dist/expiry', 'dist/mended', 'dist/preview', 'dist/preview-safety', 'dist/record', 'dist/cluster'],
  ...['dist/cancel', 'dist/bundle', 'dist/beforehand', 'dist/plan', 'dist/early-green'],
  'dist/modes',
];

const filesOf = (project: string): readonly string[] =>
  readdirSync(join(root, '__tests__', project))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => name.replace(/\.test\.ts$/, ''));

function tasks(): Task[] {
  const elsewhere = new Set([...ofTheFile, ...sideBySide]);
  const alone = filesOf('dist').filter((name) => !elsewhere.has(name) && (full || !onlyInFull.has(name)));
  const others = filesOf('lab').filter((name) => name !== contract);
  const all = [
    labTests('dist', sideBySide, 'dist/side by side', 2),
    ...alone.map((name) => labTests('dist', [name], `dist/${name}`)),
    labTests('lab', [contract], `lab/${contract}`),
    labTests('lab', others, 'lab/others', 2),
    ...['examples', 'act'].map((name) => labTests('workflows', [name], `workflows/${name}`)),
    labTests('workflows', ['lint', 'documents', 'release'], 'workflows/text'),
    cloudTests,
  ];
  const rank = ({ name }: Task): number => {
    const place = slow.indexOf(name);
    return place < 0 ? slow.length : place;
  };
  return all.toSorted((one, other) => rank(one) - rank(other));
}

async function work(queue: Task[], lab: string): Promise<void> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const { name, run } = task;
    const { output } = await timed(name, () => run(lab));
    tell(name, output);
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

/** What is cheapest to find first. */
async function withoutLab(): Promise<void> {
  await command('types', 'tsc', '--noEmit');
  await command('lint', 'biome', 'check', '--error-on-warnings', '.');
  await command('generated files', process.execPath, 'scripts/generate.ts', '--check');
  await jestBehind('unit tests', 'unit');
  await jestBehind('the built file', 'dist', `__tests__/dist/(${ofTheFile.join('|')})\\.test`);
}

try {
  await Promise.all([withoutLab(), inLabs()]);
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
