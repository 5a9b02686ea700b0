// Time that passes only when everybody sleeps: hours of waiting in milliseconds, in an order that repeats.
import type { Clock } from '../../../src/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class SimulatedClock implements Clock {
  private time = 0;
  private readonly sleepers: Sleeper[] = [];

  monotonic(): number {
    return this.time;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 10, 23) + this.time);
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: this.time + ms, wake: resolve };
    this.sleepers.push(sleeper);
    const onAbort = (): void => {
      this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Lets time pass until the promise settles; throws when it never will. */
  async run<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return promise;
      const next = this.sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) throw new Error('nobody sleeps and nothing ends');
      this.sleepers.splice(this.sleepers.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }
}
