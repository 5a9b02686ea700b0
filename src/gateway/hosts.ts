// Every host that the bundle publishes, with the route that does and the host to probe in its stead.
import { list, text } from '../bundle/field.ts';
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { type Attached, type Attachment, attach, type NamespaceLabels } from './attachment.ts';
import { isHostname, probeHostOf } from './hostnames.ts';
import {
  gatewayThrough,
  hostnamesOf,
  isOfGateway,
  isOfListenerSet,
  isOfMesh,
  namespaceOf,
  type ParentRef,
  parentRefsOf,
} from './shapes.ts';

export interface PublishedHost {
  /** Lower case; a wildcard (`*.example.com`) stays one: that is the record's name. */
  readonly host: string;
  /** What to ask DNS, TLS and HTTPS for: the host, or a generated label in place of the wildcard's `*`. */
  readonly probeHost: string;
  readonly kind: 'HTTP' | 'GRPC';
  readonly route: Sourced;
  /** The route's parentRefs under which the host is published; those that fit no known listener too, if none fits. */
  readonly parents: readonly ParentRef[];
  /**
   * Whether a listener with protocol HTTPS carries the host: false for the route of an http→https redirect, absent while
   * the Gateway is not known.
   */
  readonly secure?: boolean;
}

export interface HostsContext {
  /** Namespace of routes and Gateways that name none; default `default`. */
  readonly namespace?: string;
  /** Labels of a namespace, for `allowedRoutes` by selector; unknown ones count as fitting. */
  readonly labelsOf?: NamespaceLabels;
  /** Those that the controller follows; where it follows none, or they may not be read, a route that names one has no parent. */
  readonly listenerSets?: readonly KubernetesObject[];
}

interface Parent {
  readonly ref: ParentRef;
  /** Absent: the Gateway is not known (yet). Empty: no listener fits. */
  readonly attachments?: readonly Attachment[];
}

const parentsOf = (
  route: KubernetesObject,
  gateways: readonly KubernetesObject[],
  context: HostsContext,
): readonly Parent[] => {
  const namespace = namespaceOf(route, context.namespace);
  const labelsOf = context.labelsOf ?? (() => undefined);
  return parentRefsOf(route, namespace).flatMap((ref): readonly Parent[] => {
    const set = isOfListenerSet(ref) ? named(context.listenerSets ?? [], ref) : undefined;
    if (set !== undefined)
      return [{ ref: gatewayThrough(ref, set), ...fitting(attach(route, ref, set, labelsOf, namespace)) }];
    if (!isOfGateway(ref)) return [];
    const gateway = gateways.find(
      (each) => each.metadata.name === ref.name && namespaceOf(each, context.namespace) === ref.namespace,
    );
    if (gateway === undefined) return [{ ref }];
    const placed = { ...gateway, metadata: { ...gateway.metadata, namespace: ref.namespace } };
    return [{ ref, ...fitting(attach(route, ref, placed, labelsOf, namespace)) }];
  });
};

const named = (objects: readonly KubernetesObject[], { namespace, name }: ParentRef) =>
  objects.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);

const fitting = (attached: Attached): Required<Pick<Parent, 'attachments'>> => ({
  attachments: 'attachments' in attached ? attached.attachments : [],
});

/** All names of the route: where listeners are known, what it has in common with them; else what it asks for. */
const namesOf = (route: KubernetesObject, parents: readonly Parent[]): readonly string[] => {
  const common = parents.flatMap((parent) => (parent.attachments ?? []).flatMap(({ hosts }) => hosts));
  const own = hostnamesOf(route);
  // A name that fits no listener is still what the user wants alive: the chain says what is in its way.
  const left = own.filter(
    (name) =>
      !common.some((host) => host === name || (name.startsWith('*.') && host.endsWith(name.slice(1)))),
  );
  return [...new Set([...common, ...left])].filter(isHostname);
};

const publish = (host: string, route: Sourced, parents: readonly Parent[]): PublishedHost => {
  const carries = (attachment: Attachment): boolean => attachment.hosts.includes(host);
  const fitting = parents.filter((parent) => parent.attachments?.some(carries) ?? true);
  const listeners = fitting.flatMap((parent) => parent.attachments?.filter(carries) ?? []);
  return {
    host,
    probeHost: probeHostOf(host),
    kind: route.object.kind === 'GRPCRoute' ? 'GRPC' : 'HTTP',
    route,
    parents: (fitting.length > 0 ? fitting : parents).map(({ ref }) => ref),
    ...(listeners.length > 0 && { secure: listeners.some(({ listener }) => listener.protocol === 'HTTPS') }),
  };
};

const served = (routes: readonly Sourced[], { namespace }: HostsContext): readonly Sourced[] =>
  routes.filter(({ object }) => !isOfMesh(object, namespaceOf(object, namespace)));

/**
 * Every host of the routes, one entry for each pair of route and host, in the routes' order. A route without hostnames
 * takes those of the listeners to which it attaches; where these have none either, it publishes nothing (`hostless`). A
 * route of a mesh publishes nothing.
 * @param gateways all that are known: of the bundle, of rendered charts, of the cluster
 */
export const hostsOf = (
  routes: readonly Sourced[],
  gateways: readonly KubernetesObject[],
  context: HostsContext = {},
): readonly PublishedHost[] =>
  served(routes, context).flatMap((route) => {
    const parents = parentsOf(route.object, gateways, context);
    return namesOf(route.object, parents).map((host) => publish(host, route, parents));
  });

/** The routes that publish no host: neither they nor the listeners that are known name one. */
export const hostless = (
  routes: readonly Sourced[],
  gateways: readonly KubernetesObject[],
  context: HostsContext = {},
): readonly Sourced[] =>
  served(routes, context).filter((route) => hostsOf([route], gateways, context).length === 0);

/** A host with every route of the repository that names it. */
export interface HostRoutes {
  /** Speaks for the host: the first that a listener with HTTPS carries; where none is known to, the first. */
  readonly first: PublishedHost;
  /** A second half of the paths, the redirect from http to https: they must be admitted as well. */
  readonly others: readonly PublishedHost[];
}

/** One entry a host, in the order in which the hosts are first named. */
export const byHost = (published: readonly PublishedHost[]): readonly HostRoutes[] => {
  const hosts = Map.groupBy(published, ({ host }) => host);
  return [...hosts.values()].flatMap((routes) => {
    const first = routes.find(({ secure }) => secure !== false) ?? routes[0];
    return first === undefined ? [] : [{ first, others: routes.filter((each) => each !== first) }];
  });
};

/** Each rule leads to https, as a platform's one redirect for every app does. */
const isRedirect = ({ object }: Sourced): boolean => {
  const rules = list(object, 'spec', 'rules');
  return (
    rules.length > 0 &&
    rules.every((rule) =>
      list(rule, 'filters').some((filter) => text(filter, 'requestRedirect', 'scheme') === 'https'),
    )
  );
};

/** Whether the repository only leads the host from http to https: what answers there is somebody else's to publish. */
export const isRedirected = ({ first, others }: HostRoutes): boolean =>
  [first, ...others].every(({ secure, route }) => secure === false && isRedirect(route));
