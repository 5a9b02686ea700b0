// What in one route stops the controller for every route of its Gateway, whoever's they are.
import { field, list, number, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';

/** The largest weight of a target group that ELBv2 takes. */
export const maxWeight = 999;

export interface Fatal {
  /** `the weight of backend web is 1000, and 999 is the most` */
  readonly why: string;
  readonly hint: string;
  /** How the controller's event about the Gateway says it, which names no route; absent: it says nothing anywhere. */
  readonly says?: string;
  /** The first version of the controller that takes it; absent: none does. */
  readonly until?: string;
}

/**
 * An error of loading that is no LoaderError, so nothing is written anywhere but to the controller's log
 * (routeutils/backend.go and loader.go, v2.14.0 … v3.5.0; lbc-transcripts: weight-over-999).
 */
const weights = (rule: Json): readonly Fatal[] =>
  list(rule, 'backendRefs')
    .filter((backend) => (number(backend, 'weight') ?? 1) > maxWeight)
    .map((backend) => ({
      why: `the weight of backend ${text(backend, 'name') ?? ''} is ${number(backend, 'weight')}, and ${maxWeight} is the most`,
      hint: 'Scale the weights of the backends down: what counts is their ratio.',
    }));

const wild = /[*?]/;
const wildcardsHint = 'Write the path without * and ?, which an ALB reads as wildcards.';

const unsupported = (type: string, until?: string): Fatal => ({
  why: `the filter ${type} is none that an ALB has`,
  hint: 'Remove the filter: headers are changed by listener attributes (listenerConfigurations[].listenerAttributes of the LoadBalancerConfiguration), all else by the service itself.',
  says: `Unsupported filter type: ${type}.`,
  ...(until !== undefined && { until }),
});

const redirects = (redirect: Json | undefined): readonly Fatal[] => {
  const path = field(redirect, 'path');
  const wildcards = (['replaceFullPath', 'replacePrefixMatch'] as const).flatMap((key): readonly Fatal[] => {
    const value = text(path, key) ?? '';
    const name = `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
    return wild.test(value)
      ? [
          {
            why: `a redirect leads to the path ${value}, which holds wildcards`,
            hint: wildcardsHint,
            says: `${name} shouldn't contain wildcards: ${value}`,
          },
        ]
      : [];
  });
  const changes = ['scheme', 'port', 'hostname', 'path'].some((key) => field(redirect, key) !== undefined);
  const loops: readonly Fatal[] = changes
    ? []
    : [
        {
          why: 'a redirect changes neither scheme, port, hostname nor path',
          hint: 'Name in the redirect what it changes.',
          says: 'To avoid a redirect loop',
          until: '2.17.0',
        },
      ];
  return [...wildcards, ...loops];
};

/**
 * The controller reads the filters of a rule in order, and no further than a redirect (routeutils/route_rule_action.go;
 * lbc-transcripts: unsupported-filter, url-rewrite, redirect-without-change, wildcard-in-redirect).
 */
const httpFilters = (rule: Json): readonly Fatal[] => {
  const fatals: Fatal[] = [];
  for (const filter of list(rule, 'filters')) {
    const type = text(filter, 'type') ?? '';
    if (type === 'RequestRedirect') return [...fatals, ...redirects(field(filter, 'requestRedirect'))];
    if (type === 'URLRewrite') fatals.push(unsupported(type, '2.15.0'));
    else if (type !== 'ExtensionRef') return [...fatals, unsupported(type)];
  }
  return fatals;
};

const grpcFilters = (rule: Json): readonly Fatal[] => {
  const type = list(rule, 'filters')
    .map((filter) => text(filter, 'type') ?? '')
    .find((each) => each !== 'ExtensionRef');
  return type === undefined ? [] : [unsupported(type)];
};

/**
 * routeutils/route_rule_condition.go: since v3.2.0 an exact path may hold wildcards, which the ALB then reads as such
 * (lbc-transcripts: wildcard-in-path-prefix, wildcard-in-exact-path).
 */
const paths = (rule: Json): readonly Fatal[] =>
  list(rule, 'matches').flatMap((match): readonly Fatal[] => {
    const type = text(match, 'path', 'type') ?? 'PathPrefix';
    const value = text(match, 'path', 'value') ?? '/';
    if (!wild.test(value)) return [];
    const said = { why: `the path ${value} holds wildcards`, hint: wildcardsHint };
    if (type === 'PathPrefix')
      return [{ ...said, says: `prefix path shouldn't contain wildcards: ${value}` }];
    if (type === 'Exact')
      return [{ ...said, says: "exact path shouldn't contain wildcards", until: '3.2.0' }];
    return [];
  });

const ofRule = (kind: string, rule: Json): readonly Fatal[] => [
  ...weights(rule),
  ...(kind === 'GRPCRoute' ? grpcFilters(rule) : [...paths(rule), ...httpFilters(rule)]),
];

/** All that stops one version of the controller or another, in the route's order. */
export const fatalsOf = (route: KubernetesObject): readonly Fatal[] =>
  list(route, 'spec', 'rules').flatMap((rule) => ofRule(route.kind, rule));

/** What stops every version of the controller. */
export const fatalIn = (route: KubernetesObject): Fatal | undefined =>
  fatalsOf(route).find(({ until }) => until === undefined);
