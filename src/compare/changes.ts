// What differs between two states of an object, field by field.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { type Schema, schemaOfField, schemaOfItems } from './schema.ts';
import { lastApplied, serverOwned } from './server-owned.ts';

export interface Change {
  /** As `path.ts` reads it: `.spec.template.spec.containers[name="web"].image`, `.metadata.labels[a.b/c]`. */
  readonly path: string;
  /** Absent: the field was not there. */
  readonly from?: Json;
  /** Absent: the field will not be there. */
  readonly to?: Json;
}

interface Pair {
  readonly from: Json | undefined;
  readonly to: Json | undefined;
  readonly schema: Schema | undefined;
  readonly path: string;
}

/**
 * Keys by which the API server merges lists of built-in kinds (`x-kubernetes-list-map-keys` in their OpenAPI), each
 * used only where it tells all items of both lists apart.
 */
const usualKeys: readonly (readonly string[])[] = [
  ['name'],
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['mountPath'],
  ['devicePath'],
  ['topologyKey', 'whenUnsatisfiable'],
  ['type'],
  ['ip'],
];

/** API server defaults of keys that may be left out. */
const keyDefaults: Readonly<Record<string, Json>> = { protocol: 'TCP' };

const keyOf = (item: Json, keys: readonly string[]): string | undefined => {
  if (!isMap(item)) return undefined;
  const values = keys.map((key) => item[key] ?? keyDefaults[key]);
  if (!values.every((value) => typeof value === 'string' || typeof value === 'number')) return undefined;
  return `[${keys.map((key, index) => `${key}=${JSON.stringify(values[index])}`).join(',')}]`;
};

type Keyed = ReadonlyMap<string, Json>;

const keyedBy = (items: readonly Json[], keys: readonly string[]): Keyed | undefined => {
  const keyed = new Map<string, Json>();
  for (const item of items) {
    const key = keyOf(item, keys);
    if (key === undefined || keyed.has(key)) return undefined;
    keyed.set(key, item);
  }
  return keyed;
};

const keysOf = (schema: Schema | undefined): readonly (readonly string[])[] => {
  const type = schema?.['x-kubernetes-list-type'];
  if (type === undefined) return usualKeys;
  const keys = schema?.['x-kubernetes-list-map-keys'];
  return type === 'map' && Array.isArray(keys) ? [keys.map(String)] : [];
};

/** Names of fields as JSONPath has them; in brackets where a dot or a slash would be read as a step. */
const step = (name: string): string => (/^[A-Za-z_$][\w$-]*$/.test(name) ? `.${name}` : `[${name}]`);

/** A null is no field to the API server. */
const given = (value: Json | undefined): Json | undefined => (value === null ? undefined : value);

const inMap = (from: JsonObject, to: JsonObject, { schema, path }: Pair): readonly Change[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((name) =>
    between({
      from: Object.hasOwn(from, name) ? from[name] : undefined,
      to: Object.hasOwn(to, name) ? to[name] : undefined,
      schema: schemaOfField(schema, name),
      path: `${path}${step(name)}`,
    }),
  );

const inKeyed = (from: Keyed, to: Keyed, { schema, path }: Pair): readonly Change[] => {
  const both = (keys: Iterable<string>): readonly string[] =>
    [...keys].filter((key) => from.has(key) && to.has(key));
  const [before, after] = [both(from.keys()), both(to.keys())];
  const inside = [...new Set([...from.keys(), ...to.keys()])].flatMap((key) =>
    between({
      from: from.get(key),
      to: to.get(key),
      schema: schemaOfItems(schema),
      path: `${path}${key}`,
    }),
  );
  // Containers start, and variables are expanded, in the order of their lists.
  return equal(before, after) ? inside : [...inside, { path, from: before, to: after }];
};

/** Items that have no key: what stands alike at both ends is left out, the rest is compared place by place. */
const inPlaces = (from: readonly Json[], to: readonly Json[], { schema, path }: Pair): readonly Change[] => {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && equal(from[start], to[start])) start += 1;
  let end = 0;
  while (end < shorter - start && equal(from.at(-1 - end), to.at(-1 - end))) end += 1;
  const places = Math.max(from.length, to.length) - end - start;
  return Array.from({ length: places }, (_, offset) => start + offset).flatMap((index) =>
    between({
      from: index < from.length - end ? from[index] : undefined,
      to: index < to.length - end ? to[index] : undefined,
      schema: schemaOfItems(schema),
      path: `${path}[${index}]`,
    }),
  );
};

const inLists = (from: readonly Json[], to: readonly Json[], pair: Pair): readonly Change[] => {
  const { schema, path } = pair;
  const maps = [...from, ...to].every(isMap);
  // A list of scalars is understood as a whole.
  if (!maps || from.length === 0 || to.length === 0) return [{ path, from, to }];
  for (const keys of keysOf(schema)) {
    const [before, after] = [keyedBy(from, keys), keyedBy(to, keys)];
    if (before && after) return inKeyed(before, after, pair);
  }
  return inPlaces(from, to, pair);
};

const between = (pair: Pair): readonly Change[] => {
  const { path } = pair;
  const from = given(pair.from);
  const to = given(pair.to);
  if (equal(from, to)) return [];
  if (isMap(from) && isMap(to)) return inMap(from, to, pair);
  if (Array.isArray(from) && Array.isArray(to)) return inLists(from, to, pair);
  return [{ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
};

const without = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const wantedPart = (object: JsonObject): JsonObject => {
  const { metadata } = object;
  const rest = without(object, ['status', 'metadata']);
  if (!isMap(metadata)) return rest;
  const { annotations, ...others } = without(metadata, serverOwned);
  const kept = isMap(annotations) ? without(annotations, [lastApplied]) : {};
  return {
    ...rest,
    metadata: { ...others, ...(Object.keys(kept).length > 0 && { annotations: kept }) },
  };
};

/**
 * Without status and what only the server writes. An added or removed map or list is one change, at its root; items of
 * lists are told apart by their keys, where they have any. Values are as they are: whoever shows them masks first.
 * @param schema of the kind, where there is one: says by which keys lists are merged
 */
export const changesBetween = (from: JsonObject, to: JsonObject, schema?: Schema): readonly Change[] =>
  between({ from: wantedPart(from), to: wantedPart(to), schema, path: '' });
