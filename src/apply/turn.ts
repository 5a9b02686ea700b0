// Lets the runs of one bundle write one after the other: each holds a Lease while it writes, and renews it.
import { Problem } from '../verdict/problem.ts';
import {
  freeIn,
  type Lease,
  type LeaseStore,
  type LeaseWrite,
  moment,
  nameOf,
  type Runner,
  type StoredLease,
} from './lease.ts';

export interface TurnOptions {
  readonly us: Runner;
  /** Milliseconds for which another run is waited for. */
  readonly patience: number;
  /** Told before each look again; fit to be printed after "waiting: ". */
  readonly onWait?: (why: string) => void;
  /** Seconds for which a run that has died holds the others up (default 30). */
  readonly seconds?: number;
}

/** Why runs are not kept apart. */
export interface Unguarded {
  readonly unguarded: string;
  /** The missing RBAC permission, where that is why. */
  readonly denied?: string;
}

export interface Turn {
  /** When the run before us held the Lease, where it never gave it back: it has died, and what it was at with it. */
  readonly abandoned?: { readonly from: Date; readonly until: Date };
  /** Aborts with a Problem `run/turn-lost` when another run took over, which it may once we have not renewed in time. */
  readonly lost: AbortSignal;
  /**
   * Lets the next one in. Never throws: what cannot be given back runs out.
   * @param last nothing of the bundle is left: the Lease goes too, where the role may delete it
   */
  end(last?: 'last'): Promise<void>;
}

const life = 30;
/** Milliseconds between two looks at another run's Lease. */
const look = 2_000;
/** Milliseconds for giving it back: a cancelled run has five seconds in all. */
const farewell = 1_500;

const held = ({ holder, acquired }: Lease): string =>
  `${holder === undefined ? 'another run' : nameOf(holder)} deploys this bundle${acquired === undefined ? '' : ` since ${moment(acquired)}`}`;

const leaseOf = (us: Runner, seconds: number, now: Date, before: Lease | undefined): Lease => ({
  holder: us,
  acquired: now,
  renewed: now,
  seconds,
  transitions: (before?.transitions ?? -1) + 1,
});

const tooLate = (lease: Lease, patience: number): Problem =>
  new Problem(
    'run/held-by-another',
    `${held(lease)}, and still did after ${Math.round(patience / 1_000)} s: nothing was written by this run.`,
    {
      hint: 'Let that run finish, then run again. A `concurrency` group in the workflow makes GitHub hold the second run back.',
    },
  );

/**
 * Waits until no other run holds the bundle's Lease, then holds it. `undefined` where its namespace does not exist yet.
 * @throws Problem `run/held-by-another` when patience ends; what the store throws; the signal's reason.
 */
export const takeTurn = async (
  store: LeaseStore,
  { us, patience, onWait, seconds = life }: TurnOptions,
  signal: AbortSignal,
): Promise<Turn | Unguarded | undefined> => {
  const { clock } = store;
  const deadline = clock.monotonic() + patience;
  let watched: { readonly version: string; readonly since: number } | undefined;
  const pause = (lease: StoredLease): number => {
    if (watched?.version !== lease.version) watched = { version: lease.version, since: clock.monotonic() };
    return freeIn(lease, us, clock.now(), clock.monotonic() - watched.since);
  };
  for (;;) {
    const seen = await store.read(signal);
    if (!('lease' in seen)) return unguarded(seen);
    const { lease: before } = seen;
    const busy = before === undefined ? 0 : pause(before);
    if (before !== undefined && busy > 0) {
      const wait = Math.min(busy, look);
      if (clock.monotonic() + wait > deadline) throw tooLate(before, patience);
      onWait?.(held(before));
      await clock.sleep(wait, signal);
      continue;
    }
    const ours = leaseOf(us, seconds, clock.now(), before);
    const made = before
      ? await store.replace(before.version, ours, signal)
      : await store.create(ours, signal);
    if (made === 'homeless') return undefined;
    // Another run was quicker: it is waited for.
    if (made === 'late') continue;
    return 'version' in made ? new HeldTurn(store, ours, made.version, abandonedBy(before)) : unguarded(made);
  }
};

const unguarded = (why: { readonly denied: string } | { readonly failed: string }): Unguarded =>
  'denied' in why
    ? { unguarded: `the role may not ${why.denied}`, denied: why.denied }
    : { unguarded: why.failed };

const abandonedBy = (before: Lease | undefined): Turn['abandoned'] => {
  const { holder, acquired, renewed, seconds } = before ?? {};
  if (holder === undefined || acquired === undefined || renewed === undefined || seconds === undefined)
    return undefined;
  return { from: acquired, until: new Date(renewed.getTime() + seconds * 1_000) };
};

class HeldTurn implements Turn {
  readonly abandoned?: { readonly from: Date; readonly until: Date };
  readonly #store: LeaseStore;
  readonly #lease: Lease;
  readonly #lost = new AbortController();
  readonly #ending = new AbortController();
  readonly #renewing: Promise<void>;
  #version: string;

  constructor(store: LeaseStore, lease: Lease, version: string, abandoned: Turn['abandoned']) {
    if (abandoned) this.abandoned = abandoned;
    this.#store = store;
    this.#lease = lease;
    this.#version = version;
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async end(last?: 'last'): Promise<void> {
    this.#ending.abort();
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    const { holder: _, ...lease } = this.#lease;
    try {
      const signal = AbortSignal.timeout(farewell);
      if (last !== undefined && (await this.#store.remove(this.#version, signal))) return;
      const free = { ...lease, renewed: this.#store.clock.now() };
      await this.#write(free, signal);
    } catch {
      // It runs out.
    }
  }

  /** Until the end; never throws. */
  async #renew(): Promise<void> {
    const { clock } = this.#store;
    const life = this.#lease.seconds * 1_000;
    let renewed = clock.monotonic();
    const stop = this.#ending.signal;
    while (!stop.aborted) {
      try {
        await clock.sleep(life / 3, stop);
        const asked = clock.monotonic();
        if (await this.#renewOnce(stop)) renewed = asked;
      } catch {
        // Ending, or the API server is away: the next time may go well.
      }
      if (!stop.aborted && clock.monotonic() - renewed > life)
        this.#lose('it could not renew its Lease in time');
      if (this.#lost.signal.aborted) return;
    }
  }

  async #renewOnce(signal: AbortSignal): Promise<boolean> {
    const written = await this.#write({ ...this.#lease, renewed: this.#store.clock.now() }, signal);
    if (written === 'late') this.#lose('another run holds its Lease, or it was deleted');
    if (written === 'homeless') this.#lose('the namespace of its Lease was deleted');
    return typeof written === 'object' && 'version' in written;
  }

  /** Somebody may have labelled it, or an answer of ours was lost: as long as we hold it, it is ours to write. */
  async #write(lease: Lease, signal: AbortSignal): Promise<LeaseWrite> {
    let written = await this.#store.replace(this.#version, lease, signal);
    if (written === 'late') {
      const seen = await this.#store.read(signal);
      const now = 'lease' in seen ? seen.lease : undefined;
      if (now !== undefined && now.holder?.identity === this.#lease.holder?.identity)
        written = await this.#store.replace(now.version, lease, signal);
    }
    if (typeof written === 'object' && 'version' in written) this.#version = written.version;
    return written;
  }

  #lose(why: string): void {
    this.#lost.abort(
      new Problem('run/turn-lost', `This run stopped writing, because another may have begun: ${why}.`, {
        hint: 'Run again when the other run has finished: what this one has written is in its report.',
      }),
    );
  }
}
