// The listener rules and target groups that LBC makes of the routes of a Gateway: for plans, and for the budget.
import { field, list, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { attach, type NamespaceLabels } from './attachment.ts';
import { backendRefsOf } from './backend-refs.ts';
import { isOfGateway, namespaceOf, parentRefsOf } from './shapes.ts';
import { isAtLeast } from './versions.ts';

/** Quotas of an ALB: rules may be raised, target groups not (AWS, "Quotas for your Application Load Balancers"). */
export const albLimits = { rules: 100, targetGroups: 100 } as const;

export interface WantedRule {
  /** `HTTPS:443`. */
  readonly listener: string;
  /** `*` for every host; before LBC 3.4.3 one rule holds all hosts of a route, separated by blanks. */
  readonly host: string;
  /** `PathPrefix /`, `GET Exact /a, header x=1`. */
  readonly match: string;
  /** `Service apps/web:8080`, `redirect`. */
  readonly to: string;
  /** One for each Service and port that the route sends to. */
  readonly targetGroups: readonly string[];
  readonly route: KubernetesObject;
}

export interface RulesContext {
  /** Of routes and Gateways that name none. */
  readonly namespace?: string;
  readonly labelsOf?: NamespaceLabels;
  /** LBC's version, as in its image tag. */
  readonly version?: string;
}

const pairs = (match: Json, name: string, said: string): readonly string[] =>
  list(match, name).map((each) => `${said} ${text(each, 'name') ?? ''}=${text(each, 'value') ?? ''}`);

const methodOf = (match: Json): readonly string[] => {
  const service = text(match, 'method', 'service');
  if (service !== undefined) return [`gRPC ${service}/${text(match, 'method', 'method') ?? '*'}`];
  return [text(match, 'method') ?? []].flat();
};

const sayMatch = (match: Json): string => {
  const path = `${text(match, 'path', 'type') ?? 'PathPrefix'} ${text(match, 'path', 'value') ?? '/'}`;
  const method = methodOf(match);
  const where = method.some((each) => each.startsWith('gRPC')) ? method : [...method, path];
  return [
    where.join(' '),
    ...pairs(match, 'headers', 'header'),
    ...pairs(match, 'queryParams', 'query'),
  ].join(', ');
};

const sayAction = (
  rule: Json,
  route: KubernetesObject,
  namespace: string,
): Pick<WantedRule, 'to' | 'targetGroups'> => {
  const redirects = list(rule, 'filters').some((filter) => field(filter, 'requestRedirect') !== undefined);
  if (redirects) return { to: 'redirect', targetGroups: [] };
  const alone = { ...route, spec: { rules: [rule] } };
  const services = backendRefsOf(alone, namespace).map(
    (backend) => `Service ${backend.namespace}/${backend.name}:${backend.port ?? ''}`,
  );
  const owner = `${route.kind} ${namespace}/${route.metadata.name}`;
  return {
    to: services.join(', ') || 'nothing',
    targetGroups: services.map((service) => `${owner} ${service}`),
  };
};

const routeRules = (
  route: KubernetesObject,
  listener: string,
  hosts: readonly string[],
  namespace: string,
): readonly WantedRule[] => {
  const rules = list(route, 'spec', 'rules');
  return (rules.length > 0 ? rules : [{}]).flatMap((rule) => {
    const matches = list(rule, 'matches');
    const action = sayAction(rule, route, namespace);
    return (matches.length > 0 ? matches : [{}]).flatMap((match) =>
      hosts.map((host) => ({ listener, host: host || '*', match: sayMatch(match), ...action, route })),
    );
  });
};

/**
 * Each rule of each route at each listener, hosts and matches multiplied out (LBC from 3.4.3 on makes one rule a host,
 * before that one for all hosts of a route). Listeners that share a port share its rules.
 */
export const wantedRules = (
  gateway: KubernetesObject,
  routes: readonly KubernetesObject[],
  { namespace = 'default', labelsOf = () => undefined, version }: RulesContext = {},
): readonly WantedRule[] => {
  const home = namespaceOf(gateway, namespace);
  const placed = { ...gateway, metadata: { ...gateway.metadata, namespace: home } };
  const together = !isAtLeast(version, '3.4.3');
  return routes.flatMap((route) => {
    const own = namespaceOf(route, namespace);
    const byPort = new Map<string, Set<string>>();
    for (const parent of parentRefsOf(route, own)) {
      if (!isOfGateway(parent) || parent.name !== gateway.metadata.name || parent.namespace !== home)
        continue;
      const attached = attach(route, parent, placed, labelsOf, own);
      for (const { listener, hosts } of 'attachments' in attached ? attached.attachments : []) {
        const port = `${listener.protocol}:${listener.port}`;
        byPort.set(port, new Set([...(byPort.get(port) ?? []), ...hosts]));
      }
    }
    return [...byPort].flatMap(([port, hosts]) =>
      routeRules(route, port, together ? [[...hosts].join(' ')] : [...hosts], own),
    );
  });
};

/** How many target groups the rules need: one for each route and Service port, whatever the number of its rules. */
export const targetGroupsOf = (rules: readonly WantedRule[]): number =>
  new Set(rules.flatMap(({ targetGroups }) => targetGroups)).size;

/** What tells two rules apart that would answer the same requests. */
export const ruleKey = ({ listener, host, match }: WantedRule): string => [listener, host, match].join('\n');
