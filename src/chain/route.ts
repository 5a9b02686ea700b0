// The link `route`: LBC has admitted the route, as it is now, at each of its parents, for this host.
import { list, moment, number, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type Attached, attach, type Misfit, misfitHints } from '../gateway/attachment.ts';
import {
  type Condition,
  conditionOf,
  conditionsOf,
  isNews,
  notBefore,
  sayCondition,
} from '../gateway/conditions.ts';
import { fatalsOf } from '../gateway/fatal.ts';
import { intersect } from '../gateway/hostnames.ts';
import {
  asNamed,
  namespaceOf,
  type ParentRef,
  parentRefsOf,
  sameParent,
  sayParent,
} from '../gateway/shapes.ts';
import type { LbcRules } from '../gateway/versions.ts';
import type { Code } from '../verdict/codes.ts';
import type { Seen } from '../verdict/seen.ts';
import {
  broken,
  type Evidence,
  type NotOk,
  ok,
  type State,
  type Verdict,
  waiting,
} from '../verdict/verdict.ts';
import { isSilent } from './blockers.ts';
import { judgeClassIdentity } from './class.ts';
import { judgeNotSeen } from './look.ts';
import {
  entriesOf,
  entryFor,
  isBehind,
  type RouteParent,
  type RouteValue,
  type RouteWant,
  writtenAt,
} from './observe-route.ts';

export { observeRoute, type RouteParent, type RouteValue, type RouteWant } from './observe-route.ts';

interface Meaning {
  readonly code: Extract<Code, `route/${string}`>;
  readonly hint: string;
}

const misfit = (code: Misfit): Meaning => ({ code, hint: misfitHints[code] });

/** Reasons that LBC writes (routeutils/loader.go, v3.5.0) and Gateway API defines. */
const reasons: Readonly<Record<string, Meaning>> = {
  NoMatchingListenerHostname: misfit('route/hostname-outside-listener'),
  NotAllowedByListeners: misfit('route/not-allowed'),
  NoMatchingParent: misfit('route/no-matching-parent'),
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

/** The backends that a complaint about one of them may mean: the controller does not always name it. */
const backendEvidence = (route: KubernetesObject, code: Code): readonly Evidence[] => {
  if (!/backend|reference|kind|value/.test(code)) return [];
  const names = list(route, 'spec', 'rules')
    .flatMap((rule) => list(rule, 'backendRefs'))
    .map((backend) => {
      const namespace = text(backend, 'namespace');
      const port = number(backend, 'port');
      const kind = text(backend, 'kind') ?? 'Service';
      return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${text(backend, 'name') ?? ''}${port === undefined ? '' : `:${port}`}`;
    });
  return names.length === 0
    ? []
    : [{ from: `${refOf(route)} spec.rules backendRefs`, saw: [...new Set(names)].join(', ') }];
};

/** What the two objects themselves show: no controller's word is needed, and none of its age matters. */
const judgeMisfit = (of: Case, conditions: readonly (Condition | undefined)[]): Verdict | undefined => {
  const { attached, parent } = of;
  if (attached === undefined || !('code' in attached)) return undefined;
  return broken(attached.code, {
    message: attached.reason,
    evidence: [...routeEvidence(of, conditions), ...listenerEvidence(parent.gateway, attached)],
    hint: misfitHints[attached.code],
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

/** A route that the controller cannot load keeps it from every route of the Gateway: ours, or another team's. */
const judgeBlocked = ({ route, parent }: Case, gateway: KubernetesObject): Verdict | undefined => {
  const own = fatalsOf(route).find(isSilent);
  if (own !== undefined)
    return broken('route/unsupported-value', {
      message: `${refOf(route)} stops the controller for every route of ${refOf(gateway)}: ${own.why}.`,
      hint: own.hint,
    });
  const [blocker] = parent.blockers ?? [];
  if (blocker === undefined) return undefined;
  return broken('route/blocked-by-other', {
    message: `${blocker.ref} stops the controller for every route of ${refOf(gateway)}, so ${refOf(route)} is not looked at: ${blocker.why}.`,
    evidence: (parent.blockers ?? []).map(({ ref, why }) => ({ from: `${ref} spec.rules`, saw: why })),
    hint: `Ask the owners of ${blocker.ref} to mend or remove it.`,
  });
};

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
  const blocked = judgeBlocked(of, parent.gateway);
  if (blocked !== undefined) return blocked;
  const since = Math.max(
    want.since.getTime(),
    moment(route, 'metadata', 'creationTimestamp')?.getTime() ?? 0,
  );
  if (isHealthy(parent.gateway, rules) && at.getTime() - since >= silentMs)
    return broken('route/no-status', {
      message: `${refOf(parent.gateway)} is healthy, but the controller says nothing about ${ref}.`,
      hint: 'Is the controller running? Otherwise something stops it without a condition or an event: look for errors in its log.',
    });
  return waiting('route/pending', {
    message: `The controller has written no status for ${ref} at ${sayParent(parent.ref)} yet.`,
  });
};

/** The controller has finished with the Gateway since this run's write: what it left standing, it stands by. */
const hasLookedAgain = ({ want, parent: { succeededAt } }: Case): boolean =>
  succeededAt !== undefined && notBefore(succeededAt, want.since);

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
  const news = isNews(condition, want, at) || hasLookedAgain(of);
  return (proven || news ? broken : waiting)(code, {
    old: !news,
    message:
      `The controller refuses ${refOf(route)} at ${sayParent(parent.ref)}: ${sayCondition(condition)}${missing}.`.replace(
        /\.\.$/,
        '.',
      ),
    evidence: [
      ...routeEvidence(of, conditions),
      ...backendEvidence(route, code),
      ...listenerEvidence(parent.gateway, of.attached),
    ],
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
    hint: misfitHints['route/hostname-outside-listener'],
  });
};

/**
 * Whether the status may be of an older generation and hold all the same: before 2.15 LBC does not write conditions that
 * stay as they are, so an event of success after the route's last write stands in; for a route that this run has left
 * alone nothing has to.
 */
const holdsThough = ({ want, rules, route, parent }: Case): boolean => {
  if (rules.raisesRouteGeneration) return false;
  if (want.appliedGeneration === undefined) return true;
  const written = writtenAt(route);
  return written !== undefined && parent.succeededAt !== undefined && notBefore(parent.succeededAt, written);
};

const judgePending = (of: Case, conditions: readonly Condition[]): Verdict => {
  const { rules, route, parent } = of;
  const misfit = rules.raisesRouteGeneration ? undefined : judgeMisfit(of, conditions);
  if (misfit !== undefined) return misfit;
  const blocked = parent.gateway && judgeBlocked(of, parent.gateway);
  if (blocked !== undefined) return blocked;
  const generation = number(route, 'metadata', 'generation') ?? 0;
  return waiting('route/pending', {
    message: `The controller has not looked at generation ${generation} of ${refOf(route)} at ${sayParent(parent.ref)} yet.`,
    evidence: routeEvidence(of, conditions),
  });
};

const setMissing = (route: string, set: ParentRef | undefined): NotOk | undefined =>
  set &&
  broken('route/parent-missing', {
    message: `${route} names ${sayParent(set)} as its parent, which does not exist.`,
    hint: "Correct name and namespace in the route's parentRefs, or create the ListenerSet.",
  });

/** What stands between the route and the Gateway: a ListenerSet that is not there, or that the controller refuses. */
const judgeListenerSet = ({ route, parent }: Case): Verdict | undefined => {
  const { ref, listenerSet, unread } = parent;
  if (ref.set === undefined || unread !== undefined) return undefined;
  if (listenerSet === undefined) return setMissing(refOf(route), asNamed(ref));
  const named = `ListenerSet ${ref.set.namespace}/${ref.set.name}`;
  const accepted = conditionOf(conditionsOf(listenerSet, 'status', 'conditions'), 'Accepted');
  if (accepted?.status !== 'False' || accepted.reason === 'Pending') return undefined;
  const gateway = `Gateway ${ref.namespace}/${ref.name}`;
  const evidence = [{ from: `${named} status.conditions[Accepted]`, saw: sayCondition(accepted) }];
  if (accepted.reason === 'NotAllowed')
    return broken('route/not-allowed', {
      message: `${gateway} does not admit ${named}, by which ${refOf(route)} hangs on it: ${sayCondition(accepted)}.`,
      evidence,
      hint: `Let spec.allowedListeners of ${gateway} admit namespace ${ref.set.namespace}: without it a Gateway admits no ListenerSet.`,
    });
  return broken('gateway/listener-invalid', {
    message: `The controller refuses ${named}: ${sayCondition(accepted)}.`,
    evidence,
  });
};

const judgeParent = (of: Case): Verdict => {
  const { want, rules, route, parent } = of;
  const refused = judgeListenerSet(of);
  if (refused !== undefined) return refused;
  const entry = entryFor(entriesOf(route, want.namespace), parent.ref, rules.statusPerParent);
  if (entry === undefined) return judgeSilence(of);
  const accepted = conditionOf(entry.conditions, 'Accepted');
  const resolved = conditionOf(entry.conditions, 'ResolvedRefs');
  const both = [accepted, resolved].filter((condition) => condition !== undefined);
  if (
    (isBehind(entry, route) && !holdsThough(of)) ||
    accepted === undefined ||
    resolved === undefined ||
    both.some(({ status }) => status === 'Unknown')
  )
    return judgePending(of, both);
  const complaint = both.find(({ status }) => status === 'False');
  if (complaint !== undefined) return judgeComplaint(of, complaint, both);
  // Before 2.17 the entry of another listener stays where the route now names one that there is not (real 2.14.0 in the lab).
  const misfit = sameParent(entry.ref, asNamed(parent.ref)) ? undefined : judgeMisfit(of, both);
  return (
    misfit ??
    judgeHost(of, both) ??
    ok(`${refOf(route)} is admitted by ${sayParent(parent.ref)}.`, routeEvidence(of, both))
  );
};

/** No Gateway, and no ListenerSet that is known to be followed to one. Shared with lint, which knows of none. */
export const judgeNoGateway = (route: KubernetesObject, named: string): NotOk => {
  const others = parentRefsOf(route).map(sayParent);
  return others.length === 0
    ? broken('route/parent-missing', {
        message: `${named} names no Gateway as its parent.`,
        hint: 'Add the Gateway to spec.parentRefs.',
      })
    : broken('route/parent-not-followed', {
        message: `${named} names ${others.join(', ')} as its parent, which the controller does not follow to a Gateway.`,
        hint: 'Name the Gateway itself in spec.parentRefs, with a listener of its own for the host. ListenerSets are followed by LBC 3.2.2 and later with the gate GatewayListenerSet on, where the role may list listenersets.',
      });
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
    return setMissing(named, seen.value.missingSets?.[0]) ?? judgeNoGateway(route, named);
  const verdicts = parents.map((parent) => {
    const labels = seen.value.namespaceLabels;
    const listens = parent.ref.set === undefined ? parent.gateway : parent.listenerSet;
    const attached =
      listens && attach(route, parent.ref, listens, () => labels, namespaceOf(route, want.namespace));
    return judgeParent({ want, at, rules, route, value: seen.value, parent, ...(attached && { attached }) });
  });
  const [worst] = verdicts.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return worst ?? broken('route/missing', { message: `${named} could not be judged.` });
};
