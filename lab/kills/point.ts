// One point: a deploy is killed at a moment, the next one has to finish its work, and the cluster is compared with the bundle.
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../src/report/report.ts';
import { type ActionResult, runAction } from '../runner.ts';
import { expected, inputs, writeBundle } from './bundle.ts';
import { held, left } from './cluster.ts';

export interface Point {
  readonly workspace: string;
  /** What is killed; a teardown takes down what was deployed before it. */
  readonly mode: Mode;
  /** Of the bundle that is deployed. */
  readonly version: number;
  /** Seconds to the kill: from the start of the run, or of the step that `from` names. */
  readonly after: number;
  /** A step of the run, as its log names it. */
  readonly from?: string;
  /** Everything that the run started dies with it, as when a runner's machine goes; or its own process alone. */
  readonly whole: boolean;
  /** The next run is a new attempt of the same workflow run, or another workflow run that has to wait for the Lease. */
  readonly again: 'new attempt' | 'other run';
}

export type Mode = 'deploy' | 'teardown';

export interface Result {
  /** Seconds from the start of the run to the kill. */
  readonly at_s: number;
  /** The step of the run in which it was killed, as its log names it; `ended` where it was too late. */
  readonly phase: string;
  /** What was killed. */
  readonly mode: Mode;
  readonly killed: 'its process' | 'all its processes';
  readonly again: Point['again'];
  /** Outcome of the next run. */
  readonly next: string;
  /** How long the next run took. */
  readonly seconds: number;
  readonly ok: boolean;
  /** What the cluster held and should not have, and what it lacked. */
  readonly differences: readonly string[];
  /** Log of the next run, where it is not ok. */
  readonly log?: string;
}

const tempOf = ({ pid }: ChildProcess): string =>
  /(?:^|\0)RUNNER_TEMP=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';

/** Every process of the run: they have the runner's temp folder in their environment. */
function killAll(temp: string): void {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      if (readFileSync(`/proc/${name}/environ`, 'utf8').includes(temp)) process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

const outcomeOf = ({ report }: ActionResult): string =>
  report === undefined ? 'no report' : (JSON.parse(report) as Pick<Report, 'outcome'>).outcome;

/** Of the cluster from what the mode promises. */
const differencesAfter = (mode: Mode, version: number): readonly string[] =>
  mode === 'teardown' ? left().map((each) => `left: ${each}`) : differences(version);

const differences = (version: number): readonly string[] => {
  const wanted = expected(version);
  const found = held();
  return [
    ...wanted.filter((each) => !found.includes(each)).map((each) => `missing: ${each}`),
    ...found.filter((each) => !wanted.includes(each)).map((each) => `too much: ${each}`),
  ];
};

const waiting = 'Wait until every hostname is live';

/** One whole run: how many seconds it takes in all, and until it has written everything. @throws with its log when it does not come alive or the cluster is not as the bundle says. */
export async function deploy(
  workspace: string,
  version: number,
): Promise<{ readonly whole: number; readonly written: number }> {
  writeBundle(workspace, version);
  const result = await runAction({ workspace, inputs, env: { GITHUB_RUN_ID: `${version}-whole` } });
  const wrong = differences(version);
  if (outcomeOf(result) !== 'live' || wrong.length > 0)
    throw new Error(`a run that nobody killed went wrong: ${wrong.join(', ')}\n${result.log}`);
  const { phases } = JSON.parse(result.report ?? '') as Pick<Report, 'phases'>;
  const waited = phases.find(({ name }) => name === waiting)?.seconds ?? 0;
  return { whole: result.seconds, written: result.seconds - waited };
}

const actionOf = (mode: Mode): string => (mode === 'teardown' ? 'teardown' : '.');

/** The steps of a teardown that nobody kills. @throws with its log when something stays. */
export async function tearDown(workspace: string, version: number): Promise<Report['phases']> {
  const action = actionOf('teardown');
  const result = await runAction({ workspace, inputs, action, env: { GITHUB_RUN_ID: `${version}-down` } });
  const wrong = differencesAfter('teardown', version);
  if (outcomeOf(result) !== 'removed' || wrong.length > 0)
    throw new Error(`a teardown that nobody killed went wrong: ${wrong.join(', ')}\n${result.log}`);
  return (JSON.parse(result.report ?? '') as Pick<Report, 'phases'>).phases;
}

async function killedRun({
  workspace,
  mode,
  version,
  after,
  from,
  whole,
}: Point): Promise<{ at: number; phase: string }> {
  let log = '';
  let at = Number.NaN;
  const killing: Promise<void>[] = [];
  const begun = Promise.withResolvers<void>();
  if (from === undefined) begun.resolve();
  const kill = async (child: ChildProcess): Promise<void> => {
    const since = performance.now();
    const temp = tempOf(child);
    await begun.promise;
    await sleep(after * 1_000);
    if (child.exitCode !== null) return;
    at = (performance.now() - since) / 1_000;
    if (whole) killAll(temp);
    else child.kill('SIGKILL');
  };
  await runAction({
    workspace,
    inputs,
    action: actionOf(mode),
    env: { GITHUB_RUN_ID: String(version), GITHUB_RUN_ATTEMPT: '1' },
    onStart: (child) => killing.push(kill(child)),
    onOutput: (text) => {
      if (Number.isNaN(at)) log += text;
      if (from !== undefined && log.includes(`::group::${from}`)) begun.resolve();
    },
  });
  begun.resolve();
  await Promise.all(killing);
  const phase = [...log.matchAll(/^::group::(.*)$/gm)].at(-1)?.[1] ?? 'Start';
  return Number.isNaN(at) ? { at: after, phase: 'ended' } : { at, phase };
}

export async function killAt(point: Point): Promise<Result> {
  const { workspace, mode, version, whole, again } = point;
  if (mode === 'teardown') await deploy(workspace, version);
  else writeBundle(workspace, version);
  const { at, phase } = await killedRun(point);
  const env =
    again === 'new attempt'
      ? { GITHUB_RUN_ID: String(version), GITHUB_RUN_ATTEMPT: '2' }
      : { GITHUB_RUN_ID: `${version}-next`, GITHUB_RUN_ATTEMPT: '1' };
  const next = await runAction({ workspace, inputs, action: actionOf(mode), env });
  const outcome = outcomeOf(next);
  const wrong = differencesAfter(mode, version);
  const wanted = mode === 'teardown' ? 'removed' : 'live';
  const ok = next.code === 0 && outcome === wanted && wrong.length === 0;
  return {
    at_s: Math.round(at * 1_000) / 1_000,
    phase,
    mode,
    killed: whole ? 'all its processes' : 'its process',
    again,
    next: outcome,
    seconds: Math.round(next.seconds * 10) / 10,
    ok,
    differences: wrong,
    ...(!ok && { log: next.log }),
  };
}
