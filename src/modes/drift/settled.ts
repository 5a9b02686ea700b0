// What may be gone in a moment is looked at again: only what is seen twice in a row, until its time is up, counts.
import type { Clock } from '../../clock.ts';
import { type DriftLayer, identityOf, type Sighting } from '../../drift/item.ts';
import { distinct, type LayerSeen } from './layer.ts';

/** By the layer that was looked at; a look may find things of another one. */
export type Looks = ReadonlyMap<DriftLayer, LayerSeen>;

export interface Settling {
  readonly look: (layers: readonly DriftLayer[]) => Promise<Looks>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Milliseconds for which it is looked again. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onWait: (passing: readonly Sighting[]) => void;
}

/** Milliseconds between two looks: a controller is fast or slow, and each look takes requests. */
const shortest = 5_000;
const longest = 30_000;

const isPassing = ({ passing }: Sighting): boolean => passing === true;

const unique = (sightings: readonly Sighting[]): readonly Sighting[] => [
  ...new Map(sightings.map((each) => [identityOf(each), each])).values(),
];

/** What does not pass stays as it was seen; what could not be looked at may have been by now. */
const after = (before: LayerSeen | undefined, next: LayerSeen): LayerSeen => ({
  ...next,
  sightings: [...(before?.sightings ?? []).filter((each) => !isPassing(each)), ...next.sightings],
  notes: distinct([...(before?.notes ?? []), ...(next.notes ?? [])]),
});

/** The sightings that count, and what could not be looked at in the last look. */
export async function settled(
  first: Looks,
  { look, clock, patience, signal, onWait }: Settling,
): Promise<LayerSeen> {
  const deadline = clock.monotonic() + patience;
  const looks = new Map(first);
  let seenBefore: ReadonlySet<string> | undefined;
  for (let wait = shortest; ; wait = Math.min(longest, wait * 2)) {
    const all = [...looks.values()].flatMap(({ sightings }) => sightings);
    const passing = all.filter(isPassing);
    const left = deadline - clock.monotonic();
    if (passing.length === 0 || left <= 0) return ended(looks, seenBefore);
    onWait(passing);
    seenBefore = new Set(all.map(identityOf));
    await clock.sleep(Math.min(wait, left), signal);
    const again = [...looks].flatMap(([layer, { sightings }]) => (sightings.some(isPassing) ? [layer] : []));
    for (const [layer, next] of await look(again)) looks.set(layer, after(looks.get(layer), next));
  }
}

const ended = (looks: Looks, seenBefore: ReadonlySet<string> | undefined): LayerSeen => {
  const all = [...looks.values()];
  return {
    sightings: unique(
      all
        .flatMap(({ sightings }) => sightings)
        .filter((each) => !isPassing(each) || (seenBefore?.has(identityOf(each)) ?? true)),
    ),
    unchecked: distinct(all.flatMap(({ unchecked }) => unchecked)),
    notes: distinct(all.flatMap(({ notes = [] }) => notes)),
  };
};
