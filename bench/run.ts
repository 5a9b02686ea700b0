// `npm run bench`: the apply engine beside `kubectl apply --server-side`, in one run, in a lab of its own.
// Options: --rounds 5, --counts 20,200,1000, --delays 0,50, --whole 5 (rounds of the example's whole deploy; 0: none),
// --out bench/results.json; --inside is how it calls itself.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnInLab, startLab, stopLab } from '../lab/cluster/lab.ts';
import { stamp } from '../lab/stamp.ts';
import { measure } from './measure.ts';
import { measureWhole } from './whole.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    counts: { type: 'string', default: '20,200,1000' },
    delays: { type: 'string', default: '0,50' },
    out: { type: 'string', default: join(root, 'bench/results.json') },
    whole: { type: 'string', default: '5' },
    inside: { type: 'string' },
  },
});
const numbers = (text: string): readonly number[] => text.split(',').map(Number);

/** One file, as the action itself is one: a process that loads a hundred files would be measured for that. */
function bundleEngine(folder: string): string {
  const tool = (name: string): string => join(root, 'node_modules/.bin', name);
  // Inside the repository, where node_modules is found.
  const emitted = join(root, 'build/bench');
  rmSync(emitted, { recursive: true, force: true });
  execFileSync(tool('tsc'), ['-p', join(root, 'bench/tsconfig.json'), '--outDir', emitted], {
    stdio: 'inherit',
  });
  const engine = join(folder, 'engine');
  execFileSync(
    tool('ncc'),
    ['build', join(emitted, 'bench/engine.js'), '-C', '-m', '-q', '--target', 'es2024', '-o', engine],
    { cwd: root, stdio: 'inherit' },
  );
  return join(engine, 'index.js');
}

/** The engine's cases, measured inside a lab without AWS. */
async function engineCases(folder: string, signal: AbortSignal): Promise<readonly object[]> {
  console.error('bundling the engine …');
  const engine = bundleEngine(folder);
  const dir = join(folder, 'lab');
  try {
    // Without AWS there is less that runs beside it.
    process.env['LAB_CLOUD'] = 'off';
    const lab = await startLab({ dir, log: console.error, signal });
    delete process.env['LAB_CLOUD'];
    const args = [import.meta.filename, ...process.argv.slice(2), '--inside', engine];
    const running = spawnInLab(lab.path, process.execPath, args, { folder: root });
    running.child.stdout?.pipe(process.stdout);
    running.child.stderr?.pipe(process.stderr);
    signal.addEventListener('abort', () => void running.kill('SIGTERM'));
    const { code } = await running.ended;
    if (code !== 0) throw new Error(`the bench inside the lab ended with ${code}`);
    return JSON.parse(readFileSync(casesBeside(engine), 'utf8')) as object[];
  } finally {
    await stopLab(dir);
  }
}

const casesBeside = (engine: string): string => join(dirname(engine), 'cases.json');

async function outside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-bench-'));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    const stamped = stamp();
    const engine = values.counts === '' ? [] : await engineCases(folder, stop.signal);
    const rounds = Number(values.whole);
    const whole = rounds === 0 ? [] : await measureWhole(folder, rounds, stop.signal);
    const cases = [...engine, ...whole].map((each) => ({ ...each, ...stamped }));
    writeFileSync(values.out, `${JSON.stringify(cases, null, 2)}\n`);
    console.log(`\n${values.out}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.inside === undefined) await outside();
else {
  const cases = await measure({
    engine: values.inside,
    rounds: Number(values.rounds),
    counts: numbers(values.counts),
    delays: numbers(values.delays),
  });
  writeFileSync(casesBeside(values.inside), JSON.stringify(cases));
}
