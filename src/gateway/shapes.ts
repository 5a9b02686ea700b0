// Gateways and routes as plain typed values, read out of objects of the bundle or of the cluster.
import { field, list, number, text, textMap, texts } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { canonical } from './hostnames.ts';

export const gatewayGroup = 'gateway.networking.k8s.io';

export interface Listener {
  readonly name: string;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or a controller's own. */
  readonly protocol: string;
  /** Absent: every host. */
  readonly hostname?: string;
  readonly allowed: {
    readonly from: 'All' | 'Same' | 'Selector' | 'None' | string;
    readonly selector?: Selector;
    /** Empty: whatever suits the protocol. */
    readonly kinds: readonly { readonly group: string; readonly kind: string }[];
  };
}

export interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  /** The route's own where the reference names none. */
  readonly namespace: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
  /** The ListenerSet that the route names, and whose parent this Gateway is; section and port are of its listeners. */
  readonly set?: { readonly namespace: string; readonly name: string };
}

/** The namespace of an object that names none: what it was applied to, or `default`. */
export const namespaceOf = (object: KubernetesObject, fallback = 'default'): string =>
  object.metadata.namespace ?? fallback;

const selectorOf = (value: Json | undefined): Selector => ({
  matchLabels: textMap(value, 'matchLabels'),
  matchExpressions: list(value, 'matchExpressions').map((expression) => ({
    key: text(expression, 'key') ?? '',
    operator: text(expression, 'operator') ?? '',
    values: texts(expression, 'values'),
  })),
});

const listenerOf = (value: Json): Listener => {
  const hostname = text(value, 'hostname');
  const namespaces = field(value, 'allowedRoutes', 'namespaces');
  const selector = field(namespaces, 'selector');
  return {
    name: text(value, 'name') ?? '',
    port: number(value, 'port') ?? 0,
    protocol: text(value, 'protocol') ?? '',
    ...(hostname !== undefined && { hostname: canonical(hostname) }),
    allowed: {
      from: text(namespaces, 'from') ?? 'Same',
      ...(selector !== undefined && { selector: selectorOf(selector) }),
      kinds: list(value, 'allowedRoutes', 'kinds').map((kind) => ({
        group: text(kind, 'group') ?? gatewayGroup,
        kind: text(kind, 'kind') ?? '',
      })),
    },
  };
};

export const listenersOf = (gateway: KubernetesObject): readonly Listener[] =>
  list(gateway, 'spec', 'listeners').map(listenerOf);

export const parentRefOf = (value: Json, routeNamespace: string): ParentRef => {
  const sectionName = text(value, 'sectionName');
  const port = number(value, 'port');
  return {
    group: text(value, 'group') ?? gatewayGroup,
    kind: text(value, 'kind') ?? 'Gateway',
    namespace: text(value, 'namespace') ?? routeNamespace,
    name: text(value, 'name') ?? '',
    ...(sectionName !== undefined && { sectionName }),
    ...(port !== undefined && { port }),
  };
};

export const parentRefsOf = (route: KubernetesObject, namespace = namespaceOf(route)): readonly ParentRef[] =>
  list(route, 'spec', 'parentRefs').map((value) => parentRefOf(value, namespace));

/** And not to a ListenerSet, or to a Service of a mesh. */
export const isOfGateway = ({ group, kind }: ParentRef): boolean =>
  group === gatewayGroup && kind === 'Gateway';

/** A ListenerSet, which hangs on a Gateway. */
export const isOfListenerSet = ({ group, kind }: ParentRef): boolean =>
  group === gatewayGroup && kind === 'ListenerSet';

/** The Gateway to which a ListenerSet gives its listeners, as the parent of a route that names the set. */
export const gatewayThrough = (ref: ParentRef, set: KubernetesObject): ParentRef => {
  const { namespace, name } = parentRefOf(field(set, 'spec', 'parentRef') ?? {}, ref.namespace);
  return { ...ref, kind: 'Gateway', namespace, name, set: { namespace: ref.namespace, name: ref.name } };
};

/** The reference as the route has it. */
export const asNamed = ({ set, ...ref }: ParentRef): ParentRef =>
  set === undefined ? ref : { ...ref, ...set, kind: 'ListenerSet' };

/** Its parents are Services alone (GAMMA): it sends through no load balancer, and the mesh judges it. */
export const isOfMesh = (route: KubernetesObject, namespace = namespaceOf(route)): boolean => {
  const parents = parentRefsOf(route, namespace);
  return parents.length > 0 && parents.every(({ kind }) => kind === 'Service');
};

export const hostnamesOf = (route: KubernetesObject): readonly string[] =>
  texts(route, 'spec', 'hostnames').map(canonical);

/** `Gateway infra/public, listener https, port 443`; `ListenerSet apps/extra of Gateway infra/public, listener https`. */
export const sayParent = (parent: ParentRef): string =>
  [
    `${parent.set === undefined ? '' : `ListenerSet ${parent.set.namespace}/${parent.set.name} of `}${parent.kind} ${parent.namespace}/${parent.name}`,
    ...(parent.sectionName === undefined ? [] : [`listener ${parent.sectionName}`]),
    ...(parent.port === undefined ? [] : [`port ${parent.port}`]),
  ].join(', ');

export const sameParent = (one: ParentRef, other: ParentRef): boolean =>
  one.group === other.group &&
  one.kind === other.kind &&
  one.namespace === other.namespace &&
  one.name === other.name &&
  one.sectionName === other.sectionName &&
  one.port === other.port;

const matchesExpression = (
  { key, operator, values }: Selector['matchExpressions'][number],
  labels: Readonly<Record<string, string>>,
): boolean => {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
};

/** metav1.LabelSelector; the API server puts `kubernetes.io/metadata.name` on every namespace. */
export const matchesSelector = (selector: Selector, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value) &&
  selector.matchExpressions.every((expression) => matchesExpression(expression, labels));
