// A ClusterReader whose answers are shared for a moment: links of one host and of hundreds look at the same objects.
import type { Clock } from '../clock.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { shared } from './shared.ts';
import type { PlaceListener, WatchedPlace, Watches } from './watches.ts';

/** Changes of what was read, counted. */
export interface Changes {
  count(): number;
  /** Calls `wake` at each change until the function that it gives is called. */
  subscribe(wake: () => void): () => void;
}

export interface SharedReader extends ClusterReader {
  readonly changes: Changes;
}

/**
 * Milliseconds for which an answer stands while a watch tells of changes, for it may have died without a sign; and for
 * which definitions stand, which are large and hardly change.
 */
const longAge = 5_000;

interface Answer<Value> {
  readonly place: WatchedPlace;
  readonly started: number;
  readonly value: Promise<Value>;
  changed: boolean;
}

/** Answers by name, each of them young enough, or watched and unchanged. */
class Answers<Value> {
  private readonly kept = new Map<string, Answer<Value>>();

  /** `changedAge` is the age up to which an answer still does although it has changed. */
  find(id: string, now: number, maxAge: number, changedAge: number): Promise<Value> | undefined {
    const had = this.kept.get(id);
    if (had === undefined) return undefined;
    return now - had.started < (had.changed ? changedAge : maxAge) ? had.value : undefined;
  }

  keep(id: string, place: WatchedPlace, started: number, value: Promise<Value>): Promise<Value> {
    const answer = { place, started, value, changed: false };
    this.kept.set(id, answer);
    value.catch(() => {
      if (this.kept.get(id) === answer) this.kept.delete(id);
    });
    return value;
  }

  /** Whether there was one. */
  change(id: string): boolean {
    const had = this.kept.get(id);
    if (had === undefined) return false;
    had.changed = true;
    return true;
  }

  changeAll(where: (place: WatchedPlace) => boolean): void {
    for (const answer of this.kept.values()) if (where(answer.place)) answer.changed = true;
  }
}

interface Log {
  readonly namespace: string;
  readonly pod: string;
  readonly lines: number;
}

const placeName = ({ kind, namespace = '' }: WatchedPlace): string =>
  `${kind.apiVersion}/${kind.plural}/${namespace}`;

const covers = (watched: WatchedPlace, place: WatchedPlace): boolean =>
  watched.kind.plural === place.kind.plural &&
  watched.kind.apiVersion === place.kind.apiVersion &&
  (watched.namespace === undefined || watched.namespace === place.namespace);

class ChangeCount implements Changes {
  private total = 0;
  private readonly wakes = new Set<() => void>();

  count(): number {
    return this.total;
  }

  subscribe(wake: () => void): () => void {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  }

  add(): void {
    this.total += 1;
    for (const wake of this.wakes) wake();
  }
}

/** What a watch tells: answers of its place are read again, and whoever waits for changes is woken. */
const listener = (
  objects: Answers<unknown>,
  lists: Answers<unknown>,
  changes: ChangeCount,
): PlaceListener => ({
  standing: (watched) => {
    objects.changeAll((place) => covers(watched, place));
    lists.changeAll((place) => covers(watched, place));
  },
  changed: (place, name) => {
    const one = objects.change(`${placeName(place)}/${name}`);
    const inNamespace = lists.change(placeName(place));
    const inAll = lists.change(placeName({ ...place, namespace: undefined }));
    if (one || inNamespace || inAll) changes.add();
  },
});

/**
 * Answers are at most `maxAge` ms old, or a few seconds where a watch stands and has told of no change, and of definitions. A LIST is read
 * again at most once in `maxAge`, however many changes there are. Every call must bring the same signal.
 */
export const sharedReader = (
  reader: ClusterReader,
  clock: Pick<Clock, 'monotonic'>,
  maxAge: number,
  signal: AbortSignal,
  watches?: Watches,
): SharedReader => {
  const objects = new Answers<Awaited<ReturnType<ClusterReader['get']>>>();
  const lists = new Answers<Awaited<ReturnType<ClusterReader['list']>>>();
  const changes = new ChangeCount();

  const ageOf = (place: WatchedPlace): number =>
    place.kind.plural === kinds.crd.plural || watches?.stands(place) ? longAge : maxAge;

  watches?.listen(listener(objects, lists, changes));

  const get: ClusterReader['get'] = (kind, namespace, name) => {
    const place = { kind, namespace };
    const id = `${placeName(place)}/${name}`;
    const now = clock.monotonic();
    watches?.want(place);
    const had = objects.find(id, now, ageOf(place), 0);
    return had ?? objects.keep(id, place, now, reader.get(kind, namespace, name, signal));
  };

  const list: ClusterReader['list'] = (kind, namespace) => {
    const place = { kind, namespace };
    const id = placeName(place);
    const now = clock.monotonic();
    watches?.want(place);
    const had = lists.find(id, now, ageOf(place), maxAge);
    return had ?? lists.keep(id, place, now, reader.list(kind, namespace, signal));
  };

  // ExternalDNS's log tells the same for a few seconds; it may be long.
  const log = shared(
    clock,
    Math.max(maxAge, 3_000),
    ({ namespace, pod, lines }: Log) => reader.log(namespace, pod, lines, signal),
    ({ namespace, pod, lines }) => `${namespace}/${pod}/${lines}`,
  );

  return { get, list, log: (namespace, pod, lines) => log({ namespace, pod, lines }), changes };
};
