// Which of a Gateway's routes should answer a request: the precedence of Gateway API, as far as an ALB can tell requests apart.
import { list, number, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import type { AlbRequest } from './alb-rules.ts';
import type { Listener } from './shapes.ts';

/** One route at one listener, with the hosts it has there; the empty text stands for every host. */
export interface AttachedRoute {
  readonly route: KubernetesObject;
  readonly namespace: string;
  readonly listener: Listener;
  readonly hosts: readonly string[];
}

export type Answer =
  | { readonly kind: 'forward'; readonly services: ReadonlyMap<string, number> }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'fixed' }
  /** Nobody here can tell: an extension, or a controller that has refused the route. */
  | { readonly kind: 'unknown' };

interface PathMatch {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
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
  /** Place of rule and match in the route. */
  readonly place: readonly [number, number];
}

interface Named {
  readonly name: string;
  readonly value: string;
  readonly regex: boolean;
}

const namedOf = (match: Json, key: string): readonly Named[] =>
  list(match, key).map((each) => ({
    name: text(each, 'name') ?? '',
    value: text(each, 'value') ?? '',
    regex: text(each, 'type') === 'RegularExpression',
  }));

const pathOf = (match: Json, isGrpc: boolean): PathMatch => {
  if (!isGrpc) {
    const type = text(match, 'path', 'type') ?? 'PathPrefix';
    const known = type === 'Exact' || type === 'RegularExpression' ? type : 'PathPrefix';
    return { type: known, value: text(match, 'path', 'value') ?? '/' };
  }
  const [service, method] = [text(match, 'method', 'service'), text(match, 'method', 'method')];
  if (
    text(match, 'method', 'type') === 'RegularExpression' ||
    (service === undefined && method !== undefined)
  )
    return { type: 'RegularExpression', value: '' };
  if (service === undefined) return { type: 'PathPrefix', value: '/' };
  return method === undefined
    ? { type: 'PathPrefix', value: `/${service}` }
    : { type: 'Exact', value: `/${service}/${method}` };
};

const answerOf = (rule: Json, namespace: string): Answer => {
  const filters = list(rule, 'filters').map((each) => text(each, 'type'));
  if (filters.includes('ExtensionRef')) return { kind: 'unknown' };
  if (filters.includes('RequestRedirect')) return { kind: 'redirect' };
  const services = new Map<string, number>();
  for (const ref of list(rule, 'backendRefs')) {
    const weight = number(ref, 'weight') ?? 1;
    if ((text(ref, 'kind') ?? 'Service') !== 'Service') return { kind: 'unknown' };
    const key = `${text(ref, 'namespace') ?? namespace}/${text(ref, 'name') ?? ''}`;
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
          place: [ruleIndex, matchIndex],
        };
      }),
    );
  });

/** Expressions are matched by AWS, not here: where one decides, nothing is said. */
export const isPlain = ({ path, headers, query }: Candidate): boolean =>
  path.type !== 'RegularExpression' && ![...headers, ...query].some(({ regex }) => regex);

const fitsHost = (host: string, asked: string): boolean =>
  host === '' || host === asked || (host.startsWith('*.') && asked.endsWith(host.slice(1)));

const fitsPath = ({ type, value }: PathMatch, path: string): boolean => {
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return false;
  const prefix = value.replace(/\/+$/, '');
  return path === prefix || path.startsWith(`${prefix}/`) || prefix === '';
};

const fits = (candidate: Candidate, request: AlbRequest): boolean => {
  const url = new URL(`http://h${request.path}`);
  const header = (name: string): string | undefined =>
    Object.entries(request.headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return (
    fitsHost(candidate.host, request.host) &&
    fitsPath(candidate.path, url.pathname) &&
    (candidate.method === undefined || candidate.method === request.method) &&
    candidate.headers.every(({ name, value }) => header(name) === value) &&
    candidate.query.every(({ name, value }) => url.searchParams.get(name) === value)
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

/** Requests that only this match is made for: at its path, and below it where it is a prefix. */
export const requestsFor = ({ host, path, method, headers, query }: Candidate): readonly AlbRequest[] => {
  const search = new URLSearchParams(
    query.map(({ name, value }): [string, string] => [name, value]),
  ).toString();
  const below = path.type === 'PathPrefix' ? [`${path.value.replace(/\/+$/, '')}/${probe}`] : [];
  return [path.value, ...below].map((each) => ({
    host: hostFor(host),
    path: search === '' ? each : `${each}?${search}`,
    method: method ?? 'GET',
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
  }));
};

export const refusedBy = (route: KubernetesObject): boolean =>
  list(route, 'status', 'parents')
    .flatMap((parent) => list(parent, 'conditions'))
    .some(
      (condition) =>
        ['Accepted', 'ResolvedRefs'].includes(text(condition, 'type') ?? '') &&
        text(condition, 'status') === 'False',
    );
