// The whole no-op deploy of the example, split by phase, beside the same by helm upgrade, kubectl apply and kubectl wait.
// Each in a lab of its own, for each would take the other's fields; round after round, one after the other.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inLab, startLab, stopLab } from '../lab/cluster/lab.ts';
import type { Case } from './measure.ts';
import { listed, rounded, type Sample, sample, shown, table } from './statistics.ts';
import type { WholeRun } from './whole-run.ts';

const root = join(import.meta.dirname, '..');
const who = ['ours', 'peer'] as const;
type Who = (typeof who)[number];

const peerName = 'helm upgrade --wait + kubectl apply + kubectl wait';

export interface WholeCase
  extends Pick<Case, 'case' | 'peer' | 'ours_s' | 'ours_process_s' | 'peer_s' | 'ratio'> {
  readonly spread: { readonly ours_s: readonly number[]; readonly peer_s: readonly number[] };
  /** Medians, in seconds. */
  readonly phases: Readonly<Record<Who, Readonly<Record<string, number>>>>;
}

async function once(lab: string, kind: Who, workspace: string, prepare: boolean): Promise<WholeRun> {
  const script = join(import.meta.dirname, 'whole-run.ts');
  const args = [script, kind, workspace, ...(prepare ? ['prepare'] : [])];
  const environment = { LAB_DIST: process.env['LAB_DIST'] };
  const { code, stdout, stderr } = await inLab(lab, process.execPath, args, { folder: root, environment });
  if (code !== 0) throw new Error(`${kind} ended with ${code}: ${stderr.slice(-4000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as WholeRun;
}

const byPhase = (runs: readonly WholeRun[]): ReadonlyMap<string, Sample> => {
  const names = [...new Set(runs.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const secondsOf = (name: string): readonly number[] =>
    runs.flatMap(({ phases }) => phases.filter((each) => each.name === name).map(({ seconds }) => seconds));
  return new Map(names.map((name) => [name, sample(secondsOf(name))]));
};

/** A run in which nothing changes has no phase in which something takes long: all of them are shown. */
function print(runs: Readonly<Record<Who, readonly WholeRun[]>>): void {
  for (const kind of who) {
    const title = kind === 'ours' ? 'the action: signs in, applies nothing, proves the host' : peerName;
    const whole = sample(runs[kind].map(({ seconds }) => seconds));
    const rows = [...byPhase(runs[kind])].map(([name, seconds]) => [name, shown(seconds)]);
    console.log(
      `\n${table([[title, 'seconds: median (least–most)'], ...rows, ['the whole process', shown(whole)]])}`,
    );
  }
}

export async function measureWhole(
  folder: string,
  rounds: number,
  signal: AbortSignal,
): Promise<readonly WholeCase[]> {
  const runs: Record<Who, WholeRun[]> = { ours: [], peer: [] };
  const dirs = who.map((kind) => join(folder, `whole-${kind}`));
  try {
    const labs: string[] = [];
    for (const dir of dirs) labs.push((await startLab({ dir, log: console.error, signal })).path);
    for (let round = 0; round <= rounds; round += 1) {
      for (const [index, kind] of who.entries()) {
        const workspace = join(folder, `workspace-${kind}`);
        mkdirSync(workspace, { recursive: true });
        // The first round installs everything.
        console.error(
          round === 0 ? `${kind} installs the example` : `no-op deploy, ${kind}, round ${round} of ${rounds}`,
        );
        const run = await once(labs[index] ?? '', kind, workspace, round === 0);
        if (round > 0) runs[kind].push(run);
      }
    }
  } finally {
    for (const dir of dirs) await stopLab(dir);
  }
  print(runs);
  const ours = sample(runs.ours.map(({ seconds }) => seconds));
  const peer = sample(runs.peer.map(({ seconds }) => seconds));
  const phases = (kind: Who): Record<string, number> =>
    Object.fromEntries([...byPhase(runs[kind])].map(([name, { median }]) => [name, rounded(median)]));
  return [
    {
      case: 'whole no-op deploy of the example',
      ours_s: rounded(ours.median),
      ours_process_s: rounded(ours.median),
      peer: peerName,
      peer_s: rounded(peer.median),
      ratio: Math.round((peer.median / ours.median) * 10) / 10,
      spread: { ours_s: listed(ours), peer_s: listed(peer) },
      phases: { ours: phases('ours'), peer: phases('peer') },
    },
  ];
}
