// The passing of time as a port: deadlines use the monotonic clock, reports the wall clock.

export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonic(): number;
  now(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
