// Shares reads between many who ask: whoever comes while one is due waits for that one, and reads keep a distance.
import type { Clock } from '../clock.ts';

export interface PacedReadSettings<Value> {
  readonly clock: Clock;
  /** Reads for all these names at once; `all` when the value holds every other name as well. */
  readonly read: (names: readonly string[], signal: AbortSignal) => Promise<Read<Value>>;
  readonly isThrottling: (error: unknown) => boolean;
}

export interface Read<Value> {
  readonly value: Value;
  readonly all: boolean;
  /** How many requests it took. */
  readonly calls: number;
}

export interface PacedReads<Value> {
  /** A read that covers the names: the last one while it is fresh, the one under way, or the next. */
  read(names: readonly string[], signal: AbortSignal): Promise<{ readonly at: Date; readonly value: Value }>;
}

/** Milliseconds between two reads; after throttling the distance doubles up to the longest. */
const distance = 5_000;
const longestDistance = 60_000;

/** Milliseconds for which a read waits for more names: the looks of many hosts start at about the same time. */
const gathering = 20;

interface Done<Value> {
  readonly at: Date;
  readonly value: Value;
  readonly covers: (names: readonly string[]) => boolean;
  /** Monotonic milliseconds. */
  readonly freshUntil: number;
}

interface Shared<Value> {
  readonly names: Set<string>;
  readonly result: Promise<Done<Value>>;
  /** Given up when the last of those who wait has gone. */
  readonly abandon: AbortController;
  waiting: number;
}

/**
 * Reads are at least 5 s apart, and on average no more than one call a second is made: a fifth of the smallest limit
 * that Route 53 documents (five requests a second for an account), the rest is ExternalDNS's.
 */
export const pacedReads = <Value>(settings: PacedReadSettings<Value>): PacedReads<Value> =>
  new Pace(settings);

class Pace<Value> implements PacedReads<Value> {
  readonly #settings: PacedReadSettings<Value>;
  #done: Done<Value> | undefined;
  #running: Shared<Value> | undefined;
  #due: Shared<Value> | undefined;
  /** Monotonic milliseconds. */
  #nextStart = Number.NEGATIVE_INFINITY;
  #slowdown = 1;

  constructor(settings: PacedReadSettings<Value>) {
    this.#settings = settings;
  }

  async read(names: readonly string[], signal: AbortSignal): Promise<Done<Value>> {
    signal.throwIfAborted();
    const [done, running] = [this.#done, this.#running];
    const now = this.#settings.clock.monotonic();
    if (done !== undefined && now < done.freshUntil && done.covers(names)) return done;
    if (running !== undefined && names.every((name) => running.names.has(name)))
      return await join(running, signal);
    this.#due ??= this.#schedule();
    for (const name of names) this.#due.names.add(name);
    return await join(this.#due, signal);
  }

  #schedule(): Shared<Value> {
    const abandon = new AbortController();
    const names = new Set<string>();
    const result = Promise.resolve().then(() => this.#begin(shared));
    const shared: Shared<Value> = { names, result, abandon, waiting: 0 };
    // Those who wait see the rejection; when all have gone nobody does, and that is no crash.
    result.catch(() => undefined);
    return shared;
  }

  async #begin(shared: Shared<Value>): Promise<Done<Value>> {
    const { clock } = this.#settings;
    const { signal } = shared.abandon;
    try {
      await this.#running?.result.catch(() => undefined);
      await clock.sleep(Math.max(gathering, this.#nextStart - clock.monotonic()), signal);
      // From here on its names stand: whoever wants others waits for the next read.
      this.#running = shared;
      if (this.#due === shared) this.#due = undefined;
      return await this.#run(shared.names, signal);
    } finally {
      if (this.#running === shared) this.#running = undefined;
      if (this.#due === shared) this.#due = undefined;
    }
  }

  async #run(names: ReadonlySet<string>, signal: AbortSignal): Promise<Done<Value>> {
    const { clock, read, isThrottling } = this.#settings;
    let calls = 1;
    try {
      const { value, all, calls: made } = await read([...names], signal);
      calls = made;
      this.#slowdown = 1;
      this.#done = {
        at: clock.now(),
        value,
        freshUntil: clock.monotonic() + apart(calls, this.#slowdown),
        covers: (asked) => all || asked.every((name) => names.has(name)),
      };
      return this.#done;
    } catch (error) {
      if (isThrottling(error)) this.#slowdown *= 2;
      throw error;
    } finally {
      this.#nextStart = clock.monotonic() + apart(calls, this.#slowdown);
    }
  }
}

const apart = (calls: number, slowdown: number): number =>
  Math.min(longestDistance, Math.max(distance, calls * 1_000) * slowdown);

async function join<Value>(shared: Shared<Value>, signal: AbortSignal): Promise<Done<Value>> {
  shared.waiting += 1;
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([shared.result, gone]);
  } finally {
    signal.removeEventListener('abort', leave);
    shared.waiting -= 1;
    if (shared.waiting === 0) shared.abandon.abort(signal.reason);
  }
}
