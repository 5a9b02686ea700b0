// What to ask an HTTPRoute's host for, so that the answer comes from the route: path, method, headers out of its matches.
import { field, list, text, textMap } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { type HeaderWant, parseHeader, parseStatuses, type StatusRange } from '../chain/https.ts';

/** Annotations on an HTTPRoute that overrule what its matches say. */
export const probeAnnotations = {
  /** Path and query to ask for: `/healthz`. */
  path: 'eks-gateway-action/https-path',
  /** Header that the answer must carry, as `Name: value`. */
  header: 'eks-gateway-action/https-header',
  /** Statuses that are accepted: `200`, `200-399,401`. */
  status: 'eks-gateway-action/https-status',
} as const;

/** A request for `chain/https.ts`, without the host, and what the annotations say of its answer. */
export interface RouteProbe {
  readonly method: 'GET' | 'HEAD';
  /** With the query, percent-encoded. */
  readonly path: string;
  /** Headers that the route's match wants; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the path comes from: `rule 2 of the route (PathPrefix /api)`. */
  readonly because: string;
  /** Why the request may miss the route's rules; the remedy is the annotation for the path. */
  readonly unsure?: string;
  /** Set by annotation. */
  readonly header?: HeaderWant;
  /** Set by annotation. */
  readonly statuses?: readonly StatusRange[];
  /** Annotations whose value cannot be used, one sentence each; they are left out. */
  readonly problems: readonly string[];
}

interface Candidate {
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly because: string;
  readonly unsure?: string;
  /** Lower is better. */
  readonly cost: number;
}

interface Pairs {
  readonly exact: readonly (readonly [string, string])[];
  readonly patterns: readonly string[];
}

const pairsOf = (values: readonly Json[]): Pairs => {
  const isPattern = (value: Json): boolean => text(value, 'type') === 'RegularExpression';
  return {
    exact: values
      .filter((value) => !isPattern(value))
      .map((value) => [text(value, 'name') ?? '', text(value, 'value') ?? ''] as const),
    patterns: values.filter(isPattern).map((value) => text(value, 'name') ?? ''),
  };
};

const candidateOf = (match: Json, rule: number, redirects: boolean): Candidate => {
  const type = text(match, 'path', 'type') ?? 'PathPrefix';
  const value = text(match, 'path', 'value') ?? '/';
  const wantedMethod = text(match, 'method');
  const headers = pairsOf(list(match, 'headers'));
  const query = pairsOf(list(match, 'queryParams'));
  const patterned = type === 'RegularExpression';
  const unsures = [
    ...(patterned ? [`its path is the regular expression ${value}`] : []),
    ...(wantedMethod === undefined || wantedMethod === 'GET' || wantedMethod === 'HEAD'
      ? []
      : [`it answers ${wantedMethod} only, which is not sent unasked`]),
    ...headers.patterns.map((name) => `its header ${name} is a regular expression`),
    ...query.patterns.map((name) => `its query parameter ${name} is a regular expression`),
  ];
  const search = query.exact
    .map(([name, each]) => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`)
    .join('&');
  const path = patterned ? '/' : value;
  return {
    method: wantedMethod === 'HEAD' ? 'HEAD' : 'GET',
    path: search === '' ? path : `${path}?${search}`,
    headers: Object.fromEntries(headers.exact.map(([name, each]) => [name.toLowerCase(), each])),
    because: `rule ${rule + 1} of the route (${type} ${value})`,
    ...(unsures.length > 0 && { unsure: unsures.join('; ') }),
    cost:
      unsures.length * 1000 +
      (redirects ? 500 : 0) +
      (headers.exact.length + query.exact.length) * 100 +
      (wantedMethod === undefined || wantedMethod === 'GET' ? 0 : 50) +
      value.split('/').length,
  };
};

const candidatesOf = (route: KubernetesObject): readonly Candidate[] => {
  // A route without rules, and a rule without matches, is PathPrefix `/` (CRD defaults of HTTPRoute v1).
  const rules = list(route, 'spec', 'rules');
  return (rules.length > 0 ? rules : [{}]).flatMap((rule, index) => {
    const matches = list(rule, 'matches');
    const redirects = list(rule, 'filters').some((filter) => field(filter, 'requestRedirect') !== undefined);
    return (matches.length > 0 ? matches : [{}]).map((match) => candidateOf(match, index, redirects));
  });
};

const pathOf = (value: string): string | undefined => (/^\/\S*$/.test(value) ? value : undefined);

/** One annotation, read; what cannot be used becomes a sentence. */
const read = <Value>(
  annotations: Readonly<Record<string, string>>,
  name: string,
  accepted: string,
  parse: (value: string) => Value | undefined,
): { readonly value?: Value; readonly problem?: string } => {
  const raw = annotations[name];
  if (raw === undefined) return {};
  const value = parse(raw);
  return value === undefined
    ? { problem: `The annotation ${name} is "${raw.slice(0, 100)}"; accepted: ${accepted}.` }
    : { value };
};

/**
 * The request that the route's own matches promise to answer: one that GET can make, with the plainest path and the fewest
 * headers; matches of a host are those of its route, for an HTTPRoute's rules hold for all its hostnames. An ALB answers
 * 404 to `/` where only `/api` is routed, so `/` is asked for only where the route says so or nothing better is known.
 */
export const probeOf = (route: KubernetesObject): RouteProbe => {
  const [best] = candidatesOf(route).toSorted((a, b) => a.cost - b.cost);
  const annotations = textMap(route, 'metadata', 'annotations');
  const path = read(annotations, probeAnnotations.path, 'a path that begins with `/`', pathOf);
  const header = read(annotations, probeAnnotations.header, '`Name: value`', parseHeader);
  const status = read(
    annotations,
    probeAnnotations.status,
    'statuses and ranges such as `200`, `200-399`',
    parseStatuses,
  );
  const problems = [path.problem, header.problem, status.problem].filter((each) => each !== undefined);
  const { cost: _, ...request } = best ?? {
    cost: 0,
    method: 'GET' as const,
    path: '/',
    headers: {},
    because: 'the route',
  };
  const { unsure: _unsure, ...sure } = request;
  return {
    ...(path.value === undefined
      ? request
      : { ...sure, path: path.value, because: `annotation ${probeAnnotations.path}` }),
    ...(header.value && { header: header.value }),
    ...(status.value && { statuses: status.value }),
    problems,
  };
};
