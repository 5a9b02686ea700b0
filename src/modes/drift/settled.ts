// What may be gone in a moment is looked at again: only what is seen twice in a row, until its time is up, counts.
// Whoever was to mend it by then, and has not, is not said to.
import type { Clock } from '../../clock.ts';
import { type DriftLayer, identityOf, type Sighting } from '../../drift/item.ts';
import { distinct, type LayerSeen } from './layer.ts';

/** By the layer that was looked at; a look may find things of another one. */
export type Looks = ReadonlyMap<DriftLayer, LayerSeen>;

export interface Settling {
  readonly look: (layers: readonly DriftLayer[]) => Promise<Looks>;
  readonly clock: Clock;
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

/** By when each is to be mended, as the look that saw it first has it. */
class Promised {
  #until: ReadonlyMap<string, Date> = new Map();

  /** What is gone in between, and is there again, has its time anew. */
  note(all: readonly Sighting[]): void {
    const before = this.#until;
    this.#until = new Map(
      all.flatMap((each) => {
        const { heals } = each;
        if (heals === false || heals.until === undefined) return [];
        const key = identityOf(each);
        return [[key, before.get(key) ?? new Date(heals.until)]];
      }),
    );
  }

  /** A controller that lets its time go by may have lost its permissions, or its wits. */
  broken(each: Sighting, at: Date): Sighting {
    const { heals, remedy } = each;
    const until = this.#until.get(identityOf(each));
    if (heals === false || until === undefined || until >= at) return each;
    const why = `${heals.by} should have mended it within this check, and has not: look at its log, and at what its role may do (\`mode: doctor\` does).`;
    return { ...each, heals: false, remedy: `${why} ${remedy}` };
  }
}

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
  const promised = new Promised();
  let seenBefore: ReadonlySet<string> | undefined;
  for (let wait = shortest; ; wait = Math.min(longest, wait * 2)) {
    const all = [...looks.values()].flatMap(({ sightings }) => sightings);
    promised.note(all);
    const passing = all.filter(isPassing);
    const left = deadline - clock.monotonic();
    if (passing.length === 0 || left <= 0) {
      const end = ended(looks, seenBefore);
      return { ...end, sightings: end.sightings.map((each) => promised.broken(each, clock.now())) };
    }
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
