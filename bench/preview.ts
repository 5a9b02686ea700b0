// `npm run bench:preview`: "push → live" of a preview whose Gateway is up, split by phase, in a lab of its own.
// Options: --rounds 5, --out FILE. What waits for the new pods is the controllers' share; all else is the action's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inLab, startLab, stopLab } from '../lab/cluster/lab.ts';
import type { Push } from './preview-run.ts';
import { listed, rounded, sample, shown, table } from './statistics.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, out: { type: 'string' } },
});

/** Phases in which others work: Deployment, scheduler, kubelet. */
const ofControllers = new Set(['Wait for the new version']);
/** Seconds that the action's own share may take. */
const budget = 5;

async function pushes(folder: string): Promise<readonly Push[]> {
  const dir = join(folder, 'lab');
  try {
    const { path } = await startLab({ dir, log: console.error });
    const args = [join(import.meta.dirname, 'preview-run.ts'), values.rounds, join(folder, 'workspace')];
    const environment = { LAB_DIST: process.env['LAB_DIST'] };
    const { code, stdout, stderr } = await inLab(path, process.execPath, args, { folder: root, environment });
    if (code !== 0) throw new Error(`the run in the lab ended with ${code}: ${stderr.slice(-4000)}`);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly Push[];
  } finally {
    await stopLab(dir);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-bench-'));
try {
  const all = await pushes(folder);
  const names = [...new Set(all.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const of = (name: string) =>
    sample(all.map(({ phases }) => phases.find((each) => each.name === name)?.seconds ?? 0));
  const own = sample(
    all.map(({ seconds, phases }) =>
      phases
        .filter(({ name }) => ofControllers.has(name))
        .reduce((rest, phase) => rest - phase.seconds, seconds),
    ),
  );
  const whole = sample(all.map(({ seconds }) => seconds));
  const rows = names.map((name) => [
    `${name}${ofControllers.has(name) ? ' (controllers)' : ''}`,
    shown(of(name)),
  ]);
  const sums = [
    ['the whole process', shown(whole)],
    ["the action's own share", shown(own)],
  ];
  console.log(table([['push → live', 'seconds: median (least–most)'], ...rows, ...sums]));
  const result = {
    case: 'push to a preview whose Gateway is up',
    seconds: rounded(whole.median),
    own_s: rounded(own.median),
    budget_s: budget,
    spread: { own_s: listed(own) },
    phases: Object.fromEntries(names.map((name) => [name, rounded(of(name).median)])),
  };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
  if (own.median > budget) {
    console.error(`The action's own share is over ${budget} s.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
