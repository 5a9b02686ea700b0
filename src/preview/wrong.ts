// What a rule of the preview policy finds, and how rules look into objects.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import type { Code } from '../verdict/codes.ts';

export type Path = readonly (string | number)[];

export interface Wrong {
  readonly path: Path;
  readonly code: Code;
  /** A clause without a full stop. */
  readonly message: string;
  readonly hint?: string;
}

export const when = (condition: boolean, wrong: Wrong): readonly Wrong[] => (condition ? [wrong] : []);

/** Maps with this key, anywhere in a value, with their paths. */
export function* withKey(
  value: Json | undefined,
  key: string,
  path: Path = [],
): Generator<readonly [Json, Path]> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* withKey(item as Json, key, [...path, at]);
  } else if (isMap(value)) {
    if (value[key] !== undefined) yield [value, path];
    for (const [name, each] of Object.entries(value)) yield* withKey(each, key, [...path, name]);
  }
}

export const isSet = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
