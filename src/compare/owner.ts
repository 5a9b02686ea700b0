// Who owns a field of an object, and since when: metadata.managedFields, asked for one path.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { type FieldsEntry, fieldsEntries } from './managed-fields.ts';
import { resolvePath } from './path.ts';

const parsed = (text: string): Json | undefined => {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

/** The element of managedFields that stands for an item of a list: by its keys, or by its value in a set. */
const elementOfItem = (fields: JsonObject, item: Json | undefined): string | undefined =>
  Object.keys(fields).find((element) => {
    const value = parsed(element.slice(2));
    if (element.startsWith('v:')) return value !== undefined && equal(value, item);
    return (
      element.startsWith('k:') &&
      isMap(value) &&
      isMap(item) &&
      Object.entries(value).every(([key, wanted]) => equal(wanted, item[key]))
    );
  });

const inside = (value: Json | undefined, key: string | number): Json | undefined => {
  if (typeof key === 'number') return Array.isArray(value) ? (value[key] as Json | undefined) : undefined;
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
};

/** A node with nothing below it is owned whole: a scalar, an atomic list or map. */
const owns = (
  { fields }: FieldsEntry,
  object: Json,
  path: readonly (string | number)[],
  gone: boolean,
): boolean => {
  let at: JsonObject = fields;
  let value: Json | undefined = object;
  for (const [depth, key] of path.entries()) {
    if (depth > 0 && Object.keys(at).length === 0) return true;
    value = inside(value, key);
    const element = typeof key === 'number' ? elementOfItem(at, value) : `f:${key}`;
    const below = element === undefined ? undefined : at[element];
    if (!isMap(below)) return false;
    at = below;
  }
  return path.length > 0 && (!gone || Object.keys(at).length === 0);
};

/**
 * Every owner of the field, the latest to write first.
 * @param path as `path.ts` reads it
 * @param gone the field is not there: then only what holds it as a whole (an atomic list) has an owner
 */
export const ownersOf = (object: KubernetesObject, path: string, gone: boolean): readonly FieldsEntry[] => {
  const keys = resolvePath(object, path);
  return fieldsEntries(object)
    .filter((entry) => entry.subresource !== 'status' && owns(entry, object, keys, gone))
    .toSorted((one, other) => (other.since?.getTime() ?? 0) - (one.since?.getTime() ?? 0));
};
