// Whether an object already is what a server-side apply would make of it, told from the object alone.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { builtInSchema } from './built-in.ts';
import { covers, equal } from './equal.ts';
import { appliedBy, hasKeys } from './managed-fields.ts';
import { type Schema, schemaOfField, schemaOfItems, withDefaults } from './schema.ts';

/**
 * Why an object may not be what applying would make of it. Only `undefined` is a statement; a difference may turn out
 * to be none (a quantity written in another way, a default): the API server knows.
 */
export interface Difference {
  /** `.spec.rules`, `.metadata.labels.app`. */
  readonly path: string;
  /**
   * `ownership`: we own what is no longer sent, or do not own yet what is; `value`: another value stands there;
   * `defaults`: the value has more in it than was sent, which defaults may have filled in: the schema would tell.
   */
  readonly by: 'ownership' | 'value' | 'defaults';
}

type Path = readonly string[];

interface Node {
  readonly wanted: Json;
  readonly live: Json | undefined;
  /** Our part of managedFields below this node. */
  readonly fields: JsonObject;
  readonly schema: Schema | undefined;
  readonly path: Path;
}

/** Never in managedFields (apimachinery util/managedfields/internal/stripmeta.go), and never changed by an apply. */
const identity: readonly string[] = [
  '.apiVersion',
  '.kind',
  '.metadata',
  '.metadata.name',
  '.metadata.namespace',
];

const textOf = (path: Path): string => path.join('');
const differs = (path: Path, by: Difference['by']): Difference => ({ path: textOf(path), by });

const elementsOf = (fields: JsonObject): readonly string[] =>
  Object.keys(fields).filter((key) => key !== '.');

const below = (fields: JsonObject, element: string): JsonObject => {
  const value = Object.hasOwn(fields, element) ? fields[element] : undefined;
  return isMap(value) ? value : {};
};

const parsed = (text: string): Json | undefined => {
  try {
    // JSON.parse gives JSON.
    const value: Json = JSON.parse(text) as Json;
    return value;
  } catch {
    return undefined;
  }
};

/** Labels and annotations are never one leaf, unless they were sent empty. */
const granular = ['.metadata.labels', '.metadata.annotations'];

/** The API server omits what is empty; owned as it is, it was empty when we applied it. */
const isEmpty = (value: Json): boolean =>
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0);

/** A default that the API server does not write out. */
const isOmitted = (value: Json, schema: Schema | undefined): boolean => equal(value, schema?.['default']);

/** A map whose fields have owners of their own: to say that it is empty says nothing of those that others fill in. */
const isGranular = (schema: Schema | undefined): boolean =>
  isMap(schema?.['properties']) && schema['x-kubernetes-map-type'] !== 'atomic';

/** A value that is owned as a whole: a scalar, an atomic list or map, an empty map, nothing at all. */
const compareLeaf = ({ wanted, live, schema, path }: Node): Difference | undefined => {
  // Owned and not there, it was as little when we applied it: `kubectl create` prints `creationTimestamp: null`.
  if (wanted === null) return (live ?? null) === null ? undefined : differs(path, 'value');
  const whole = Array.isArray(wanted) || isMap(wanted);
  if (isMap(wanted) && Object.keys(wanted).length > 0 && granular.includes(textOf(path)))
    return differs(path, 'ownership');
  if (equal(wanted, live) || (live === undefined && (isEmpty(wanted) || isOmitted(wanted, schema))))
    return undefined;
  if (!whole) return differs(path, 'value');
  if (isMap(wanted) && isMap(live) && Object.keys(wanted).length === 0 && isGranular(schema))
    return undefined;
  if (schema === undefined) return differs(path, covers(live, wanted) ? 'defaults' : 'value');
  const filled = withDefaults(wanted, schema);
  return filled !== undefined && equal(filled, live) ? undefined : differs(path, 'value');
};

/** The first certain difference of several, or else the first that a schema may explain. */
const firstOf = (differences: Iterable<Difference | undefined>): Difference | undefined => {
  let doubt: Difference | undefined;
  for (const difference of differences) {
    if (difference?.by === 'defaults') doubt ??= difference;
    else if (difference) return difference;
  }
  return doubt;
};

const compareMap = (node: Node): Difference | undefined => firstOf(differencesOfMap(node));

function* differencesOfMap({ wanted, live, fields, schema, path }: Node): Generator<Difference | undefined> {
  if (!isMap(wanted) || !isMap(live)) {
    yield differs(path, 'value');
    return;
  }
  const given = Object.keys(wanted).filter((name) => wanted[name] !== undefined);
  const gone = elementsOf(fields).find((element) => !given.includes(element.slice(2)));
  if (gone !== undefined) yield differs([...path, `.${gone.slice(2)}`], 'ownership');
  for (const name of given) {
    const inner = [...path, `.${name}`];
    const owned = Object.hasOwn(fields, `f:${name}`);
    const isMetadata = textOf(inner) === '.metadata';
    if (!owned && !identity.includes(textOf(inner))) yield differs(inner, 'ownership');
    if (!owned && !isMetadata) continue;
    const node: Node = {
      wanted: wanted[name] ?? null,
      live: Object.hasOwn(live, name) ? live[name] : undefined,
      fields: below(fields, `f:${name}`),
      schema: schemaOfField(schema, name),
      path: inner,
    };
    yield isMetadata ? compareMap(node) : compare(node);
  }
}

/** Applied items keep the order in which they are sent; others' items may stand between them. */
const inOrder = (positions: readonly number[]): boolean =>
  positions.every(
    (position, index) => position >= 0 && (index === 0 || position > (positions[index - 1] ?? -1)),
  );

/** A list whose items have keys: containers by name, ports by port and protocol. */
const compareKeyed = ({ wanted, live, fields, schema, path }: Node): Difference | undefined => {
  const elements = elementsOf(fields);
  if (!Array.isArray(wanted) || !Array.isArray(live)) return differs(path, 'value');
  if (wanted.length !== elements.length) return differs(path, 'ownership');
  const places: { readonly at: number; readonly from: number }[] = [];
  const differences: (Difference | undefined)[] = [];
  for (const element of elements) {
    const keys = parsed(element.slice(2));
    const inner = below(fields, element);
    const itemPath = [...path, `[${element.slice(2)}]`];
    if (!isMap(keys)) return differs(itemPath, 'ownership');
    const from = wanted.findIndex((item: Json) => hasKeys(item, keys, inner));
    const at = live.findIndex((item: Json) => hasKeys(item, keys));
    const item: Json | undefined = wanted[from];
    if (item === undefined || places.some((place) => place.from === from))
      return differs(itemPath, 'ownership');
    const node = {
      wanted: item,
      live: live[at],
      fields: inner,
      schema: schemaOfItems(schema),
      path: itemPath,
    };
    differences.push(compare(node));
    places.push({ at, from });
  }
  const positions = places.toSorted((one, other) => one.from - other.from).map(({ at }) => at);
  return firstOf([...differences, inOrder(positions) ? undefined : differs(path, 'value')]);
};

/** A list of scalars in which each stands once: finalizers. */
const compareSet = ({ wanted, live, fields, path }: Node): Difference | undefined => {
  const elements = elementsOf(fields);
  if (!Array.isArray(wanted) || !Array.isArray(live)) return differs(path, 'value');
  const owned = new Set(elements.map((element) => JSON.stringify(parsed(element.slice(2)))));
  if (wanted.length !== owned.size || !wanted.every((item: Json) => owned.has(JSON.stringify(item))))
    return differs(path, 'ownership');
  const positions = wanted.map((item: Json) => live.findIndex((other: Json) => equal(item, other)));
  return inOrder(positions) ? undefined : differs(path, 'value');
};

const compare = (node: Node): Difference | undefined => {
  const elements = elementsOf(node.fields);
  if (elements.length === 0) return compareLeaf(node);
  const [kind = ''] = elements.map((element) => element.slice(0, 2));
  if (!elements.every((element) => element.startsWith(kind))) return differs(node.path, 'ownership');
  if (kind === 'f:') return compareMap(node);
  if (kind === 'k:') return compareKeyed(node);
  return kind === 'v:' ? compareSet(node) : differs(node.path, 'ownership');
};

/**
 * `undefined` only when applying `wanted` as `manager` would change neither a value nor the ownership of any field: the
 * fields that the manager owns by Apply are exactly those that `wanted` has, and each has its value.
 * Rests on structured-merge-diff: typed/tofieldset.go says which fields an applied object owns.
 * @param wanted as it is sent: namespace filled in, without what only the server writes
 * @param schema of the kind, where it is a custom one: tells the defaults inside of atomic lists and maps
 */
export const differenceFromApplied = (
  wanted: KubernetesObject,
  live: KubernetesObject,
  manager: string,
  schema?: Schema,
): Difference | undefined => {
  const ours = appliedBy(live, manager);
  // Paths of another version of the kind may mean something else.
  if (ours !== undefined && ours.apiVersion !== wanted.apiVersion) return differs([], 'ownership');
  if (live.metadata['deletionTimestamp'] !== undefined)
    return differs(['.metadata.deletionTimestamp'], 'value');
  // Whoever owns nothing has no entry: a Namespace that is but a name.
  const known = schema ?? builtInSchema(wanted.apiVersion);
  return compareMap({ wanted, live, fields: ours?.fields ?? {}, schema: known, path: [] });
};
