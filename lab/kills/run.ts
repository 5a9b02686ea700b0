// `npm run kills`: a deploy is killed with SIGKILL at random moments, and each time the next run has to finish the job.
// Options: --points 20 (of deploys), --teardowns 5, --seed (printed; repeats the moments), --out .lab/kills.json; --inside is how it calls itself.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runInOwnLab } from '../own-lab.ts';
import { runAction } from '../runner.ts';
import { prepareSample } from '../sample.ts';
import { stamp } from '../stamp.ts';
import { clear } from './cluster.ts';
import { deploy, killAt, type Point, type Result, tearDown } from './point.ts';
import { randomOf } from './random.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '20' },
    teardowns: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    out: { type: 'string', default: join(root, '.lab/kills.json') },
    inside: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const points = Number(values.points);
const teardowns = Number(values.teardowns);

/** After so many points the bundle is installed anew instead of upgraded. */
const anew = 5;

/** The part of the points that hit a run before it has written everything. */
const writing = 0.8;

async function installInfra(): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), 'eks-gateway-kills-infra-'));
  prepareSample(workspace, process.env['LAB_DIR'] ?? '');
  const inputs = { namespace: 'infra', 'create-namespace': 'true', 'values-files': 'infra/environment.yaml' };
  const { code, log } = await runAction({ workspace, inputs });
  rmSync(workspace, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the sample did not come alive:\n${log}`);
}

const line = (point: number, { at_s, phase, mode, killed, again, next, seconds, ok }: Result): string =>
  `${ok ? '✓' : '✗'} ${String(point).padStart(2)}  ${mode} killed, ${killed}, after ${at_s.toFixed(2)} s (${phase}); ${again}: ${next} after ${seconds} s`;

/** Kills at the points, one after the other, and writes down what came of each. */
class Record {
  readonly #results: object[] = [];
  readonly #stamp = stamp();
  failed = 0;

  async kill(point: Point): Promise<void> {
    const result = await killAt(point);
    const number = this.#results.length + 1;
    console.log(line(number, result));
    if (!result.ok) {
      this.failed += 1;
      console.log([...result.differences, result.log].join('\n'));
    }
    const { log: _, ...kept } = result;
    this.#results.push({ seed, point: number, ...kept, ...this.#stamp });
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify(this.#results, null, 2)}\n`);
  }
}

const chosen = (random: () => number): Pick<Point, 'whole' | 'again'> => ({
  again: random() < 0.5 ? 'new attempt' : 'other run',
  whole: random() < 0.5,
});

async function killDeploys(record: Record, workspace: string, random: () => number): Promise<void> {
  // The second one is an upgrade, as most runs are.
  await deploy(workspace, 1);
  const { whole, written } = await deploy(workspace, 2);
  console.log(
    `a run that nobody kills has written everything after ${written.toFixed(1)} s, and ends after ${whole.toFixed(1)} s`,
  );
  for (let point = 1; point <= points; point += 1) {
    if (point % anew === 0) clear();
    // One in each slice of the run, so that no part of it is left out by chance; few of them where it only waits.
    const at = (point - 1 + random()) / points;
    const after =
      at < writing
        ? (at / writing) * written
        : written + ((at - writing) / (1 - writing)) * (whole - written);
    await record.kill({ workspace, mode: 'deploy', version: point + 2, after, ...chosen(random) });
  }
}

async function killTeardowns(record: Record, workspace: string, random: () => number): Promise<void> {
  const version = points + 3;
  await deploy(workspace, version);
  const steps = await tearDown(workspace, version);
  for (let point = 1; point <= teardowns; point += 1) {
    // The longest step waits for records, and those that remove are short: the steps in turn, not the seconds.
    const step = steps[Math.floor(((point - 1 + random()) / teardowns) * steps.length)];
    if (step === undefined) throw new RangeError('a teardown has steps');
    const after = random() * step.seconds;
    const when = { from: step.name, after };
    await record.kill({ workspace, mode: 'teardown', version: version + point, ...when, ...chosen(random) });
  }
}

async function inside(): Promise<number> {
  console.log(`seed ${seed}, ${points} points in deploys, ${teardowns} in teardowns`);
  await installInfra();
  const workspace = mkdtempSync(join(tmpdir(), 'eks-gateway-kills-'));
  const random = randomOf(seed);
  const record = new Record();
  if (points > 0) await killDeploys(record, workspace, random);
  if (teardowns > 0) await killTeardowns(record, workspace, random);
  clear();
  rmSync(workspace, { recursive: true, force: true });
  const all = points + teardowns;
  console.log(`\n${all - record.failed} of ${all} finished by the next run; ${values.out}`);
  return record.failed === 0 ? 0 : 1;
}

const again = (): readonly string[] => [
  ...[
    '--seed',
    String(seed),
    '--points',
    values.points,
    '--teardowns',
    values.teardowns,
    '--out',
    values.out,
  ],
  '--inside',
];

process.exitCode = values.inside ? await inside() : await runInOwnLab([import.meta.filename, ...again()]);
