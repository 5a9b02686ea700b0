// Waits until the workloads of a preview run their new version: an old pod that answers proves nothing.
import type { Sourced } from '../../bundle/object.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import { stuckRollouts, workloadsAmong } from '../../chain/rollout.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';

const pause = 500;

/** False when one is not rolled out at the deadline (monotonic milliseconds): it is then among the findings. */
export async function rolledOut(
  { clock, signal, draft }: Run,
  reader: ClusterReader,
  objects: readonly Sourced[],
  deadline: number,
): Promise<boolean> {
  const workloads = workloadsAmong(
    objects.map(({ object }) => object),
    '',
  );
  for (;;) {
    const stuck = await stuckRollouts(reader, workloads, signal);
    if (stuck.length === 0) return true;
    if (clock.monotonic() > deadline) {
      const sourceOf = (ref: string) =>
        objects.find(
          ({ object: { kind, metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}` === ref,
        )?.source;
      draft.findings(
        stuck.map(({ ref, why, evidence }) => {
          const source = sourceOf(ref);
          return finding('error', 'preview/not-rolled-out', `${ref} does not come up: ${why}.`, {
            ...(source && { source }),
            ref,
            evidence,
            hint: 'See the pods’ events and logs; the earlier version, if there is one, goes on answering.',
          });
        }),
      );
      return false;
    }
    await clock.sleep(pause, signal);
  }
}
