// What a server-side apply would change, told from the live object alone: for roles that may not even try it.
import { Buffer } from 'node:buffer';
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { type Change, changesBetween } from '../compare/changes.ts';
import { equal } from '../compare/equal.ts';
import { appliedBy } from '../compare/managed-fields.ts';
import { resolvePath } from '../compare/path.ts';
import { type Schema, withDefaults } from '../compare/schema.ts';

const keysIn = (element: string): Json => {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(element.slice(2)) as Json;
  } catch {
    return null;
  }
};

const isItem = (element: string, item: Json | undefined): boolean => {
  const keys = keysIn(element);
  if (element.startsWith('v:')) return equal(keys, item);
  return (
    element.startsWith('k:') &&
    isMap(keys) &&
    isMap(item) &&
    Object.entries(keys).every(([name, value]) => equal(item[name], value))
  );
};

/** Whether the field at the path is the manager's: it goes when the manager no longer sends it. */
const owns = (fields: JsonObject, live: Json, path: readonly (string | number)[]): boolean => {
  let node = fields;
  let at: Json | undefined = live;
  for (const key of path) {
    const elements = Object.keys(node).filter((element) => element !== '.');
    // Owned as a whole: an atomic list or map.
    if (elements.length === 0) return true;
    at =
      typeof key === 'number' ? (Array.isArray(at) ? at[key] : undefined) : isMap(at) ? at[key] : undefined;
    const item = at;
    const element = typeof key === 'string' ? `f:${key}` : elements.find((each) => isItem(each, item));
    const below = element === undefined || !Object.hasOwn(node, element) ? undefined : node[element];
    if (!isMap(below)) return false;
    node = below;
  }
  return true;
};

/** A Secret's stringData is write-only: the API server keeps it encoded in data. */
const asStored = (sent: KubernetesObject): KubernetesObject => {
  const { stringData, data, ...rest } = sent;
  if (sent.kind !== 'Secret' || !isMap(stringData)) return sent;
  const encoded = Object.entries(stringData).map(([name, value]) => [
    name,
    Buffer.from(String(value ?? '')).toString('base64'),
  ]);
  return { ...rest, data: { ...(isMap(data) && data), ...Object.fromEntries(encoded) } };
};

/**
 * Sent fields that differ, and fields of ours that are sent no more. What defaults and webhooks would make of the object
 * is not in it, but for the defaults of custom kinds; a quantity written in another way counts as a change.
 */
export const predictedChanges = (
  live: KubernetesObject,
  sent: KubernetesObject,
  manager: string,
  schema?: Schema,
): readonly Change[] => {
  const stored = asStored(sent);
  const filled = withDefaults(stored, schema);
  const wanted = isMap(filled) ? filled : stored;
  const fields = appliedBy(live, manager)?.fields ?? {};
  return changesBetween(live, wanted, schema).filter(
    ({ path, to }) => to !== undefined || owns(fields, live, resolvePath(live, path)),
  );
};
