// Whether a write changed an object: what it was before against what the API server answered.
import { isMap } from '../bundle/field.ts';
import type { JsonObject, KubernetesObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { appliedBy } from './managed-fields.ts';

const without = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

const content = (object: KubernetesObject): JsonObject => ({
  ...without(object, ['status', 'metadata']),
  metadata: without(object.metadata, ['managedFields', 'resourceVersion', 'generation']),
});

/**
 * Everything but status. A resourceVersion proves nothing in either direction: controllers write status in between, and a
 * dry run answers with the live one even where it would change the object.
 */
export const sameValues = (before: KubernetesObject, after: KubernetesObject): boolean =>
  equal(content(before), content(after));

/** Of a kind whose status is no subresource, status is content like the rest: then it can be owned by an apply. */
const sameStatus = (
  before: KubernetesObject,
  after: KubernetesObject,
  owned: JsonObject | undefined,
): boolean => !isMap(owned?.['f:status']) || equal(before['status'], after['status']);

/** The same values, and the manager owns the same fields. */
export const sameContent = (before: KubernetesObject, after: KubernetesObject, manager: string): boolean => {
  const fields = appliedBy(after, manager)?.fields;
  return (
    sameValues(before, after) &&
    sameStatus(before, after, fields) &&
    equal(appliedBy(before, manager)?.fields, fields)
  );
};
