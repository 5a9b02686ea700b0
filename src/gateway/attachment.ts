// Which listeners of a Gateway a route attaches to, and if to none, why: both sides by name.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import type { Code } from '../verdict/codes.ts';
import { intersect } from './hostnames.ts';
import {
  gatewayGroup,
  hostnamesOf,
  type Listener,
  listenersOf,
  matchesSelector,
  namespaceOf,
  type ParentRef,
  type Selector,
} from './shapes.ts';

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

export interface Attachment {
  readonly listener: Listener;
  /** The hosts that the route has at this listener; the empty text stands for every host. */
  readonly hosts: readonly string[];
}

export type Misfit = Extract<
  Code,
  'route/no-matching-parent' | 'route/not-allowed' | 'route/hostname-outside-listener'
>;

/** What to do about each. */
export const misfitHints: Readonly<Record<Misfit, string>> = {
  'route/hostname-outside-listener':
    "Give the route a hostname that the listener covers, or widen the listener's hostname.",
  'route/not-allowed':
    "Let the listener's allowedRoutes admit the route's kind, and its namespace, best by a label (from: Selector).",
  'route/no-matching-parent': "Correct sectionName or port in the route's parentRefs.",
};

export type Attached =
  | { readonly attachments: readonly Attachment[] }
  | {
      readonly code: Misfit;
      /** One sentence that names both sides. */
      readonly reason: string;
      /** What stands at the listeners, to be shown beside the route. */
      readonly listeners: readonly { readonly name: string; readonly saw: string }[];
    };

const protocols: Readonly<Record<string, readonly string[]>> = {
  HTTPRoute: ['HTTP', 'HTTPS'],
  GRPCRoute: ['HTTP', 'HTTPS'],
  TLSRoute: ['TLS'],
  TCPRoute: ['TCP', 'TLS'],
  UDPRoute: ['UDP'],
};

/** Kinds that a listener takes without `allowedRoutes.kinds`: LBC (2.14 … 3.5.0, routeutils/constants.go) has gRPC behind TLS alone. */
const unasked: Readonly<Record<string, readonly string[]>> = { GRPCRoute: ['HTTPS'] };

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const sayHosts = (hosts: readonly string[]): string => (hosts.length === 0 ? 'every host' : quoted(hosts));

const saw = (listener: Listener): { readonly name: string; readonly saw: string } => ({
  name: listener.name,
  saw: `${listener.protocol} ${listener.port}, hostname ${listener.hostname ?? 'any'}, routes from ${listener.allowed.from}`,
});

/** Kubernetes gives it to every namespace (from 1.22 on), whatever its manifest says. */
const nameLabel = 'kubernetes.io/metadata.name';

/** By the name of the namespace alone. */
const asksForName = ({ matchLabels, matchExpressions }: Selector): boolean =>
  [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)].every((key) => key === nameLabel);

/** The sentence's end that says why the listener does not admit the route, if it does not. */
const refusal = (
  listener: Listener,
  gateway: KubernetesObject,
  kind: string,
  namespace: string,
  labelsOf: NamespaceLabels,
): string | undefined => {
  const suits = protocols[kind]?.includes(listener.protocol) ?? false;
  const kinds = listener.allowed.kinds;
  if (!suits) return `listener "${listener.name}" speaks ${listener.protocol}, which suits no ${kind}`;
  if (kinds.length > 0 && !kinds.some((each) => each.group === gatewayGroup && each.kind === kind))
    return `listener "${listener.name}" admits only ${kinds.map((each) => each.kind).join(', ')}`;
  if (kinds.length === 0 && unasked[kind]?.includes(listener.protocol) === false)
    return `listener "${listener.name}" speaks ${listener.protocol}, and a ${kind} needs ${unasked[kind].join(' or ')}`;
  const home = namespaceOf(gateway);
  switch (listener.allowed.from) {
    case 'All':
      return undefined;
    case 'Same':
      return home === namespace
        ? undefined
        : `listener "${listener.name}" admits routes of its own namespace ${home} only`;
    case 'Selector': {
      const { selector } = listener.allowed;
      const known = labelsOf(namespace);
      // Labels that could not be read are no reason to refuse: the controller will say.
      if (selector === undefined || (known === undefined && !asksForName(selector))) return undefined;
      return matchesSelector(selector, { ...known, [nameLabel]: namespace })
        ? undefined
        : `listener "${listener.name}" admits routes of namespaces with certain labels, which ${namespace} lacks`;
    }
    default:
      return `listener "${listener.name}" admits routes from ${listener.allowed.from}`;
  }
};

const hostsAt = (listener: Listener, hostnames: readonly string[]): readonly string[] =>
  (hostnames.length === 0 ? [undefined] : hostnames).flatMap(
    (hostname) => intersect(listener.hostname, hostname) ?? [],
  );

/** `a listener named "https" on port 443`. */
const sayWanted = ({ sectionName, port }: ParentRef): string =>
  [
    'a listener',
    ...(sectionName === undefined ? [] : [`named "${sectionName}"`]),
    ...(port === undefined ? [] : [`on port ${port}`]),
  ].join(' ');

const sayAll = (listeners: readonly Listener[]): string =>
  listeners.map(({ name, protocol, port }) => `"${name}" (${protocol} ${port})`).join(', ') || 'none';

/**
 * The listeners that the parentRef (which must name this Gateway) leads to, in the Gateway's order, with the hosts that the
 * route has there. Gateway API v1.6: ParentReference (sectionName, port), AllowedRoutes, HTTPRouteSpec.hostnames.
 */
export const attach = (
  route: KubernetesObject,
  parent: ParentRef,
  gateway: KubernetesObject,
  labelsOf: NamespaceLabels,
  routeNamespace = namespaceOf(route),
): Attached => {
  const all = listenersOf(gateway);
  const where = refOf(gateway);
  const fail = (code: Misfit, reason: string): Attached => ({
    code,
    reason,
    listeners: all.map(saw),
  });
  const meant = all.filter(
    (listener) =>
      (parent.sectionName === undefined || listener.name === parent.sectionName) &&
      (parent.port === undefined || listener.port === parent.port),
  );
  if (meant.length === 0)
    return fail(
      'route/no-matching-parent',
      `${refOf(route)} wants ${sayWanted(parent)} of ${where}, which has ${sayAll(all)}.`,
    );
  const refusals = meant.map((listener) => refusal(listener, gateway, route.kind, routeNamespace, labelsOf));
  const admitted = meant.filter((_, index) => refusals[index] === undefined);
  if (admitted.length === 0)
    return fail(
      'route/not-allowed',
      `${where} does not admit ${refOf(route)} of namespace ${routeNamespace}: ${refusals.filter((each) => each !== undefined).join('; ')}.`,
    );
  const hostnames = hostnamesOf(route);
  const attachments = admitted
    .map((listener) => ({ listener, hosts: hostsAt(listener, hostnames) }))
    .filter(({ hosts }) => hosts.length > 0);
  if (attachments.length > 0) return { attachments };
  const offered = admitted.map((listener) => `"${listener.hostname ?? 'any'}" (listener "${listener.name}")`);
  return fail(
    'route/hostname-outside-listener',
    `${refOf(route)} asks for ${sayHosts(hostnames)}, and ${where} listens for ${offered.join(', ')}: they have no name in common.`,
  );
};
