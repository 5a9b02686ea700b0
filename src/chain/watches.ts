// Watches of the places that links look at: a change wakes the wait, and what is shared is read again.
import type { Kind } from './cluster.ts';

/** All objects of a kind, in one namespace, or in all (and those that have none). */
export interface WatchedPlace {
  readonly kind: Kind;
  readonly namespace: string | undefined;
}

export interface Told {
  /** From now on every change is told; what was read before may have changed. */
  standing(): void;
  changed(namespace: string | undefined, name: string): void;
  /** Changes may pass unseen until it stands again. */
  lost(): void;
}

/** The port to a cluster that tells of changes. */
export interface ClusterWatcher {
  /**
   * Goes on until the role turns out not to be permitted, and gives what is missing (`watch gateways… in namespace infra`).
   * Rejects only with the signal's reason.
   */
  watch(place: WatchedPlace, told: Told, signal: AbortSignal): Promise<{ readonly denied: string }>;
}

export interface WatchesOptions {
  readonly watcher: ClusterWatcher;
  /** How many watches there are at most; what comes later is polled. */
  readonly most: number;
  /** Plurals of the kinds that are watched: the others hardly change while a run waits. */
  readonly kinds: ReadonlySet<string>;
  /** Told once, with the first permission that is missing: what may not be watched is polled. */
  readonly onDenied: (permission: string) => void;
  readonly signal: AbortSignal;
}

/** What a place tells its reader: the same as `Told`, with the place. */
export interface PlaceListener {
  changed(place: WatchedPlace, name: string): void;
  standing(place: WatchedPlace): void;
}

const keyOf = ({ kind, namespace }: WatchedPlace): string =>
  `${kind.apiVersion}/${kind.plural}/${namespace ?? ''}`;

export class Watches {
  private readonly options: WatchesOptions;
  private readonly states = new Map<string, 'begun' | 'standing'>();
  private listener: PlaceListener | undefined;
  private told = false;

  constructor(options: WatchesOptions) {
    this.options = options;
  }

  /** The one who shares what is read; a second takes the place of the first. */
  listen(listener: PlaceListener): void {
    this.listener = listener;
  }

  /** Begins to watch a place when it is asked for the first time. */
  want(place: WatchedPlace): void {
    const { kinds, most, signal } = this.options;
    const id = keyOf(place);
    if (this.states.has(id) || this.states.size >= most || signal.aborted) return;
    if (!kinds.has(place.kind.plural) || this.stands(place)) return;
    this.states.set(id, 'begun');
    void this.follow(place, id);
  }

  /** Whether every change there is told, by a watch of its namespace or of all. */
  stands({ kind, namespace }: WatchedPlace): boolean {
    return [namespace, undefined].some(
      (where) => this.states.get(keyOf({ kind, namespace: where })) === 'standing',
    );
  }

  private async follow(place: WatchedPlace, id: string): Promise<void> {
    const { watcher, signal, onDenied } = this.options;
    const told: Told = {
      standing: () => {
        this.states.set(id, 'standing');
        this.listener?.standing(place);
      },
      lost: () => this.states.set(id, 'begun'),
      changed: (namespace, name) => this.listener?.changed({ kind: place.kind, namespace }, name),
    };
    try {
      const { denied } = await watcher.watch(place, told, signal);
      told.lost();
      if (!this.told) onDenied(denied);
      this.told = true;
    } catch (error) {
      this.states.set(id, 'begun');
      if (!signal.aborted) throw error;
    }
  }
}
