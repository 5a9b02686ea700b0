// What the controllers say of objects that do not go: a Gateway with deletion protection says so in an event alone.
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import { observeEvents } from '../../chain/events.ts';
import { failureOf } from '../../gateway/failure.ts';
import type { Evidence } from '../../verdict/verdict.ts';

export interface HeldUp {
  readonly evidence: readonly Evidence[];
  /** What to do about it; empty where that is not known. */
  readonly hint: string;
}

/** The last failure of each, as far as events may be read. */
export const heldUpBy = async (
  reader: ClusterReader,
  left: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<HeldUp> => {
  const evidence: Evidence[] = [];
  const hints = new Set<string>();
  for (const object of left) {
    const seen = await observeEvents(reader, object, signal);
    const last = 'value' in seen ? seen.value.at(-1) : undefined;
    if (last === undefined || !last.reason.startsWith('Failed')) continue;
    evidence.push({ from: `${refOf(object)} event ${last.reason}`, saw: last.message });
    hints.add(failureOf('gateway/deploy-failed', last.message).hint);
  }
  return { evidence, hint: [...hints].filter((hint) => hint !== '').join(' ') };
};
