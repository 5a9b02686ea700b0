// Fields that `kubectl apply` wrote before, that the manifest does not have (any more), and that stay: kubectl owns them.
import { field, isMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { appliedBy, fieldsEntries } from './managed-fields.ts';
import { pathText, type Step } from './unmet.ts';

/** kubectl pkg/cmd/apply/apply.go: the manager of an apply that is not server-side. */
export const kubectlManager = 'kubectl-client-side-apply';

/** The manifest that kubectl applied last. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const parsed = (text: Json | undefined): Json | undefined => {
  if (typeof text !== 'string') return undefined;
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

/** What the element of managedFields stands for in a value; an item whose key was left out has its default. */
const within = (value: Json, element: string): Json | undefined => {
  if (element.startsWith('f:')) return isMap(value) ? value[element.slice(2)] : undefined;
  const keys = parsed(element.slice(2));
  if (!Array.isArray(value) || keys === undefined) return undefined;
  if (element.startsWith('v:')) return value.find((item: Json) => equal(item, keys));
  return value.find(
    (item: Json) =>
      isMap(item) &&
      isMap(keys) &&
      Object.entries(keys).every(([name, key]) => item[name] === undefined || equal(item[name], key)),
  );
};

const stepOf = (element: string): Step => {
  if (element.startsWith('f:')) return { field: element.slice(2) };
  const keys = parsed(element.slice(2)) ?? null;
  if (!element.startsWith('k:') || !isMap(keys)) return { keys: { '': keys } };
  return {
    keys: Object.fromEntries(
      Object.entries(keys).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
};

const isNothing = (value: Json | undefined): boolean =>
  (value ?? null) === null ||
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0);

const isLeaf = (fields: Json | undefined): boolean =>
  !isMap(fields) || Object.keys(fields).every((element) => element === '.');

const isMetadata = ([first]: readonly Step[]): boolean =>
  first !== undefined && 'field' in first && first.field === 'metadata';

interface Node {
  /** kubectl's part of managedFields at this place, and ours. */
  readonly theirs: JsonObject;
  readonly ours: JsonObject;
  readonly before: Json;
  readonly live: Json;
  readonly steps: readonly Step[];
}

const below = ({ theirs, ours, before, live, steps }: Node): readonly string[] =>
  Object.entries(theirs).flatMap(([element, fields]): readonly string[] => {
    if (element === '.') return [];
    const [was, is] = [within(before, element), within(live, element)];
    // It was never in a manifest: a default, or kubectl's own annotation.
    if (was === undefined || isNothing(was) || is === undefined) return [];
    const path = [...steps, stepOf(element)];
    const own = Object.hasOwn(ours, element) ? ours[element] : undefined;
    const inner = { theirs: isMap(fields) ? fields : {}, before: was, live: is, steps: path };
    if (own === undefined) {
      const left = isLeaf(fields) ? [pathText(path)] : below({ ...inner, ours: {} });
      // Of labels and annotations each by itself: kubectl's own is among them.
      return left.length === 0 || isMetadata(path) ? left : [pathText(path)];
    }
    // Owned as a whole, it goes with what is in it.
    return isMap(own) && !isLeaf(own) ? below({ ...inner, ours: own }) : [];
  });

/**
 * Paths of what stays, outermost first: kubectl owns it and we do not, and it stood in the manifest that kubectl applied
 * last; that it filled in a default, as kubectl's entry has them all, is no reason to speak of it.
 * @param live as it is after we have applied it
 * @param manager ours
 */
export const leftToKubectl = (live: KubernetesObject, manager: string): readonly string[] => {
  const theirs = fieldsEntries(live).find(
    (entry) => entry.manager === kubectlManager && entry.subresource === undefined,
  );
  const ours = theirs && appliedBy(live, manager);
  const before = ours && parsed(field(live, 'metadata', 'annotations', lastApplied));
  if (theirs === undefined || ours === undefined || before === undefined) return [];
  return below({ theirs: theirs.fields, ours: ours.fields, before, live, steps: [] });
};
