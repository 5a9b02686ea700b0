// The form in which an object is sent: as it was written, without what only the server writes.
import { isMap } from '../bundle/field.ts';
import type { JsonObject, KubernetesObject } from '../bundle/object.ts';
import { lastApplied, serverOwned } from '../compare/server-owned.ts';
import type { ApiResource } from './discovery.ts';

const without = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/**
 * managedFields must be nil in an apply. Where status is a subresource the API server takes none from a manifest, and that
 * of a CRD from a release file (`status.conditions: null`) fails validation; elsewhere it is a field like any other.
 * @param namespace `undefined` for an object of the cluster, whatever it says itself
 */
export const manifestOf = (
  object: KubernetesObject,
  namespace: string | undefined,
  { statusApart }: Pick<ApiResource, 'statusApart'>,
): KubernetesObject => {
  const { name } = object.metadata;
  const { annotations, ...metadata } = without(object.metadata, [...serverOwned, 'namespace']);
  const kept = isMap(annotations) ? without(annotations, [lastApplied]) : annotations;
  const empty =
    isMap(annotations) && isMap(kept) && Object.keys(kept).length < Object.keys(annotations).length;
  return {
    ...(statusApart ? without(object, ['status']) : object),
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...metadata,
      name,
      ...(namespace !== undefined && { namespace }),
      ...(kept !== undefined &&
        kept !== null &&
        !(empty && Object.keys(kept).length === 0) && { annotations: kept }),
    },
  };
};
