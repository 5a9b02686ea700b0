// One observation for all who want it at about the same time: hundreds of hosts share what they look at.
import type { Clock } from '../clock.ts';

/**
 * Gives the result of `read`, read anew once it is older than `maxAge` ms; whoever asks while a read is under way gets
 * that one. A read that throws is forgotten.
 */
export const shared = <Key, Value>(
  clock: Pick<Clock, 'monotonic'>,
  maxAge: number,
  read: (key: Key) => Promise<Value>,
  /** Two keys with the same text share a read. */
  name: (key: Key) => string = String,
): ((key: Key) => Promise<Value>) => {
  const kept = new Map<string, { readonly since: number; readonly value: Promise<Value> }>();
  return (key) => {
    const id = name(key);
    const had = kept.get(id);
    if (had !== undefined && clock.monotonic() - had.since < maxAge) return had.value;
    const value = read(key);
    kept.set(id, { since: clock.monotonic(), value });
    value.catch(() => kept.delete(id));
    return value;
  };
};
