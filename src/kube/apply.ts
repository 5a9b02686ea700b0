// Server-side apply: sends one object as it was written and tells what that changed.
import { isDeepStrictEqual } from 'node:util';
import type { Applied, Applier } from '../apply/applier.ts';
import { type JsonObject, type KubernetesObject, refOf } from '../bundle/object.ts';
import type { Kube, KubeAnswer } from './connection.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { objectOf } from './object.ts';
import { groupOf, isPathSegment, pathOf, permissionOf } from './path.ts';
import { clusterReader } from './reader.ts';
import { explain } from './refusal.ts';
import { type Patience, retry, sendPatiently } from './retry.ts';
import { isFields } from './status.ts';

/** The name under which the action owns fields; fixed for ever, or old fields would have two owners. */
export const fieldManager = 'eks-gateway-action';

export interface ApplierOptions {
  /** For namespaced objects that name none. */
  readonly namespace: string;
  /** Take fields over from other managers instead of reporting a conflict. */
  readonly force?: boolean;
  /** How long one object is tried (default 60 s). */
  readonly patience?: Patience;
}

const defaultPatience: Patience = { milliseconds: 60_000 };

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const without = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/**
 * The object without what only the server writes: managedFields must be nil in an apply, and the status of a CRD
 * from a release file (`status.conditions: null`) fails validation.
 */
const toSend = (object: KubernetesObject, namespace: string | undefined): JsonObject => {
  const serverOwned = [
    'managedFields',
    'creationTimestamp',
    'resourceVersion',
    'uid',
    'generation',
    'selfLink',
  ];
  const { annotations, ...metadata } = without(object.metadata, [...serverOwned, 'namespace']);
  const kept = isFields(annotations)
    ? Object.entries(annotations).filter(([key]) => key !== lastApplied)
    : [];
  return {
    ...without(object, ['status']),
    metadata: {
      ...metadata,
      ...(namespace !== undefined && { namespace }),
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) as JsonObject }),
    },
  };
};

const resourceVersion = (object: KubernetesObject): unknown => object.metadata['resourceVersion'];

/** What we own of an object, as managedFields has it. */
const owned = (object: KubernetesObject): unknown => {
  const entries = object.metadata['managedFields'];
  if (!Array.isArray(entries)) return undefined;
  const ours: unknown = entries.find(
    (entry) => isFields(entry) && entry['manager'] === fieldManager && entry['operation'] === 'Apply',
  );
  return isFields(ours) ? ours['fieldsV1'] : undefined;
};

const content = (object: KubernetesObject): unknown => ({
  ...without(object, ['status', 'metadata']),
  metadata: without(object.metadata, ['managedFields', 'resourceVersion', 'generation']),
});

/**
 * A server-side apply that changes nothing is not written and keeps resourceVersion (kubernetes/apiserver
 * storage/etcd3/store.go). A controller that writes status between our two requests changes it as well, so a
 * different resourceVersion alone is no proof.
 */
const same = (before: KubernetesObject, after: KubernetesObject): boolean =>
  resourceVersion(before) === resourceVersion(after) ||
  (isDeepStrictEqual(content(before), content(after)) && isDeepStrictEqual(owned(before), owned(after)));

/** The group and kind that a CustomResourceDefinition brings. */
const kindOfCrd = (object: KubernetesObject): string | undefined => {
  const { spec } = object;
  if (object.kind !== 'CustomResourceDefinition' || !isFields(spec) || !isFields(spec['names']))
    return undefined;
  return `${String(spec['group'])}/${String(spec['names']['kind'])}`;
};

/** Applies with `fieldValidation=Strict`: a field that the API server does not know is an error, not silence. */
export const serverSideApplier = (kube: Kube, discovery: Discovery, options: ApplierOptions): Applier => {
  const patience = options.patience ?? defaultPatience;
  const reader = clusterReader(kube);
  // Kinds whose CRD was applied here: they become visible within seconds, so they are waited for.
  const expected = new Set<string>();

  const resource = (object: KubernetesObject, signal: AbortSignal): Promise<ApiResource | undefined> =>
    retry(
      async () => {
        const found = await discovery.find(object.apiVersion, object.kind, signal);
        if (found || !expected.has(`${groupOf(object.apiVersion)}/${object.kind}`)) return { result: found };
        return { again: `${object.kind} (${object.apiVersion}) is not served yet`, otherwise: undefined };
      },
      patience,
      kube.clock,
      signal,
    );

  const namespaceOf = (object: KubernetesObject, { namespaced }: ApiResource): string | undefined =>
    namespaced ? (object.metadata.namespace ?? options.namespace) : undefined;

  const patch = (
    place: ApiResource,
    namespace: string | undefined,
    object: KubernetesObject,
    signal: AbortSignal,
  ) =>
    sendPatiently(
      kube,
      {
        method: 'PATCH',
        path: pathOf(place, namespace, object.metadata.name),
        query: { fieldManager, fieldValidation: 'Strict', force: options.force ?? false },
        body: toSend(object, namespace),
        contentType: 'application/apply-patch+yaml',
      },
      patience,
      signal,
    );

  const resultOf = (
    answer: KubeAnswer,
    before: KubernetesObject | undefined,
    live: KubernetesObject,
  ): 'created' | 'configured' | 'unchanged' => {
    if (answer.status === 201) return 'created';
    return before && same(before, live) ? 'unchanged' : 'configured';
  };

  const applyTo = async (
    place: ApiResource,
    object: KubernetesObject,
    signal: AbortSignal,
  ): Promise<Applied> => {
    const namespace = namespaceOf(object, place);
    const ref = refOf({
      ...object,
      metadata: { ...(namespace && { namespace }), name: object.metadata.name },
    });
    // Denied to read it, we can still write it; we then cannot tell whether that changed anything.
    const before = await reader.get(place, namespace, object.metadata.name, signal);
    const answer = await patch(place, namespace, object, signal);
    const { warnings } = answer;
    const live = answer.status < 300 ? objectOf(answer.body, object) : undefined;
    if (!live) {
      const needed = permissionOf('patch', place, namespace);
      return { ref, warnings, ...explain(answer, { ref, namespace, needed, principal: kube.principal }) };
    }
    return {
      ref,
      result: resultOf(answer, 'value' in before ? before.value : undefined, live),
      live,
      warnings,
    };
  };

  return {
    apply: async (object, signal) => {
      const brings = kindOfCrd(object);
      if (brings !== undefined) expected.add(brings);
      const place = await resource(object, signal);
      if (!isPathSegment(object.metadata.name)) {
        const message = `"${object.metadata.name}" cannot be the name of an object.`;
        return { ref: refOf(object), result: 'failed', message, warnings: [] };
      }
      if (!place) {
        return {
          ref: refOf(object),
          result: 'failed',
          message: `The cluster does not serve ${object.kind} in ${object.apiVersion}.`,
          hint: 'Add the CustomResourceDefinition to the repository, or install the chart that brings it first.',
          warnings: [],
        };
      }
      return applyTo(place, object, signal);
    },

    read: async (object, signal) => {
      const place = await discovery.find(object.apiVersion, object.kind, signal);
      if (!place) return { at: kube.clock.now(), value: undefined };
      return reader.get(place, namespaceOf(object, place), object.metadata.name, signal);
    },

    serves: async (apiVersion, kind, signal) =>
      (await discovery.find(apiVersion, kind, signal)) !== undefined,
  };
};
