// Whether two JSON values are the same.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';

/** The order of keys does not count; a key with the value `undefined` is as good as none. */
export const equal = (one: Json | undefined, other: Json | undefined): boolean => {
  if (one === other) return true;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item: Json, index) => equal(item, other[index]));
  }
  if (!isMap(one) || !isMap(other)) return false;
  const keys = Object.keys(one).filter((key) => one[key] !== undefined);
  const others = Object.keys(other).filter((key) => other[key] !== undefined);
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]))
  );
};

/** Whether everything that stands in `part` stands in `whole` too, at the same place; lists have the same length. */
export const covers = (whole: Json | undefined, part: Json): boolean => {
  if (Array.isArray(part)) {
    if (!Array.isArray(whole) || whole.length !== part.length) return false;
    return part.every((item: Json, index) => covers(whole[index], item));
  }
  if (!isMap(part)) return whole === part;
  if (!isMap(whole)) return false;
  return Object.entries(part).every(
    ([key, value]) => value === undefined || (Object.hasOwn(whole, key) && covers(whole[key], value)),
  );
};
