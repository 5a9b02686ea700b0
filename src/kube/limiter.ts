// How many requests are in flight at once: grows while the API server keeps up, halves when it is overloaded.
import pLimit from 'p-limit';

export interface Limiter {
  /** Runs `work` when there is room; `overloaded` says of its result whether the server asked for less. */
  run<Result>(work: () => Promise<Result>, overloaded: (result: Result) => boolean): Promise<Result>;
  /** How many may be in flight now. */
  width(): number;
}

export interface LimiterBounds {
  readonly least: number;
  readonly start: number;
  readonly most: number;
}

/**
 * One HTTP/2 connection carries 100 streams (kubernetes/apiserver server/secure_serving.go) and a principal that
 * is no service account shares about 49 seats (apis/flowcontrol/bootstrap/default.go): 48 fits both, 64 is tried
 * only where the server has shown that it keeps up.
 */
const defaultBounds: LimiterBounds = { least: 1, start: 48, most: 64 };

/** Additive increase (one more after each full width of good answers), multiplicative decrease (half). */
export const adaptiveLimiter = (bounds: LimiterBounds = defaultBounds): Limiter => {
  const limit = pLimit(bounds.start);
  let good = 0;
  // Requests that were sent before the last halving say nothing about the present width.
  let round = 0;

  const settle = (startedIn: number, overloaded: boolean): void => {
    if (overloaded) {
      if (startedIn !== round) return;
      round += 1;
      good = 0;
      limit.concurrency = Math.max(bounds.least, Math.floor(limit.concurrency / 2));
      return;
    }
    good += 1;
    if (good < limit.concurrency || limit.concurrency >= bounds.most) return;
    good = 0;
    limit.concurrency += 1;
  };

  return {
    run: (work, overloaded) =>
      limit(async () => {
        const startedIn = round;
        const result = await work();
        settle(startedIn, overloaded(result));
        return result;
      }),
    width: () => limit.concurrency,
  };
};
