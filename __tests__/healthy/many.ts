// `npm run healthy [-- --runs 5000 --from 1]`: healthy deploys on simulated time; false alarms, early greens, and how soon it
// is said. `npm run healthy -- --lab 20`: so many through the built action in a lab.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnInLab, startLab, stopLab } from '../../lab/cluster/lab.ts';
import { median, runHealthy } from './run.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    from: { type: 'string', default: '1' },
    lab: { type: 'string' },
  },
});
const root = join(import.meta.dirname, '../..');

async function inLab(count: string): Promise<void> {
  const lab = await startLab({ dir: join(root, '.lab-healthy') });
  try {
    const script = join(import.meta.dirname, 'in-lab.ts');
    const environment = { LAB_DIST: process.env['LAB_DIST'] ?? join(root, 'dist') };
    const running = spawnInLab(lab.path, process.execPath, [script, count], { folder: root, environment });
    running.child.stdout?.on('data', (text: Buffer) => process.stdout.write(text));
    const { code, stderr } = await running.ended;
    if (code !== 0) console.error(stderr);
    process.exitCode = code;
  } finally {
    await stopLab(lab.path);
  }
}

async function simulated(): Promise<void> {
  const first = Number(values.from);
  const runs = [];
  for (let seed = first; seed < first + Number(values.runs); seed += 1) runs.push(await runHealthy(seed));
  const alarms = runs.filter(({ live, broken }) => !live || broken.length > 0);
  const early = runs.filter(({ saidAt, trueAt }) => saidAt < trueAt);
  for (const { seed, broken, live } of alarms.slice(0, 20))
    console.log(`✗ seed ${seed}: ${live ? '' : 'not live; '}${broken.join(', ')}`);
  for (const { seed, saidAt, trueAt } of early.slice(0, 20))
    console.log(`✗ seed ${seed}: said live at ${saidAt} ms, true at ${trueAt} ms`);
  const delays = runs.map(({ saidAt, trueAt }) => saidAt - trueAt).toSorted((one, other) => one - other);
  const at = (share: number): string =>
    `${((delays[Math.floor(share * (delays.length - 1))] ?? 0) / 1_000).toFixed(2)} s`;
  console.log(
    `${runs.length} healthy deploys: ${alarms.length} false alarms, ${early.length} called live early; said after ${(median(delays) / 1_000).toFixed(2)} s (median), ${at(0.95)} (95 %), ${at(1)} (longest)`,
  );
  process.exitCode = alarms.length + early.length === 0 ? 0 : 1;
}

await (values.lab === undefined ? simulated() : inLab(values.lab));
