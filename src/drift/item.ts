// One thing that is not as it is wanted: where, what, who, and whether it will mend itself.
import type { Json } from '../bundle/object.ts';
import type { Source } from '../verdict/finding.ts';
import type { Trace } from './trail.ts';

/** In the order in which they are reported. */
export const driftLayers = ['kubernetes', 'helm', 'route53', 'aws', 'https'] as const;
export type DriftLayer = (typeof driftLayers)[number];

/** What mends it without anybody's doing. */
export interface Healing {
  readonly by: string;
  /** ISO time by which it will be mended at the latest, where that is known. */
  readonly until?: string;
}

export interface DriftItem {
  readonly layer: DriftLayer;
  /** `HTTPRoute apps/shop`, `Record shop.example.com`, `LoadBalancer k8s-infra-public-1234567890`. */
  readonly ref: string;
  /** `.spec.rules[0].backendRefs[0].port`; empty for the thing itself. */
  readonly path: string;
  /** As text; null where nothing should be there. */
  readonly wanted: string | null;
  /** As text; null where nothing is there. */
  readonly found: string | null;
  /** Who changed it: a field manager, an owner id, an ARN. */
  readonly by?: string;
  /** ISO time of that one's last change of the object, or of the call that is named. */
  readonly since?: string;
  /** The call to AWS that made the difference, by CloudTrail's record: `ModifyRule`. */
  readonly event?: string;
  readonly heals: Healing | false;
  readonly severity: 'error' | 'warning' | 'notice';
  /** One sentence: what to do. */
  readonly remedy: string;
  /** Where the repository says what is wanted. */
  readonly source?: Source;
}

/** An item as one look has it. */
export interface Sighting extends DriftItem {
  /** It may be gone in a minute (a controller at work, a pod on its way out), so it counts only if it is seen again. */
  readonly passing?: true;
  /** Where CloudTrail would have who made it. */
  readonly trace?: Trace;
}

/** Longest text of a value in a report. */
const longest = 300;

/** A value as a report shows it: scalars as they are, everything else as JSON, cut. */
export const shownValue = (value: Json | undefined): string | null => {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
};

/** What makes two sightings the same thing: neither values nor times. */
export const identityOf = ({ layer, ref, path, wanted, found }: DriftItem): string =>
  [layer, ref, path, wanted === null ? 'unexpected' : found === null ? 'missing' : 'changed'].join('\u0000');

/** By layer, thing and place: two checks of the same state say the same in the same order. */
export const inOrder = <Item extends DriftItem>(items: readonly Item[]): readonly Item[] =>
  items.toSorted(
    (one, other) =>
      driftLayers.indexOf(one.layer) - driftLayers.indexOf(other.layer) ||
      compare(one.ref, other.ref) ||
      compare(one.path, other.path),
  );

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
