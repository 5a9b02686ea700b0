// Which routes attach to which listeners of a Gateway, and what each route is told about it.
import type { Gateway, Listener, ParentRef, Route, RouteRule, TargetGroupProps } from '../objects.ts';
import { GATEWAY_GROUP } from '../objects.ts';
import type { World } from '../world.ts';
import { type Backend, findBackend, isRefusal, type Refusal } from './backends.ts';
import { commonHostnames } from './hostnames.ts';
import { isValid, type JudgedListener } from './listeners.ts';
import { selects } from './selector.ts';

export interface AttachedRule {
  rule: RouteRule;
  backends: Backend[];
}

/** A route on one listener, by one of its parentRefs. */
export interface Attachment {
  kind: 'HTTPRoute' | 'GRPCRoute';
  route: Route;
  listener: Listener;
  /** A listener that is wrong counts its routes and serves none. */
  isServed: boolean;
  hostnames: string[];
  rules: AttachedRule[];
}

export interface RouteVerdict {
  kind: 'HTTPRoute' | 'GRPCRoute';
  route: Route;
  parentRef: ParentRef;
  accepted: Refusal | undefined;
  resolved: Refusal | undefined;
}

export interface Loaded {
  attachments: Attachment[];
  verdicts: RouteVerdict[];
}

/** Refusals of a backend that leave the route accepted: its rule then answers 500. */
const ONLY_UNRESOLVED = new Set(['BackendNotFound', 'RefNotPermitted', 'InvalidKind']);

const refusals = {
  parent: { reason: 'NoMatchingParent', message: 'Route parentRef does not match listener' },
  namespace: {
    reason: 'NotAllowedByListeners',
    message: 'Listener does not allow route attachment, namespace does not match between listener and route',
  },
  kind: {
    reason: 'NotAllowedByListeners',
    message: 'Listener does not allow route attachment, kind does not match between listener and route',
  },
  hostname: {
    reason: 'NoMatchingListenerHostname',
    message: 'Listener does not allow route attachment, no matching hostname',
  },
} satisfies Record<string, Refusal>;

export const refersTo = (ref: ParentRef, route: Route, gateway: Gateway): boolean =>
  (ref.group ?? GATEWAY_GROUP) === GATEWAY_GROUP &&
  (ref.kind ?? 'Gateway') === 'Gateway' &&
  ref.name === gateway.metadata.name &&
  (ref.namespace ?? route.metadata.namespace) === gateway.metadata.namespace;

/** Throws, for the Gateway as a whole, when one route cannot even be read. */
export function loadRoutes(
  world: World,
  gateway: Gateway,
  listeners: JudgedListener[],
  fallback: TargetGroupProps,
): Loaded {
  const loaded: Loaded = { attachments: [], verdicts: [] };
  for (const { kind, cache } of world.routeCaches) {
    for (const route of cache.all()) {
      const refs = route.spec.parentRefs?.filter((ref) => refersTo(ref, route, gateway)) ?? [];
      if (refs.length === 0 || route.metadata.deletionTimestamp) continue;
      const { rules, refusal } = loadRules(world, kind, route, fallback);
      for (const parentRef of refs)
        attach(world, gateway, listeners, { kind, route, parentRef, rules, refusal }, loaded);
    }
  }
  return loaded;
}

interface Candidate {
  kind: 'HTTPRoute' | 'GRPCRoute';
  route: Route;
  parentRef: ParentRef;
  rules: AttachedRule[];
  refusal: Refusal | undefined;
}

function attach(
  world: World,
  gateway: Gateway,
  listeners: JudgedListener[],
  candidate: Candidate,
  loaded: Loaded,
): void {
  const { kind, route, parentRef, rules, refusal } = candidate;
  const named = listeners.filter(
    ({ listener }) =>
      (!parentRef.sectionName || parentRef.sectionName === listener.name) &&
      (!parentRef.port || parentRef.port === listener.port),
  );
  const attached: JudgedListener[] = [];
  let failure: Refusal | undefined = named.length === 0 ? refusals.parent : undefined;
  for (const judged of named) {
    const hostnames = allows(world, gateway, judged, kind, route);
    if ('reason' in hostnames) {
      failure ??= hostnames;
      continue;
    }
    attached.push(judged);
    const { listener } = judged;
    const isServed = isValid(judged);
    loaded.attachments.push({ kind, route, listener, isServed, hostnames: hostnames.names, rules });
  }
  const verdict = { kind, route, parentRef };
  if (attached.length === 0) loaded.verdicts.push({ ...verdict, accepted: failure, resolved: undefined });
  // A route of wrong listeners alone is not read any further, and told nothing.
  else if (attached.some(isValid)) {
    const onlyUnresolved = refusal === undefined || ONLY_UNRESOLVED.has(refusal.reason);
    loaded.verdicts.push({
      ...verdict,
      accepted: onlyUnresolved ? undefined : refusal,
      resolved: onlyUnresolved ? refusal : undefined,
    });
  }
}

function allows(
  world: World,
  gateway: Gateway,
  judged: JudgedListener,
  kind: string,
  route: Route,
): Refusal | { names: string[] } {
  const namespaces = judged.listener.allowedRoutes?.namespaces;
  const from = namespaces?.from ?? 'Same';
  const same = route.metadata.namespace === gateway.metadata.namespace;
  const labels = world.namespaces.get(undefined, route.metadata.namespace ?? '')?.metadata.labels ?? {};
  if (from === 'None' || (from === 'Same' && !same)) return refusals.namespace;
  if (from === 'Selector' && !selects(namespaces?.selector ?? {}, labels)) return refusals.namespace;
  if (!judged.kinds.some((each) => each.kind === kind)) return refusals.kind;
  const names = commonHostnames(judged.listener.hostname, route.spec.hostnames);
  return names ? { names } : refusals.hostname;
}

function loadRules(
  world: World,
  kind: 'HTTPRoute' | 'GRPCRoute',
  route: Route,
  fallback: TargetGroupProps,
): { rules: AttachedRule[]; refusal: Refusal | undefined } {
  let refusal: Refusal | undefined;
  const rules = (route.spec.rules ?? []).map((rule) => {
    const backends: Backend[] = [];
    for (const ref of rule.backendRefs ?? []) {
      const found = findBackend(world, kind, route, ref, fallback);
      if (isRefusal(found)) refusal ??= found;
      else backends.push(found);
    }
    return { rule, backends };
  });
  return { rules, refusal };
}
