// What is seen of a route: its status, its Gateways, and, where they matter, classes, backends, events and other routes.
import { field, list, moment, number, text, textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { conditionsOf, type Freshness } from '../gateway/conditions.ts';
import {
  asNamed,
  isOfListenerSet,
  type ParentRef,
  parentRefOf,
  parentRefsOf,
  sameParent,
} from '../gateway/shapes.ts';
import { albController } from '../gateway/versions.ts';
import type { Seen } from '../verdict/seen.ts';
import { type Blocker, isSilent, observeBlockers } from './blockers.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { observeEvents } from './events.ts';

export interface RouteWant extends Freshness {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
  readonly namespace: string;
  readonly name: string;
  /** The parentRefs to look at (`PublishedHost.parents`). */
  readonly parents: readonly ParentRef[];
  /** The host for which the chain is walked; a wildcard stays one. */
  readonly host: string;
}

/** What was seen of one parent. */
export interface RouteParent {
  readonly ref: ParentRef;
  readonly gateway?: KubernetesObject;
  /** The ListenerSet through which the route hangs on the Gateway: its listeners are those that matter. */
  readonly listenerSet?: KubernetesObject;
  /** Whether the Gateway could be read at all; without it nothing is said about it. */
  readonly unread?: string;
  /** Read only while the route has no status from the parent. */
  readonly gatewayClass?: { readonly name: string; readonly object?: KubernetesObject };
  /** Routes of the same Gateway that stop the controller without a word; read only while there is no status, or an old one. */
  readonly blockers?: readonly Blocker[];
  /**
   * When the controller last finished with the Gateway, by its event; read only where the status is of an older generation
   * or a complaint.
   */
  readonly succeededAt?: Date;
}

export interface RouteValue {
  readonly route?: KubernetesObject;
  readonly parents: readonly RouteParent[];
  /** Labels of the route's namespace; absent when they could not be read, or no listener selects by them. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** ListenerSets that the route names and that do not exist; looked for where it has no parent that is followed. */
  readonly missingSets?: readonly ParentRef[];
  /** Backends that a condition calls missing and that are missing indeed: `Service apps/sample-app`. */
  readonly missingBackends: readonly string[];
}

const kindOf = { HTTPRoute: kinds.httpRoute, GRPCRoute: kinds.grpcRoute } as const;

export const entriesOf = (route: KubernetesObject, namespace: string) =>
  list(route, 'status', 'parents').map((entry) => ({
    ref: parentRefOf(field(entry, 'parentRef') ?? {}, namespace),
    controller: text(entry, 'controllerName') ?? '',
    conditions: conditionsOf(entry, 'conditions'),
  }));

export type Entry = ReturnType<typeof entriesOf>[number];

/** The parent's entry in status.parents; LBC before 2.17 keeps one a route, whichever parent it names. */
export const entryFor = (
  entries: readonly Entry[],
  parent: ParentRef,
  perParent: boolean,
): Entry | undefined => {
  const ours = entries.filter(({ controller }) => controller === albController);
  const sameGateway = ({ ref }: Entry): boolean =>
    ref.name === parent.name && ref.namespace === parent.namespace;
  const named = asNamed(parent);
  return ours.find(({ ref }) => sameParent(ref, named)) ?? (perParent ? undefined : ours.find(sameGateway));
};

/** Whether a condition of the entry speaks of an older generation of the route. */
export const isBehind = (entry: Entry, route: KubernetesObject): boolean =>
  entry.conditions.some(
    ({ observedGeneration }) => (observedGeneration ?? 0) < (number(route, 'metadata', 'generation') ?? 0),
  );

/**
 * When the route was last written, status aside: whole seconds, out of managedFields, where the time of a manager changes
 * only with what it writes.
 */
export const writtenAt = (route: KubernetesObject): Date | undefined => {
  const times = list(route, 'metadata', 'managedFields')
    .filter((entry) => text(entry, 'subresource') === undefined)
    .flatMap((entry) => moment(entry, 'time') ?? []);
  return times.toSorted((one, other) => other.getTime() - one.getTime())[0];
};

const observeSilent = async (
  reader: ClusterReader,
  ref: ParentRef,
  gateway: KubernetesObject,
  signal: AbortSignal,
): Promise<RouteParent> => {
  const blockers = (await observeBlockers(reader, gateway, signal)).filter(isSilent);
  const name = text(gateway, 'spec', 'gatewayClassName');
  const seen = name === undefined ? undefined : await reader.get(kinds.gatewayClass, undefined, name, signal);
  if (name === undefined || seen === undefined || !('value' in seen)) return { ref, gateway, blockers };
  return { ref, gateway, blockers, gatewayClass: { name, ...(seen.value && { object: seen.value }) } };
};

const observeParent = async (
  reader: ClusterReader,
  ref: ParentRef,
  route: KubernetesObject,
  entry: Entry | undefined,
  signal: AbortSignal,
): Promise<RouteParent> => {
  const seen = await reader.get(kinds.gateway, ref.namespace, ref.name, signal);
  if (!('value' in seen)) return { ref, unread: 'denied' in seen ? seen.denied : seen.failed };
  const gateway = seen.value;
  if (gateway === undefined) return { ref };
  if (entry === undefined) return observeSilent(reader, ref, gateway, signal);
  const complains = entry.conditions.some(({ status }) => status === 'False');
  const behind = isBehind(entry, route);
  if (!behind && !complains) return { ref, gateway };
  const blockers = behind ? (await observeBlockers(reader, gateway, signal)).filter(isSilent) : [];
  const events = await observeEvents(reader, gateway, signal);
  const success = ('value' in events ? events.value : []).findLast(
    ({ reason }) => reason === 'SuccessfullyReconciled',
  );
  return { ref, gateway, blockers, ...(success && { succeededAt: success.at }) };
};

/** Names, besides, the ListenerSet by which the route hangs on its Gateway. */
const withSet = async (
  reader: ClusterReader,
  parent: RouteParent,
  signal: AbortSignal,
): Promise<RouteParent> => {
  const { set } = parent.ref;
  if (set === undefined || parent.unread !== undefined) return parent;
  const seen = await reader.get(kinds.listenerSet, set.namespace, set.name, signal);
  if (!('value' in seen)) return { ...parent, unread: 'denied' in seen ? seen.denied : seen.failed };
  return { ...parent, ...(seen.value && { listenerSet: seen.value }) };
};

const selects = (gateway: KubernetesObject | undefined): boolean =>
  list(gateway, 'spec', 'listeners').some(
    (listener) => text(listener, 'allowedRoutes', 'namespaces', 'from') === 'Selector',
  );

/** The Services of the route that do not exist; looked for only when the controller complains of one. */
const observeMissingBackends = async (
  reader: ClusterReader,
  route: KubernetesObject,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const names = new Set(
    list(route, 'spec', 'rules')
      .flatMap((rule) => list(rule, 'backendRefs'))
      .filter((backend) => (text(backend, 'kind') ?? 'Service') === 'Service')
      .map((backend) => `${text(backend, 'namespace') ?? namespace}/${text(backend, 'name') ?? ''}`),
  );
  const missing: string[] = [];
  for (const each of names) {
    const [inNamespace = '', name = ''] = each.split('/');
    const seen = await reader.get(kinds.service, inNamespace, name, signal);
    if ('value' in seen && seen.value === undefined) missing.push(`Service ${each}`);
  }
  return missing;
};

const observeMissingSets = async (
  reader: ClusterReader,
  route: KubernetesObject,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly ParentRef[]> => {
  const missing: ParentRef[] = [];
  for (const ref of parentRefsOf(route, namespace).filter(isOfListenerSet)) {
    const seen = await reader.get(kinds.listenerSet, ref.namespace, ref.name, signal);
    if ('value' in seen && seen.value === undefined) missing.push(ref);
  }
  return missing;
};

/** Reads the route and its Gateways; classes, namespace and backends only where a verdict depends on them. */
export const observeRoute = async (
  reader: ClusterReader,
  want: Pick<RouteWant, 'kind' | 'namespace' | 'name' | 'parents'>,
  signal: AbortSignal,
): Promise<Seen<RouteValue>> => {
  const seen = await reader.get(kindOf[want.kind], want.namespace, want.name, signal);
  if (!('value' in seen)) return seen;
  const route = seen.value;
  if (route === undefined) return { at: seen.at, value: { parents: [], missingBackends: [] } };
  const entries = entriesOf(route, want.namespace);
  const parents: RouteParent[] = [];
  for (const ref of want.parents) {
    const parent = await observeParent(reader, ref, route, entryFor(entries, ref, false), signal);
    parents.push(await withSet(reader, parent, signal));
  }
  const home = parents.some(({ gateway, listenerSet }) => selects(listenerSet ?? gateway))
    ? await reader.get(kinds.namespace, undefined, want.namespace, signal)
    : undefined;
  const complains = entries.some(({ conditions }) =>
    conditions.some(({ reason }) => reason === 'BackendNotFound'),
  );
  const missingBackends = complains
    ? await observeMissingBackends(reader, route, want.namespace, signal)
    : [];
  const missingSets =
    parents.length === 0 ? await observeMissingSets(reader, route, want.namespace, signal) : [];
  return {
    at: seen.at,
    value: {
      route,
      parents,
      missingBackends,
      ...(missingSets.length > 0 && { missingSets }),
      ...(home && 'value' in home && { namespaceLabels: textMap(home.value, 'metadata', 'labels') }),
    },
  };
};
