// Waits until objects that were deleted are gone.
import type { ClusterReader, Kind } from '../../chain/cluster.ts';
import type { Run } from '../../run.ts';

export interface Doomed {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
}

const pause = 500;

/** False when one of them is still there at the deadline (monotonic milliseconds), or cannot be looked for. */
export async function gone(
  { clock, signal }: Run,
  reader: ClusterReader,
  objects: readonly Doomed[],
  deadline: number,
): Promise<boolean> {
  for (const { kind, namespace, name } of objects) {
    for (;;) {
      const seen = await reader.get(kind, namespace, name, signal);
      if ('value' in seen && seen.value === undefined) break;
      if (clock.monotonic() > deadline || 'denied' in seen) return false;
      await clock.sleep(pause, signal);
    }
  }
  return true;
}
