// Which of a Gateway's routes should answer a request: the precedence of Gateway API, as far as an ALB can tell requests apart.
import { field, list, number, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { fitsWildcard } from '../compare/wildcard.ts';
import type { AlbRequest, Redirect, Rewrite } from './alb-rules.ts';
import type { Listener } from './shapes.ts';

/** One route at one listener, with the hosts it has there; the empty text stands for every host. */
export interface AttachedRoute {
  readonly route: KubernetesObject;
  readonly namespace: string;
  readonly listener: Listener;
  readonly hosts: readonly string[];
}

export type Answer =
  | {
      readonly kind: 'forward';
      /** `namespace/name:port` → weight. */
      readonly services: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'redirect'; readonly to: Redirect }
  | { readonly kind: 'fixed' }
  /** Nobody here can tell: an extension, or a controller that has refused the route. */
  | { readonly kind: 'unknown' };

interface PathMatch {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
  /** What lies below the prefix alone: a gRPC service is called by its methods (LBC's rule is `/service/*`). */
  readonly below?: true;
}

/** One match of one rule for one host. */
export interface Candidate {
  readonly route: KubernetesObject;
  readonly port: number;
  readonly host: string;
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly Named[];
  readonly query: readonly Named[];
  readonly answer: Answer;
  readonly rewrites: readonly Rewrite[];
  /** Place of rule and match in the route. */
  readonly place: readonly [number, number];
}

interface Named {
  readonly name: string;
  /** Patterns of ELBv2, one of which has to fit. */
  readonly values: readonly string[];
  readonly regex: boolean;
}

/** `a,b` asks for either; a backslash takes the comma its meaning (LBC generateValuesFromMatchHeaderValue). */
const alternatives = (value: string): readonly string[] =>
  [...value.matchAll(/(?:^|,)((?:\\.|[^,\\])*)/gs)].map(([, each = '']) => each.replaceAll(/\\(.)/gs, '$1'));

const namedOf = (match: Json, key: 'headers' | 'queryParams'): readonly Named[] =>
  list(match, key).map((each) => {
    const value = text(each, 'value') ?? '';
    return {
      name: text(each, 'name') ?? '',
      values: key === 'headers' ? alternatives(value) : [value],
      regex: text(each, 'type') === 'RegularExpression',
    };
  });

const pathOf = (match: Json, isGrpc: boolean): PathMatch => {
  if (!isGrpc) {
    const type = text(match, 'path', 'type') ?? 'PathPrefix';
    const known = type === 'Exact' || type === 'RegularExpression' ? type : 'PathPrefix';
    return { type: known, value: text(match, 'path', 'value') ?? '/' };
  }
  const [service, method] = [text(match, 'method', 'service'), text(match, 'method', 'method')];
  if (text(match, 'method', 'type') === 'RegularExpression') return { type: 'RegularExpression', value: '' };
  if (service === undefined && method !== undefined) return { type: 'Exact', value: `/*/${method}` };
  // Behind every path of its host, also that of an HTTPRoute (getGrpcRoutePathType).
  if (service === undefined) return { type: 'PathPrefix', value: '' };
  return method === undefined
    ? { type: 'PathPrefix', value: `/${service}`, below: true }
    : { type: 'Exact', value: `/${service}/${method}` };
};

/** LBC buildHttpRedirectAction; a prefix is replaced by a rewrite, and an empty port is the scheme's own. */
const redirectOf = (filter: Json | undefined): Redirect => {
  const protocol = text(filter, 'scheme')?.toUpperCase();
  return {
    protocol: protocol ?? '#{protocol}',
    host: text(filter, 'hostname') ?? '#{host}',
    port: number(filter, 'port')?.toString() ?? (protocol === undefined ? '#{port}' : ''),
    path: text(filter, 'path', 'replaceFullPath') ?? '/#{path}',
    query: '#{query}',
    status: `HTTP_${number(filter, 'statusCode') ?? 302}`,
  };
};

/** LBC buildHTTPRuleTransforms. */
const rewritesOf = (rule: Json): readonly Rewrite[] =>
  list(rule, 'filters').flatMap((filter): Rewrite[] => {
    const [rewrite, redirect] = [field(filter, 'urlRewrite'), field(filter, 'requestRedirect')];
    const host = text(rewrite, 'hostname');
    const path = field(rewrite, 'path', 'replaceFullPath') ?? field(rewrite, 'path', 'replacePrefixMatch');
    const prefix = path ?? field(redirect, 'path', 'replacePrefixMatch');
    return [
      ...(typeof prefix === 'string' ? [{ of: 'path' as const, to: prefix }] : []),
      ...(host === undefined ? [] : [{ of: 'host' as const, to: host }]),
    ];
  });

const answerOf = (rule: Json, namespace: string): Answer => {
  const filters = list(rule, 'filters').map((each) => text(each, 'type'));
  if (filters.includes('ExtensionRef')) return { kind: 'unknown' };
  const redirect = list(rule, 'filters').find((each) => text(each, 'type') === 'RequestRedirect');
  if (redirect !== undefined) return { kind: 'redirect', to: redirectOf(field(redirect, 'requestRedirect')) };
  const services = new Map<string, number>();
  for (const ref of list(rule, 'backendRefs')) {
    const weight = number(ref, 'weight') ?? 1;
    if ((text(ref, 'kind') ?? 'Service') !== 'Service') return { kind: 'unknown' };
    const port = number(ref, 'port');
    const name = `${text(ref, 'namespace') ?? namespace}/${text(ref, 'name') ?? ''}`;
    const key = port === undefined ? name : `${name}:${port}`;
    if (weight > 0) services.set(key, (services.get(key) ?? 0) + weight);
  }
  return services.size === 0 ? { kind: 'fixed' } : { kind: 'forward', services };
};

/** @param refused the controller does not serve the route as it is: what it asks for is then not known */
export const candidatesOf = (
  { route, namespace, listener, hosts }: AttachedRoute,
  refused: boolean,
): readonly Candidate[] =>
  list(route, 'spec', 'rules').flatMap((rule, ruleIndex) => {
    const matches = list(rule, 'matches');
    const answer: Answer = refused ? { kind: 'unknown' } : answerOf(rule, namespace);
    const rewrites = rewritesOf(rule);
    return (matches.length > 0 ? matches : [{}]).flatMap((match, matchIndex) =>
      (hosts.length > 0 ? hosts : ['']).map((host): Candidate => {
        const method = route.kind === 'HTTPRoute' ? text(match, 'method') : undefined;
        return {
          route,
          port: listener.port,
          host,
          path: pathOf(match, route.kind === 'GRPCRoute'),
          ...(method !== undefined && { method }),
          headers: namedOf(match, 'headers'),
          query: namedOf(match, 'queryParams'),
          answer,
          rewrites,
          place: [ruleIndex, matchIndex],
        };
      }),
    );
  });

/** Expressions are matched by AWS, not here: where one decides, nothing is said. */
export const isPlain = ({ path, headers, query }: Candidate): boolean =>
  path.type !== 'RegularExpression' && ![...headers, ...query].some(({ regex }) => regex);

/** Whether a candidate's host takes the request's. */
export const fitsHost = (host: string, asked: string): boolean =>
  host === '' || host === asked || (host.startsWith('*.') && asked.endsWith(host.slice(1)));

const fitsPath = ({ type, value, below }: PathMatch, path: string): boolean => {
  // From 3.2.0 on LBC passes wildcards of an exact path on to the ALB, which reads them as such.
  if (type === 'Exact') return fitsWildcard(value, path);
  if (type === 'RegularExpression') return false;
  const prefix = value.replace(/\/+$/, '');
  return (below !== true && path === prefix) || path.startsWith(`${prefix}/`) || prefix === '';
};

/** Without regard to case, as the load balancer compares them. */
const fitsAny = (patterns: readonly string[], value: string): boolean =>
  patterns.some((each) => fitsWildcard(each.toLowerCase(), value.toLowerCase()));

const fits = (candidate: Candidate, request: AlbRequest): boolean => {
  if (!fitsHost(candidate.host, request.host)) return false;
  const url = new URL(`http://h${request.path}`);
  const headers = (name: string): readonly string[] =>
    Object.entries(request.headers).flatMap(([key, value]) =>
      key.toLowerCase() === name.toLowerCase() ? [value] : [],
    );
  const parameters = (name: string): readonly string[] =>
    [...url.searchParams].flatMap(([key, value]) => (fitsAny([name], key) ? [value] : []));
  return (
    fitsPath(candidate.path, url.pathname) &&
    (candidate.method === undefined || candidate.method === request.method) &&
    candidate.headers.every(({ name, values }) => headers(name).some((each) => fitsAny(values, each))) &&
    candidate.query.every(({ name, values }) => parameters(name).some((each) => fitsAny(values, each)))
  );
};

const ranks = { Exact: 0, PathPrefix: 1, RegularExpression: 2 } as const;

const hostRank = (host: string): number => (host === '' ? 0 : host.startsWith('*.') ? host.length : 1000);

const born = ({ route }: Candidate): string => text(route, 'metadata', 'creationTimestamp') ?? '';
const nameOf = ({ route: { metadata } }: Candidate): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** Gateway API, HTTPRouteRule: host, path, method, headers, query, age, name, place (LBC routeutils/route_rule_precedence.go). */
const byPrecedence = (one: Candidate, other: Candidate): number =>
  hostRank(other.host) - hostRank(one.host) ||
  ranks[one.path.type] - ranks[other.path.type] ||
  other.path.value.length - one.path.value.length ||
  Number(other.method !== undefined) - Number(one.method !== undefined) ||
  other.headers.length - one.headers.length ||
  other.query.length - one.query.length ||
  born(one).localeCompare(born(other)) ||
  nameOf(one).localeCompare(nameOf(other)) ||
  one.place[0] - other.place[0] ||
  one.place[1] - other.place[1];

/** The match that should answer; `undefined` where none does. An expression that could is an unknown answer. */
export const candidateFor = (
  candidates: readonly Candidate[],
  port: number,
  request: AlbRequest,
): Candidate | undefined =>
  candidates.filter((each) => each.port === port && fits(each, request)).toSorted(byPrecedence)[0];

const probe = 'drift-probe';

const hostFor = (host: string): string => (host === '' ? `${probe}.invalid` : host.replace(/^\*/, probe));

/** A value that fits the pattern. */
export const plainValue = (pattern: string): string => pattern.replaceAll('*', probe).replaceAll('?', 'x');

/** Custom methods are allowed, so that any method but those that routes name can be tried. */
const otherMethod = 'DRIFT-PROBE';

/** Requests that only this match is made for: at its path, below it where it is a prefix, and by any method where it names none. */
export const requestsFor = ({ host, path, method, headers, query }: Candidate): readonly AlbRequest[] => {
  const search = new URLSearchParams(
    query.map(({ name, values: [value = ''] }): [string, string] => [name, plainValue(value)]),
  ).toString();
  const paths =
    path.type === 'PathPrefix'
      ? [...(path.below ? [] : [path.value || '/']), `${path.value.replace(/\/+$/, '')}/${probe}`]
      : [plainValue(path.value)];
  const methods = method === undefined ? ['GET', otherMethod] : [method];
  return paths.flatMap((each) =>
    methods.map((by) => ({
      host: hostFor(host),
      path: search === '' ? each : `${each}?${search}`,
      method: by,
      headers: Object.fromEntries(headers.map(({ name, values: [value = ''] }) => [name, plainValue(value)])),
    })),
  );
};

export const refusedBy = (route: KubernetesObject): boolean =>
  list(route, 'status', 'parents')
    .flatMap((parent) => list(parent, 'conditions'))
    .some(
      (condition) =>
        ['Accepted', 'ResolvedRefs'].includes(text(condition, 'type') ?? '') &&
        text(condition, 'status') === 'False',
    );
