// The link `rule`: the load balancer has a rule for the host's request, and it sends to the host's own backends.
import { text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type AlbRequest, type ListenerRule, ruleFor, servesHost } from '../gateway/alb-rules.ts';
import { attach } from '../gateway/attachment.ts';
import { type BackendRef, backendRefsOf } from '../gateway/backend-refs.ts';
import { intersect } from '../gateway/hostnames.ts';
import { hostnamesOf, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, skipped, type Verdict, waiting } from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import type { Found, FoundTargetGroup } from './link.ts';
import type { LoadBalancers } from './load-balancer.ts';
import { judgeNotSeen } from './look.ts';

export interface RuleWant {
  /** As found at the link `gateway`. */
  readonly loadBalancerArn?: string;
  /** The probe's request; of gRPC only the host counts. */
  readonly request: AlbRequest;
  readonly hostOnly?: boolean;
  /** All routes of the host, for whose backends the rule may send. */
  readonly routes: readonly KubernetesObject[];
  /** Of routes that name none. */
  readonly namespace: string;
  readonly gateways: readonly { readonly namespace: string; readonly name: string }[];
}

export interface RuleValue {
  /** Absent when the load balancer is gone. */
  readonly rules?: readonly ListenerRule[];
  /** Target group → Service, out of the controller's TargetGroupBindings; absent when they may not be read. */
  readonly services?: ReadonlyMap<string, FoundTargetGroup>;
  /** Other routes of the same Gateways; read only where the rule sends elsewhere. */
  readonly others: readonly KubernetesObject[];
  /** The listeners of the host's routes, where none of them speaks HTTPS; read only while there is no rule for https. */
  readonly plain?: readonly Evidence[];
}

const servicesOf = (bindings: readonly KubernetesObject[]): ReadonlyMap<string, FoundTargetGroup> =>
  new Map(
    bindings.map((binding) => {
      const arn = text(binding, 'spec', 'targetGroupARN') ?? '';
      const service = {
        namespace: binding.metadata.namespace ?? '',
        name: text(binding, 'spec', 'serviceRef', 'name') ?? '',
      };
      return [arn, { arn, service, binding: binding.metadata.name }];
    }),
  );

const sameRoute = (one: KubernetesObject, other: KubernetesObject, namespace: string): boolean =>
  one.kind === other.kind &&
  one.metadata.name === other.metadata.name &&
  namespaceOf(one, namespace) === namespaceOf(other, namespace);

/** Routes at the same Gateways that could take the host's requests. */
const observeOthers = async (
  reader: ClusterReader,
  { routes, gateways, request, namespace }: RuleWant,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> => {
  const seen = [
    await reader.list(kinds.httpRoute, undefined, signal),
    await reader.list(kinds.grpcRoute, undefined, signal),
  ];
  return seen
    .flatMap((each) => ('value' in each ? each.value : []))
    .filter(
      (route) =>
        !routes.some((own) => sameRoute(own, route, namespace)) &&
        parentRefsOf(route, namespaceOf(route)).some((parent) =>
          gateways.some((each) => each.namespace === parent.namespace && each.name === parent.name),
        ) &&
        (hostnamesOf(route).length === 0 ||
          hostnamesOf(route).some((name) => intersect(name, request.host) !== undefined)),
    );
};

/** The listener that a client of https reaches: that on 443, else whichever speaks HTTPS. */
const rulesForHttps = (rules: readonly ListenerRule[]): readonly ListenerRule[] => {
  const https = rules.filter(({ listener }) => listener.protocol === 'HTTPS');
  const usual = https.filter(({ listener }) => listener.port === 443);
  return usual.length > 0 ? usual : https;
};

const isDefault = ({ priority }: ListenerRule): boolean => priority === Number.POSITIVE_INFINITY;

/** The rule that the request meets; `undefined` for the default action, and where only the host is known. */
const metRule = (
  rules: readonly ListenerRule[],
  { request, hostOnly }: RuleWant,
): ListenerRule | undefined => {
  const rule = hostOnly === true ? undefined : ruleFor(rulesForHttps(rules), request);
  return rule === undefined || isDefault(rule) ? undefined : rule;
};

const rulesOfHost = (rules: readonly ListenerRule[], { request }: RuleWant): readonly ListenerRule[] =>
  rulesForHttps(rules).filter((rule) => !isDefault(rule) && servesHost(rule, request.host));

const foundGroups = (
  rule: ListenerRule | undefined,
  services: ReadonlyMap<string, FoundTargetGroup> | undefined,
): readonly FoundTargetGroup[] =>
  rule?.action.kind === 'forward'
    ? rule.action.targetGroups
        .filter(({ weight }) => weight > 0)
        .map(({ arn }) => services?.get(arn) ?? { arn })
    : [];

const isOurs = (group: FoundTargetGroup, backends: readonly BackendRef[]): boolean =>
  group.service === undefined ||
  backends.some(
    ({ namespace, name }) => namespace === group.service?.namespace && name === group.service.name,
  );

const backendsOf = ({ routes, namespace }: RuleWant): readonly BackendRef[] =>
  routes.flatMap((route) => backendRefsOf(route, namespaceOf(route, namespace)));

/** The listeners that the routes are at, where all of them are for plain HTTP: no rule for https will ever come. */
const observePlain = async (
  reader: ClusterReader,
  { routes, gateways, namespace }: RuleWant,
  signal: AbortSignal,
): Promise<readonly Evidence[] | undefined> => {
  const plain: Evidence[] = [];
  for (const each of gateways) {
    const seen = await reader.get(kinds.gateway, each.namespace, each.name, signal);
    if (!('value' in seen) || seen.value === undefined) return undefined;
    for (const route of routes) {
      const home = namespaceOf(route, namespace);
      for (const parent of parentRefsOf(route, home)) {
        if (parent.namespace !== each.namespace || parent.name !== each.name) continue;
        const attached = attach(route, parent, seen.value, () => undefined, home);
        if (!('attachments' in attached)) return undefined;
        for (const { listener } of attached.attachments) {
          if (listener.protocol !== 'HTTP') return undefined;
          const from = `${refOf(route)} at ${refOf(seen.value)}`;
          plain.push({ from, saw: `listener ${listener.name}, ${listener.protocol} ${listener.port}` });
        }
      }
    }
  }
  return plain.length === 0 ? undefined : plain;
};

export const observeRule = async (
  loadBalancers: LoadBalancers,
  reader: ClusterReader,
  want: RuleWant,
  signal: AbortSignal,
): Promise<Seen<RuleValue> | undefined> => {
  if (want.loadBalancerArn === undefined) return undefined;
  const seen = await loadBalancers.rules(want.loadBalancerArn, signal);
  if (!('value' in seen)) return seen;
  if (seen.value === undefined) return { at: seen.at, value: { others: [] } };
  const bindings = await reader.list(kinds.targetGroupBinding, undefined, signal);
  const services = 'value' in bindings ? servicesOf(bindings.value) : undefined;
  const backends = backendsOf(want);
  const groups = foundGroups(metRule(seen.value, want), services);
  const foreign = groups.some((group) => !isOurs(group, backends));
  const plain =
    rulesOfHost(seen.value, want).length === 0 ? await observePlain(reader, want, signal) : undefined;
  return {
    at: seen.at,
    value: {
      rules: seen.value,
      ...(services && { services }),
      others: foreign ? await observeOthers(reader, want, signal) : [],
      ...(plain && { plain }),
    },
  };
};

const sayPriority = ({ priority }: ListenerRule): string =>
  priority === Number.POSITIVE_INFINITY ? 'the default action' : `rule ${priority}`;

const sayAction = (rule: ListenerRule, groups: readonly FoundTargetGroup[]): string => {
  switch (rule.action.kind) {
    case 'forward':
      return `forwards to ${groups.map(({ arn, service }) => (service ? `Service ${service.namespace}/${service.name}` : arn)).join(', ')}`;
    case 'redirect':
      return 'redirects';
    case 'fixed':
      return `answers ${rule.action.status} itself`;
    default:
      return `does ${rule.action.type}`;
  }
};

const ruleEvidence = (rule: ListenerRule, groups: readonly FoundTargetGroup[]): Evidence => ({
  from: `listener ${rule.listener.protocol}:${rule.listener.port}, ${sayPriority(rule)}`,
  saw: [
    ...rule.conditions.map(({ field, values, query }) =>
      query ? field : `${field} ${values.slice(0, 5).join(' | ')}`,
    ),
    sayAction(rule, groups),
  ].join('; '),
});

const madeAt = (route: KubernetesObject): string =>
  text(route, 'metadata', 'creationTimestamp') ?? 'unknown time';

/**
 * The rule that answers the host's request belongs to another route. Of two routes with the same host and match the older
 * wins, and neither gets a condition (routeutils/route_rule_precedence.go, v3.5.0).
 */
const judgeForeign = (
  want: RuleWant,
  value: RuleValue,
  rule: ListenerRule,
  groups: readonly FoundTargetGroup[],
): Verdict => {
  const services = groups
    .filter((group) => !isOurs(group, backendsOf(want)))
    .flatMap(({ service }) => service ?? []);
  const names = services.map(({ namespace, name }) => `Service ${namespace}/${name}`).join(', ');
  const sendsThere = (route: KubernetesObject): boolean =>
    backendRefsOf(route).some((backend) =>
      services.some(({ namespace, name }) => namespace === backend.namespace && name === backend.name),
    );
  const winner = value.others.find(sendsThere);
  const url = `https://${want.request.host}${want.request.path}`;
  const evidence = [ruleEvidence(rule, groups)];
  if (winner === undefined)
    return waiting('rule/other-backend', {
      message: `The load balancer's rule for ${url} still sends to ${names}, to which no route of the host sends any more.`,
      evidence,
    });
  const own = want.routes.map((route) => ({ from: refOf(route), saw: `created ${madeAt(route)}` }));
  return broken('rule/shadowed', {
    message: `${url} is answered by ${refOf(winner)}, which sends to ${names}: its rule stands before that of ${want.routes.map(refOf).join(', ')}.`,
    evidence: [...evidence, { from: refOf(winner), saw: `created ${madeAt(winner)}` }, ...own],
    hint: `Of two routes with the same host and match the older one wins, without a condition on either. Give the hostname or the path to one of them; ask the owners of ${refOf(winner)}.`,
  });
};

/** Shared with lint. */
export const plainHint =
  "Give the Gateway a listener of protocol HTTPS with a certificate, where it has none, and name it in the route's parentRefs (sectionName), or name none.";

/** Whether the request meets a rule of the host's own routes on the listener for https. */
export const judgeRule = (want: RuleWant, seen: Seen<RuleValue> | undefined): Verdict => {
  if (seen === undefined)
    return skipped('look/not-used', {
      message: 'The Gateway does not name its load balancer, so its rules were not looked at.',
    });
  if (!('value' in seen)) return judgeNotSeen(seen, `The load balancer's rules for ${want.request.host}`);
  const { rules, services } = seen.value;
  const url = `https://${want.request.host}${want.request.path}`;
  if (rules === undefined)
    return waiting('rule/missing', { message: `The load balancer ${want.loadBalancerArn} does not exist.` });
  const rule = metRule(rules, want);
  if (rule !== undefined) {
    const groups = foundGroups(rule, services);
    const foreign = groups.some((group) => !isOurs(group, backendsOf(want)));
    if (foreign) return judgeForeign(want, seen.value, rule, groups);
    return ok(`The load balancer ${sayAction(rule, groups)} for ${url}.`, [ruleEvidence(rule, groups)]);
  }
  const near = rulesOfHost(rules, want);
  const own = near.filter((each) => ownGroups(want, each, services).length > 0);
  const evidence = near.slice(0, 5).map((each) => ruleEvidence(each, foundGroups(each, services)));
  // Whether the request meets one of them is for the link `https` to say.
  if (own.length > 0)
    return ok(
      `The load balancer has ${own.length} ${own.length === 1 ? 'rule' : 'rules'} for ${want.request.host}.`,
      evidence,
    );
  const { plain } = seen.value;
  if (plain !== undefined)
    return broken('rule/plain-http', {
      message: `${want.routes.map(refOf).join(', ')} ${want.routes.length === 1 ? 'is' : 'are'} at listeners for plain HTTP alone, so ${url} has no rule.`,
      evidence: plain,
      hint: plainHint,
    });
  return waiting('rule/missing', {
    message:
      rulesForHttps(rules).length === 0
        ? `The load balancer has no listener for HTTPS yet, and no rule for ${want.request.host}.`
        : `The load balancer has no rule for ${want.request.host} yet.`,
    evidence,
    hint: "The controller writes rules within seconds; if none comes, the Gateway's events say why (a full load balancer, for one).",
  });
};

const ownGroups = (
  want: RuleWant,
  rule: ListenerRule,
  services: ReadonlyMap<string, FoundTargetGroup> | undefined,
): readonly FoundTargetGroup[] =>
  foundGroups(rule, services).filter((group) => isOurs(group, backendsOf(want)));

/** The target groups behind the rule, or behind all of the host's, for the link `targets`. */
export const foundRule = (want: RuleWant, seen: Seen<RuleValue> | undefined): Found => {
  if (seen === undefined || !('value' in seen) || seen.value.rules === undefined) return {};
  const { rules, services } = seen.value;
  const met = metRule(rules, want);
  const groups = (met === undefined ? rulesOfHost(rules, want) : [met]).flatMap((rule) =>
    ownGroups(want, rule, services),
  );
  return { targetGroups: [...new Map(groups.map((group) => [group.arn, group])).values()] };
};
