// A clock whose time passes only when a test, or a sleeper, says so.
import type { Clock } from '../../../src/clock.ts';

export interface TestClock extends Clock {
  /** Milliseconds of every sleep, in order. */
  readonly sleeps: number[];
  pass(ms: number): void;
}

/** Sleeping takes no real time: the clock is put forward at once. */
export function leapingClock(start = new Date('2026-11-22T10:00:00Z')): TestClock {
  let passed = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    monotonic: () => passed,
    now: () => new Date(start.getTime() + passed),
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      sleeps.push(ms);
      passed += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
    pass: (ms) => {
      passed += ms;
    },
  };
}
