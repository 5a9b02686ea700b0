// One observation for all who want it at about the same time: hundreds of hosts share what they look at.
import type { Clock } from '../clock.ts';

/**
 * Gives the result of `read`, read anew once it is older than `maxAge` ms, which may depend on the result; whoever asks
 * while a read is under way gets that one. A read that throws is forgotten.
 */
export const shared = <Key, Value>(
  clock: Pick<Clock, 'monotonic'>,
  maxAge: number | ((value: Value) => number),
  read: (key: Key) => Promise<Value>,
  /** Two keys with the same text share a read. */
  name: (key: Key) => string = String,
): ((key: Key) => Promise<Value>) => {
  const kept = new Map<string, { until: number; readonly value: Promise<Value> }>();
  return (key) => {
    const id = name(key);
    const had = kept.get(id);
    if (had !== undefined && clock.monotonic() < had.until) return had.value;
    const started = clock.monotonic();
    const value = read(key);
    const keep = { until: typeof maxAge === 'number' ? started + maxAge : Number.POSITIVE_INFINITY, value };
    kept.set(id, keep);
    value.then(
      (result) => {
        if (typeof maxAge !== 'number') keep.until = clock.monotonic() + maxAge(result);
      },
      () => kept.delete(id),
    );
    return value;
  };
};
