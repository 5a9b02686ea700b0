// Durations as Go writes them: `2160h` is `2160h0m0s` once a controller has written the object back (time.Duration.String).
import type { Json } from '../bundle/object.ts';

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

const lengthOf = (text: string): number | undefined => {
  if (text === '' || text.replace(/^[+-]/, '').replaceAll(part, '') !== '') return undefined;
  const sum = [...text.matchAll(part)].reduce(
    (total, [, count = '', unit = '']) => total + Number(count) * (nanoseconds[unit] ?? 0),
    0,
  );
  return text.startsWith('-') ? -sum : sum;
};

/** Whether both are durations of the same length. */
export const sameDuration = (one: Json | undefined, other: Json | undefined): boolean => {
  if (typeof one !== 'string' || typeof other !== 'string') return false;
  const length = lengthOf(one);
  return length !== undefined && length === lengthOf(other);
};
