// The fields of a manifest that a live object does not meet; what the manifest does not say is not looked at.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { sameQuantity } from './quantity.ts';
import { type Schema, schemaOfField, schemaOfItems } from './schema.ts';

/** A step into an object: a field, an item of a list by its keys, or by its place. */
export type Step =
  | { readonly field: string }
  | { readonly keys: Readonly<Record<string, Json>> }
  | { readonly index: number };

export interface Unmet {
  readonly steps: readonly Step[];
  /** Absent: there should be nothing. */
  readonly wanted?: Json;
  /** Absent: there is nothing. */
  readonly found?: Json;
}

interface Node {
  readonly wanted: Json | undefined;
  readonly live: Json | undefined;
  readonly schema: Schema | undefined;
  readonly steps: readonly Step[];
}

const fieldStep = (name: string): string => (/^[A-Za-z_$][\w$-]*$/.test(name) ? `.${name}` : `[${name}]`);

const stepText = (step: Step): string => {
  if ('field' in step) return fieldStep(step.field);
  if ('index' in step) return `[${step.index}]`;
  return `[${Object.entries(step.keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
};

/** As `path.ts` reads it: `.spec.listeners[name="https"].port`. */
export const pathText = (steps: readonly Step[]): string => steps.map(stepText).join('');

/** The API server leaves out what is empty of kinds whose schema is Go code (`omitempty`). */
const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0);

const unmet = ({ steps, wanted, live }: Node): readonly Unmet[] => [
  { steps, ...(wanted !== undefined && { wanted }), ...(live !== undefined && { found: live }) },
];

type Compare = (node: Node) => readonly Unmet[];

const inMap = (wanted: JsonObject, live: JsonObject, { schema, steps }: Node, compare: Compare) =>
  Object.keys(wanted).flatMap((name) =>
    compare({
      wanted: wanted[name],
      live: Object.hasOwn(live, name) ? live[name] : undefined,
      schema: schemaOfField(schema, name),
      steps: [...steps, { field: name }],
    }),
  );

/** The keys of an item, those that were left out with their default. */
const keysOf = (item: Json, names: readonly string[], schema: Schema | undefined) => {
  const keys: Record<string, Json> = {};
  for (const name of names) {
    const value = isMap(item) ? item[name] : undefined;
    const fallback = schemaOfField(schemaOfItems(schema), name)?.['default'];
    if (value !== undefined) keys[name] = value;
    else if (fallback !== undefined) keys[name] = fallback;
  }
  return keys;
};

/** `x-kubernetes-list-type: map`: others' items, and the order, are not the manifest's business. */
const inKeyed = (
  wanted: readonly Json[],
  live: readonly Json[],
  node: Node,
  names: readonly string[],
  compare: Compare,
): readonly Unmet[] =>
  wanted.flatMap((item) => {
    const keys = keysOf(item, names, node.schema);
    return compare({
      wanted: item,
      live: live.find((each) => equal(keysOf(each, names, node.schema), keys)),
      schema: schemaOfItems(node.schema),
      steps: [...node.steps, { keys }],
    });
  });

const inPlaces = (wanted: readonly Json[], live: readonly Json[], node: Node, compare: Compare) =>
  Array.from({ length: Math.max(wanted.length, live.length) }, (_, index) => index).flatMap((index) => {
    const inner: Node = {
      wanted: wanted[index],
      live: live[index],
      schema: schemaOfItems(node.schema),
      steps: [...node.steps, { index }],
    };
    return inner.wanted === undefined ? unmet(inner) : compare(inner);
  });

const inList = (wanted: readonly Json[], live: readonly Json[], node: Node, compare: Compare) => {
  const type = node.schema?.['x-kubernetes-list-type'];
  const names = node.schema?.['x-kubernetes-list-map-keys'];
  if (type === 'map' && Array.isArray(names)) return inKeyed(wanted, live, node, names.map(String), compare);
  if (type === 'set') {
    const missing = wanted.filter((item) => !live.some((other) => equal(item, other)));
    return missing.length === 0 ? [] : unmet(node);
  }
  // A list of scalars is understood as a whole.
  return [...wanted, ...live].every(isMap) ? inPlaces(wanted, live, node, compare) : unmet(node);
};

const isQuantity = (schema: Schema | undefined): boolean =>
  schema?.['format'] === 'quantity' || schema?.['x-kubernetes-int-or-string'] === true;

/**
 * Every field that `wanted` sets and `live` does not meet. Maps are looked into by the keys of `wanted`; lists by the
 * schema's keys, as sets, or place by place, where an item too many counts.
 * @param schema of the kind with its references resolved; without one every list is compared place by place, so that
 * none at all is a statement, and some may turn out to be none
 * @param omitsEmpty a built-in kind: what is empty is the same as nothing
 */
export const unmetFields = (
  wanted: Json,
  live: Json,
  { schema, omitsEmpty }: { readonly schema?: Schema; readonly omitsEmpty: boolean },
): readonly Unmet[] => {
  const compare: Compare = (node) => {
    const { wanted: want, live: has } = node;
    // A null asks for nothing, or for the default.
    if (want === undefined || want === null || equal(want, has)) return [];
    const [first] = node.steps;
    const mayOmit = omitsEmpty || (first !== undefined && 'field' in first && first.field === 'metadata');
    if (has === undefined && mayOmit && isEmpty(want)) return [];
    if (isMap(want) && isMap(has)) return inMap(want, has, node, compare);
    if (Array.isArray(want) && Array.isArray(has)) return inList(want, has, node, compare);
    if (isQuantity(node.schema) && sameQuantity(want, has)) return [];
    return unmet(node);
  };
  return compare({ wanted, live, schema, steps: [] });
};
