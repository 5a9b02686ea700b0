// The fields of a manifest that a live object does not meet; what the manifest does not say is not looked at.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject } from '../bundle/object.ts';
import { sameDuration } from './duration.ts';
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

/**
 * Fields of built-in kinds that are pointers and have no default: an empty value of theirs is kept, and is another thing than
 * none (k8s.io/api core/v1, networking/v1, policy/v1, batch/v1 types.go).
 */
const kept = new Set([
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'emptyDir',
  'fsGroup',
  'labelSelector',
  'maxUnavailable',
  'minAvailable',
  'namespaceSelector',
  'runAsGroup',
  'runAsNonRoot',
  'runAsUser',
  'tolerationSeconds',
  'ttlSecondsAfterFinished',
]);

/** Not what users name themselves: labels, annotations, the keys of a ConfigMap. */
const isKept = (steps: readonly Step[]): boolean => {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || !('field' in first) || last === undefined || !('field' in last)) return false;
  return first.field === 'spec' || steps.length === 1 ? kept.has(last.field) : false;
};

/**
 * Fields of built-in kinds that are no pointers, so that their zero is the same as nothing, and that the API server then
 * fills in: a default, an address, a port (kubernetes pkg/apis/core/v1/defaults.go and its like).
 */
const filledIn = new Set([
  'apiGroup',
  'clusterIP',
  'concurrencyPolicy',
  'dnsPolicy',
  'failureThreshold',
  'healthCheckNodePort',
  'imagePullPolicy',
  'nodePort',
  'periodSeconds',
  'protocol',
  'restartPolicy',
  'schedulerName',
  'scheme',
  'sessionAffinity',
  'successThreshold',
  'targetPort',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'timeoutSeconds',
  'type',
]);

/** Not what users name themselves: labels, annotations, the keys of a ConfigMap. */
const isFilledIn = ({ wanted, steps }: Node): boolean => {
  const [first, last] = [steps[0], steps.at(-1)];
  if (wanted !== '' && wanted !== 0) return false;
  if (first === undefined || !('field' in first) || last === undefined || !('field' in last)) return false;
  const free = steps.length > 1 && ['metadata', 'data', 'binaryData', 'stringData'].includes(first.field);
  return !free && filledIn.has(last.field);
};

const unmet = ({ steps, wanted, live }: Node): readonly Unmet[] => [
  { steps, ...(wanted !== undefined && { wanted }), ...(live !== undefined && { found: live }) },
];

type Compare = (node: Node) => readonly Unmet[];

/** A field that the schema does not have is dropped by the API server, unless it is asked to refuse it. */
const isDropped = (schema: Schema | undefined, name: string): boolean =>
  isMap(schema?.['properties']) &&
  schema?.['additionalProperties'] === undefined &&
  schema?.['x-kubernetes-preserve-unknown-fields'] !== true &&
  schema?.['x-kubernetes-embedded-resource'] !== true &&
  schemaOfField(schema, name) === undefined;

const inMap = (wanted: JsonObject, live: JsonObject, { schema, steps }: Node, compare: Compare) =>
  Object.keys(wanted).flatMap((name) => {
    if (!Object.hasOwn(live, name) && isDropped(schema, name)) return [];
    return compare({
      wanted: wanted[name],
      live: Object.hasOwn(live, name) ? live[name] : undefined,
      schema: schemaOfField(schema, name),
      steps: [...steps, { field: name }],
    });
  });

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

/**
 * The live items with the same keys, and the wanted one's place among its twins. A list that was written without
 * server-side apply may have a key twice (`env` of a careless chart); where fewer are left, those are the last.
 */
const twinOf = (
  wanted: readonly Json[],
  live: readonly Json[],
  index: number,
  same: (one: Json) => boolean,
): { readonly live: Json | undefined } | undefined => {
  const twins = wanted.flatMap((each, place) => (same(each) ? [place] : []));
  const found = live.filter(same);
  const gone = twins.length - Math.max(1, found.length);
  const place = twins.indexOf(index) - Math.max(0, gone);
  return place < 0 ? undefined : { live: found[place] };
};

/** `x-kubernetes-list-type: map`: others' items, and the order, are not the manifest's business. */
const inKeyed = (
  wanted: readonly Json[],
  live: readonly Json[],
  node: Node,
  names: readonly string[],
  compare: Compare,
): readonly Unmet[] =>
  wanted.flatMap((item, index) => {
    const keys = keysOf(item, names, node.schema);
    const twin = twinOf(wanted, live, index, (each) => equal(keysOf(each, names, node.schema), keys));
    if (twin === undefined) return [];
    return compare({
      wanted: item,
      live: twin.live,
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
    if (has === undefined && mayOmit && isEmpty(want) && !isKept(node.steps)) return [];
    if (omitsEmpty && isFilledIn(node)) return [];
    // Types of Kubernetes in custom kinds: a controller that writes the object back writes them in its own way.
    if (!omitsEmpty && sameDuration(want, has)) return [];
    if (isMap(want) && isMap(has)) return inMap(want, has, node, compare);
    if (Array.isArray(want) && Array.isArray(has)) return inList(want, has, node, compare);
    if (isQuantity(node.schema) && sameQuantity(want, has)) return [];
    return unmet(node);
  };
  return compare({ wanted, live, schema, steps: [] });
};
