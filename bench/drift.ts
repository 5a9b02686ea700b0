// `npm run bench:drift`: a readonly drift check beside `kubectl diff --server-side`, on routes that have not drifted and on some
// that have. Its cases go into bench/results.json, in place of those that were there.
// Options: --rounds 3, --counts 200,1000, --delays 0,50, --out bench/results.json; --inside is how it calls itself.
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnInLab, startLab, stopLab } from '../lab/cluster/lab.ts';
import { stamp } from '../lab/stamp.ts';
import type { EngineRun } from './engine.ts';
import { type Access, type Case, openWire, prepare, timed, type Wire } from './measure.ts';
import { routes } from './routes.ts';
import { type Sample, sample } from './statistics.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    counts: { type: 'string', default: '200,1000' },
    delays: { type: 'string', default: '0,50' },
    out: { type: 'string', default: join(root, 'bench/results.json') },
    inside: { type: 'string' },
  },
});
const numbers = (text: string): readonly number[] => text.split(',').map(Number);
const peer = 'kubectl diff --server-side';

const kubectl = (args: readonly string[], input?: string): void => {
  execFileSync('kubectl', args, {
    stdio: ['pipe', 'ignore', 'inherit'],
    ...(input !== undefined && { input }),
  });
};

/** Every tenth route has another path than the file. */
const drifted = (text: string): string =>
  text
    .split('---\n')
    .map((each, index) => (index % 10 === 0 ? each.replace('value: /v0', 'value: /edited') : each))
    .join('---\n');

/** 0 where nothing differs, 1 where something does; anything else is an error. */
function diff(wire: Wire, file: string): number {
  const since = performance.now();
  const env = { ...process.env, KUBECONFIG: wire.kubeconfig };
  const { status, stderr } = spawnSync('kubectl', ['diff', '--server-side', '-f', file], {
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0 && status !== 1) throw new Error(`${peer} ended with ${status}: ${stderr.slice(0, 2000)}`);
  return (performance.now() - since) / 1000;
}

function ours(
  engine: string,
  access: Access,
  wire: Wire,
  file: string,
  namespace: string,
): EngineRun & { readonly process: number } {
  const { seconds, stdout } = timed(
    process.execPath,
    [engine, file, wire.endpoint, access.caFile, access.tokenFile, namespace],
    process.env,
  );
  return { ...(JSON.parse(stdout) as EngineRun), process: seconds };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const listed = ({ least, median, most }: Sample): readonly number[] => [least, median, most].map(rounded);

interface Round {
  readonly name: string;
  readonly count: number;
  readonly wanted: number;
  readonly file: string;
  readonly namespace: string;
}

function measured(engine: string, access: Access, wire: Wire, round: Round, rounds: number): Case {
  const runs = Array.from({ length: rounds }, () => {
    const run = ours(engine, access, wire, round.file, round.namespace);
    if (run.results['drifted'] !== round.wanted)
      throw new Error(`${round.name}: ${run.results['drifted']} drifted, not ${round.wanted}`);
    return run;
  });
  // A thousand objects take the peer minutes at a distance: once is enough to know that.
  const peers = Array.from({ length: round.count > 500 ? 1 : rounds }, () => diff(wire, round.file));
  const engineTime = sample(runs.map(({ seconds }) => seconds));
  const process = sample(runs.map((run) => run.process));
  const theirs = sample(peers);
  console.error(
    `${round.name}: engine ${rounded(engineTime.median)} s, whole process ${rounded(process.median)} s, ${peer} ${rounded(theirs.median)} s (${(theirs.median / process.median).toFixed(1)}×), ${runs[0]?.requests ?? 0} requests`,
  );
  return {
    case: round.name,
    ours_s: rounded(engineTime.median),
    ours_process_s: rounded(process.median),
    peer,
    peer_s: rounded(theirs.median),
    // Of whole processes: that is what waits at night.
    ratio: Math.round((theirs.median / process.median) * 10) / 10,
    spread: { ours_s: listed(engineTime), ours_process_s: listed(process), peer_s: listed(theirs) },
    requests: Math.max(...runs.map(({ requests }) => requests)),
    requests_per_object: 0,
    ratios: listed(sample(peers.map((seconds, index) => seconds / (runs[index]?.process ?? Number.NaN)))),
    megabytes: Math.round(Math.max(...runs.map(({ megabytes }) => megabytes))),
  };
}

async function inside(engine: string): Promise<readonly Case[]> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-bench-drift-inside-'));
  const proxies: ChildProcess[] = [];
  try {
    const access = prepare(folder);
    const cases: Case[] = [];
    for (const count of numbers(values.counts)) {
      const namespace = `drift-${count}`;
      const text = routes(count, namespace, 0);
      const file = join(folder, `${namespace}.yaml`);
      writeFileSync(file, text);
      kubectl(['create', 'namespace', namespace]);
      const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
      for (const [state, live, wanted] of [
        ['clean', text, 0],
        ['a tenth drifted', drifted(text), Math.ceil(count / 10)],
      ] as const) {
        kubectl(apply, live);
        for (const delay of numbers(values.delays)) {
          const { wire, proxy } = await openWire(access, delay);
          proxies.push(proxy);
          const name = `drift ${count} at ${delay} ms, ${state}`;
          cases.push(
            measured(engine, access, wire, { name, count, wanted, file, namespace }, Number(values.rounds)),
          );
          proxy.kill();
        }
      }
    }
    return cases;
  } finally {
    for (const proxy of proxies) proxy.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One file, as the action itself is one. */
function bundled(folder: string): string {
  const tool = (name: string): string => join(root, 'node_modules/.bin', name);
  const emitted = join(root, 'build/bench-drift');
  rmSync(emitted, { recursive: true, force: true });
  execFileSync(tool('tsc'), ['-p', join(root, 'bench/tsconfig.json'), '--outDir', emitted], {
    stdio: 'inherit',
  });
  const engine = join(folder, 'engine');
  const from = join(emitted, 'bench/drift-engine.js');
  execFileSync(tool('ncc'), ['build', from, '-C', '-m', '-q', '--target', 'es2024', '-o', engine], {
    cwd: root,
    stdio: 'inherit',
  });
  return join(engine, 'index.js');
}

/** The cases of other benches stay as they are. */
function merge(cases: readonly Case[]): void {
  const there = existsSync(values.out) ? (JSON.parse(readFileSync(values.out, 'utf8')) as Case[]) : [];
  const others = there.filter((each) => !each.case.startsWith('drift '));
  const all = [...others, ...cases.map((each) => ({ ...each, ...stamp() }))];
  writeFileSync(values.out, `${JSON.stringify(all, null, 2)}\n`);
  console.log(`\n${values.out}`);
}

async function outside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-bench-drift-'));
  try {
    const engine = bundled(folder);
    process.env['LAB_CLOUD'] = 'off';
    const lab = await startLab({ dir: join(folder, 'lab'), log: console.error });
    const args = [import.meta.filename, ...process.argv.slice(2), '--inside', engine];
    const running = spawnInLab(lab.path, process.execPath, args, { folder: root });
    running.child.stderr?.pipe(process.stderr);
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void running.kill('SIGTERM'));
    const { code } = await running.ended;
    if (code !== 0) throw new Error(`the bench inside the lab ended with ${code}`);
    merge(JSON.parse(readFileSync(join(folder, 'engine/cases.json'), 'utf8')) as Case[]);
  } finally {
    await stopLab(join(folder, 'lab'));
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.inside === undefined) await outside();
else writeFileSync(join(values.inside, '../cases.json'), JSON.stringify(await inside(values.inside)));
