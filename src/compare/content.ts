// Whether a write changed an object: what it was before against what the API server answered.
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

/** The same values, and the manager owns the same fields. */
export const sameContent = (before: KubernetesObject, after: KubernetesObject, manager: string): boolean =>
  sameValues(before, after) && equal(appliedBy(before, manager)?.fields, appliedBy(after, manager)?.fields);
