// The link `route`: LBC has admitted the route, as it is now, at each of its parents, for this host.
import { field, list, number, text, textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type Attached, attach } from '../gateway/attachment.ts';
import {
  type Condition,
  conditionOf,
  conditionsOf,
  type Freshness,
  isNews,
  sayCondition,
} from '../gateway/conditions.ts';
import { intersect } from '../gateway/hostnames.ts';
import { namespaceOf, type ParentRef, parentRefOf, sameParent, sayParent } from '../gateway/shapes.ts';
import { albController, type LbcRules } from '../gateway/versions.ts';
import type { Code } from '../verdict/codes.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, type State, type Verdict, waiting } from '../verdict/verdict.ts';
import { judgeClassIdentity } from './class.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { judgeNotSeen } from './look.ts';

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
  /** Whether the Gateway could be read at all; without it nothing is said about it. */
  readonly unread?: string;
  /** Read only while the route has no status from the parent. */
  readonly gatewayClass?: { readonly name: string; readonly object?: KubernetesObject };
}

export interface RouteValue {
  readonly route?: KubernetesObject;
  readonly parents: readonly RouteParent[];
  /** Labels of the route's namespace; absent when they could not be read, or no listener selects by them. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** Backends that a condition calls missing and that are missing indeed: `Service apps/sample-app`. */
  readonly missingBackends: readonly string[];
}

const kindOf = { HTTPRoute: kinds.httpRoute, GRPCRoute: kinds.grpcRoute } as const;

const entriesOf = (route: KubernetesObject, namespace: string) =>
  list(route, 'status', 'parents').map((entry) => ({
    ref: parentRefOf(field(entry, 'parentRef') ?? {}, namespace),
    controller: text(entry, 'controllerName') ?? '',
    conditions: conditionsOf(entry, 'conditions'),
  }));

type Entry = ReturnType<typeof entriesOf>[number];

/** The parent's entry in status.parents; LBC before 2.17 keeps one a route, whichever parent it names. */
const entryFor = (entries: readonly Entry[], parent: ParentRef, perParent: boolean): Entry | undefined => {
  const ours = entries.filter(({ controller }) => controller === albController);
  const sameGateway = ({ ref }: Entry): boolean =>
    ref.name === parent.name && ref.namespace === parent.namespace;
  return ours.find(({ ref }) => sameParent(ref, parent)) ?? (perParent ? undefined : ours.find(sameGateway));
};

const observeParent = async (
  reader: ClusterReader,
  ref: ParentRef,
  isSilent: boolean,
  signal: AbortSignal,
): Promise<RouteParent> => {
  const seen = await reader.get(kinds.gateway, ref.namespace, ref.name, signal);
  if (!('value' in seen)) return { ref, unread: 'denied' in seen ? seen.denied : seen.failed };
  const gateway = seen.value;
  const className = text(gateway, 'spec', 'gatewayClassName');
  if (gateway === undefined) return { ref };
  if (!isSilent || className === undefined) return { ref, gateway };
  const seenClass = await reader.get(kinds.gatewayClass, undefined, className, signal);
  if (!('value' in seenClass)) return { ref, gateway };
  return {
    ref,
    gateway,
    gatewayClass: { name: className, ...(seenClass.value && { object: seenClass.value }) },
  };
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
  for (const ref of want.parents)
    parents.push(await observeParent(reader, ref, entryFor(entries, ref, false) === undefined, signal));
  const home = parents.some(({ gateway }) => selects(gateway))
    ? await reader.get(kinds.namespace, undefined, want.namespace, signal)
    : undefined;
  const complains = entries.some(({ conditions }) =>
    conditions.some(({ reason }) => reason === 'BackendNotFound'),
  );
  const missingBackends = complains
    ? await observeMissingBackends(reader, route, want.namespace, signal)
    : [];
  return {
    at: seen.at,
    value: {
      route,
      parents,
      missingBackends,
      ...(home && 'value' in home && { namespaceLabels: textMap(home.value, 'metadata', 'labels') }),
    },
  };
};

interface Meaning {
  readonly code: Extract<Code, `route/${string}`>;
  readonly hint: string;
}

/** Reasons that LBC writes (routeutils/loader.go, v3.5.0) and Gateway API defines. */
const reasons: Readonly<Record<string, Meaning>> = {
  NoMatchingListenerHostname: {
    code: 'route/hostname-outside-listener',
    hint: "Give the route a hostname that the listener covers, or widen the listener's hostname.",
  },
  NotAllowedByListeners: {
    code: 'route/not-allowed',
    hint: "Let the listener's allowedRoutes admit the route's namespace, best by a label (from: Selector).",
  },
  NoMatchingParent: {
    code: 'route/no-matching-parent',
    hint: "Correct sectionName or port in the route's parentRefs.",
  },
  ParentRefDoesNotExist: {
    code: 'route/parent-missing',
    hint: "Correct the route's parentRefs, or create the Gateway.",
  },
  BackendNotFound: {
    code: 'route/backend-not-found',
    hint: 'Create the Service with that port, or correct backendRefs; until then the load balancer answers 500.',
  },
  RefNotPermitted: {
    code: 'route/reference-not-permitted',
    hint: "A backend in another namespace needs a ReferenceGrant there, from this route's namespace and kind to Service.",
  },
  InvalidKind: { code: 'route/invalid-kind', hint: 'Use a Service (or TargetGroupName) as backend.' },
  UnsupportedValue: {
    code: 'route/unsupported-value',
    hint: 'A backendRef without a port is the usual one.',
  },
  UnsupportedProtocol: { code: 'route/unsupported-value', hint: '' },
  IncompatibleFilters: {
    code: 'route/not-accepted',
    hint: 'A rule may name one ListenerRuleConfiguration, which must exist and be accepted.',
  },
};

/** One parent of the route, with all that was seen of it. */
interface Case {
  readonly want: RouteWant;
  readonly at: Date;
  readonly rules: LbcRules;
  readonly route: KubernetesObject;
  readonly value: RouteValue;
  readonly parent: RouteParent;
  /** What Gateway API's own rules say about route and Gateway as they are; absent when the Gateway was not seen. */
  readonly attached?: Attached;
}

const listenerEvidence = (gateway: KubernetesObject | undefined, attached: Attached | undefined) =>
  gateway === undefined || attached === undefined || !('listeners' in attached)
    ? []
    : attached.listeners.map(({ name, saw }) => ({ from: `${refOf(gateway)} listener ${name}`, saw }));

const routeEvidence = ({ route, parent }: Case, conditions: readonly (Condition | undefined)[]): Evidence[] =>
  conditions.flatMap((condition) =>
    condition === undefined
      ? []
      : [
          {
            from: `${refOf(route)} status.parents[${sayParent(parent.ref)}] ${condition.type}`,
            saw: sayCondition(condition),
          },
        ],
  );

const hintOf = (code: Code): string => Object.values(reasons).find((each) => each.code === code)?.hint ?? '';

/** What the two objects themselves show: no controller's word is needed, and none of its age matters. */
const judgeMisfit = (of: Case, conditions: readonly (Condition | undefined)[]): Verdict | undefined => {
  const { attached, parent } = of;
  if (attached === undefined || !('code' in attached)) return undefined;
  return broken(attached.code, {
    message: attached.reason,
    evidence: [...routeEvidence(of, conditions), ...listenerEvidence(parent.gateway, attached)],
    hint: hintOf(attached.code),
  });
};

const isHealthy = (gateway: KubernetesObject, rules: LbcRules): boolean => {
  const generation = number(gateway, 'metadata', 'generation') ?? 0;
  const conditions = conditionsOf(gateway, 'status', 'conditions');
  return ['Accepted', 'Programmed'].every((type) => {
    const condition = conditionOf(conditions, type);
    const current = (condition?.observedGeneration ?? 0) >= generation || !rules.raisesObservedGeneration;
    return condition?.status === 'True' && current;
  });
};

/** A route at a healthy Gateway has its status within a second (lbc-transcripts); a busy controller gets more. */
const silentMs = 15_000;

/** No status from this parent, which has several causes; the last is a controller that gave up without a word. */
const judgeSilence = (of: Case): Verdict => {
  const { want, at, rules, route, parent } = of;
  const ref = refOf(route);
  if (parent.unread !== undefined)
    return waiting('route/pending', {
      message: `The controller has written no status for ${ref}, and ${sayParent(parent.ref)} could not be read (${parent.unread}).`,
    });
  if (parent.gateway === undefined)
    return broken('route/parent-missing', {
      message: `${ref} names ${sayParent(parent.ref)} as its parent, which does not exist.`,
      hint: "Correct name and namespace in the route's parentRefs, or create the Gateway.",
    });
  const { gatewayClass } = parent;
  const identity = gatewayClass && judgeClassIdentity(gatewayClass.name, gatewayClass.object);
  if (identity !== undefined) return identity;
  // Before 2.17 LBC is silent where no listener fits; later versions say so, after a moment.
  const misfit = judgeMisfit(of, []);
  if (misfit !== undefined) return misfit;
  if (isHealthy(parent.gateway, rules) && at.getTime() - want.since.getTime() >= silentMs)
    return broken('route/no-status', {
      message: `${refOf(parent.gateway)} is healthy, but the controller says nothing about ${ref}.`,
      hint: "Some route of the Gateway, this one or another, stops the controller without a condition or an event: a backend weight above 999 does. Look for errors in the controller's log.",
    });
  return waiting('route/pending', {
    message: `The controller has written no status for ${ref} at ${sayParent(parent.ref)} yet.`,
  });
};

const judgeComplaint = (of: Case, condition: Condition, conditions: readonly Condition[]): Verdict => {
  const { want, at, route, value, parent } = of;
  const { code, hint } = reasons[condition.reason] ?? { code: 'route/not-accepted', hint: '' };
  if (condition.reason === 'Pending')
    return waiting('route/pending', { message: `${refOf(route)} is pending at ${sayParent(parent.ref)}.` });
  const misfit = judgeMisfit(of, conditions);
  if (misfit !== undefined && misfit.state !== 'ok' && misfit.code === code) return misfit;
  const proven = code === 'route/backend-not-found' && value.missingBackends.length > 0;
  const takesRecord =
    code === 'route/backend-not-found' && !of.rules.missingBackendKeepsAccepted
      ? ' This version of the controller withdraws the route as a whole, and ExternalDNS removes the record; LBC 2.17 and later do not.'
      : '';
  const missing = proven ? ` (${value.missingBackends.join(', ')})` : '';
  return (proven || isNews(condition, want, at) ? broken : waiting)(code, {
    message:
      `The controller refuses ${refOf(route)} at ${sayParent(parent.ref)}: ${sayCondition(condition)}${missing}.`.replace(
        /\.\.$/,
        '.',
      ),
    evidence: [...routeEvidence(of, conditions), ...listenerEvidence(parent.gateway, of.attached)],
    hint: `${hint}${takesRecord}`.trim(),
  });
};

/** The route is admitted, but does this host reach it? Another hostname of the route may be all that fits. */
const judgeHost = (of: Case, conditions: readonly Condition[]): Verdict | undefined => {
  const { want, route, parent, attached } = of;
  // Where the controller admits what we would not, it knows better.
  if (attached === undefined || !('attachments' in attached)) return undefined;
  const hosts = attached.attachments.flatMap((attachment) => attachment.hosts);
  if (hosts.some((host) => intersect(host, want.host) === want.host)) return undefined;
  const offered = attached.attachments.map(
    ({ listener }) => `"${listener.hostname ?? 'any'}" (listener "${listener.name}")`,
  );
  return broken('route/hostname-outside-listener', {
    message: `${refOf(route)} asks for "${want.host}", and ${sayParent(parent.ref)} listens for ${offered.join(', ')}; only its other hostnames are served.`,
    evidence: routeEvidence(of, conditions),
    hint: hintOf('route/hostname-outside-listener'),
  });
};

const judgeParent = (of: Case): Verdict => {
  const { want, rules, route, parent } = of;
  const entry = entryFor(entriesOf(route, want.namespace), parent.ref, rules.statusPerParent);
  if (entry === undefined) return judgeSilence(of);
  const generation = number(route, 'metadata', 'generation') ?? 0;
  const accepted = conditionOf(entry.conditions, 'Accepted');
  const resolved = conditionOf(entry.conditions, 'ResolvedRefs');
  const both = [accepted, resolved].filter((condition) => condition !== undefined);
  const stale = both.some((condition) => (condition.observedGeneration ?? 0) < generation);
  if (
    stale ||
    accepted === undefined ||
    resolved === undefined ||
    both.some(({ status }) => status === 'Unknown')
  )
    return waiting('route/pending', {
      message: `The controller has not looked at generation ${generation} of ${refOf(route)} at ${sayParent(parent.ref)} yet.`,
      evidence: routeEvidence(of, both),
    });
  const complaint = both.find(({ status }) => status === 'False');
  if (complaint !== undefined) return judgeComplaint(of, complaint, both);
  return (
    judgeHost(of, both) ??
    ok(`${refOf(route)} is admitted by ${sayParent(parent.ref)}.`, routeEvidence(of, both))
  );
};

const order: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

/**
 * Accepted and ResolvedRefs True at the route's generation, by LBC, at every parent in `want`; and the host among those
 * that the route has there. The worst parent speaks.
 * @param rules those of the installed version: `rulesFor(version)`
 */
export const judgeRoute = (want: RouteWant, seen: Seen<RouteValue>, at: Date, rules: LbcRules): Verdict => {
  const named = `${want.kind} ${want.namespace}/${want.name}`;
  if (!('value' in seen)) return judgeNotSeen(seen, named);
  const { route, parents } = seen.value;
  if (route === undefined)
    return broken('route/missing', { message: `${named} does not exist in the cluster.` });
  if (parents.length === 0)
    return broken('route/parent-missing', {
      message: `${named} names no Gateway as its parent.`,
      hint: 'Add the Gateway to spec.parentRefs.',
    });
  const verdicts = parents.map((parent) => {
    const labels = seen.value.namespaceLabels;
    const attached =
      parent.gateway &&
      attach(route, parent.ref, parent.gateway, () => labels, namespaceOf(route, want.namespace));
    return judgeParent({ want, at, rules, route, value: seen.value, parent, ...(attached && { attached }) });
  });
  const [worst] = verdicts.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return worst ?? broken('route/missing', { message: `${named} could not be judged.` });
};
