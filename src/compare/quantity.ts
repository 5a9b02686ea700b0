// Quantities of Kubernetes: `500m` is `0.5`, `1Gi` is `1024Mi` (apimachinery pkg/api/resource/quantity.go).
import type { Json } from '../bundle/object.ts';

/** Powers of ten as exponents, binary suffixes as factors. */
const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** In billionths, the finest that a quantity can say; `undefined` where the text is none. */
const billionths = (text: string): bigint | undefined => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match ?? [];
  if (match === null || whole + fraction === '') return undefined;
  const power = exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent.slice(1));
  if (Math.abs(power) > 30 || whole.length + fraction.length > 40) return undefined;
  const factor = 1024n ** BigInt(binary.indexOf(suffix) + 1);
  const shift = power + 9 - fraction.length;
  const digits = BigInt(whole + fraction) * factor;
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === '-' ? -value : value;
};

/** Whether both are quantities of the same size; a number counts as one. */
export const sameQuantity = (one: Json | undefined, other: Json | undefined): boolean => {
  const read = (value: Json | undefined): bigint | undefined =>
    typeof value === 'string' || typeof value === 'number' ? billionths(String(value)) : undefined;
  const [left, right] = [read(one), read(other)];
  return left !== undefined && left === right;
};
