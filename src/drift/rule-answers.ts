// How a rule of a load balancer answers and how a route's match wants it answered, both as one sentence that can be compared.
import type { ListenerRule, Redirect, Rewrite } from '../gateway/alb-rules.ts';
import type { Candidate } from '../gateway/route-requests.ts';
import { isAtLeast } from '../gateway/versions.ts';

export interface AnswerContext {
  /** Target group ARN → `namespace/name:port` of its Service. */
  readonly services: ReadonlyMap<string, string>;
  /** ARNs of groups of which nobody can tell what Service they were made for. */
  readonly unbound: ReadonlySet<string>;
  /** Of the controller. */
  readonly version?: string;
}

/** Weights count by their proportion. */
const shares = (services: ReadonlyMap<string, number>): string => {
  const total = [...services.values()].reduce((sum, weight) => sum + weight, 0);
  return [...services]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, weight]) =>
      services.size === 1 ? name : `${name} (${Math.round((weight / total) * 100)} %)`,
    )
    .join(', ');
};

const sayRedirect = ({ protocol, host, port, path, query, status }: Redirect): string =>
  `redirect to ${protocol}://${host}:${port}${path}?${query} (${status})`;

/** LBC puts back the slash that the prefix has taken (`$2`, generatePrefixReplacementRegex). */
const sayRewrites = (rewrites: readonly Rewrite[]): string =>
  rewrites
    .map(
      ({ of, to }) =>
        `, ${of} rewritten to ${of === 'host' ? to : to.replace(/\$\d+$/, '').replace(/(?<=.)\/$/, '') || '/'}`,
    )
    .toSorted()
    .join('');

const rewritten = ({ version }: AnswerContext): boolean => isAtLeast(version, '2.17.0');

const forwarded = ({ action }: ListenerRule, { services }: AnswerContext): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const { arn, weight } of action.kind === 'forward' ? action.targetGroups : []) {
    const name = services.get(arn) ?? arn;
    if (weight > 0) found.set(name, (found.get(name) ?? 0) + weight);
  }
  return found;
};

const sourceOf = ({ conditions }: ListenerRule): string => {
  const sources = conditions.filter(({ field }) => field === 'source-ip').flatMap(({ values }) => values);
  return sources.length === 0 ? '' : `, for clients in ${sources.join(', ')} alone`;
};

/** `undefined`: nobody here can tell. */
export const sayRule = (rule: ListenerRule, context: AnswerContext): string | undefined => {
  const { action, before = [], rewrites = [] } = rule;
  if (action.kind === 'other') return undefined;
  if (action.kind === 'forward' && action.targetGroups.some(({ arn }) => context.unbound.has(arn)))
    return undefined;
  const steps = before.map((type) => `${type}, then `).join('');
  const rest = `${rewritten(context) ? sayRewrites(rewrites) : ''}${sourceOf(rule)}`;
  // Of what has no backend the answer differs from version to version: 503, 500.
  if (action.kind === 'fixed')
    return `${steps}answer ${action.status < 400 ? action.status : 'an error'}${rest}`;
  if (action.kind === 'redirect') return `${steps}${sayRedirect(action.to)}${rest}`;
  return `${steps}forward to ${shares(forwarded(rule, context))}${rest}`;
};

const schemePorts: Readonly<Record<string, string>> = { HTTP: '80', HTTPS: '443' };

/** Until 3.1 LBC left the port as the request has it where the route names a scheme alone. */
const portOf = ({ port, protocol }: Redirect, { version }: AnswerContext): string => {
  if (port !== '') return port;
  return (isAtLeast(version, '3.1.0') ? schemePorts[protocol] : undefined) ?? '#{port}';
};

/** `undefined`: nobody here can tell. */
export const sayCandidate = ({ answer, rewrites }: Candidate, context: AnswerContext): string | undefined => {
  const readable = rewritten(context);
  // Until 2.17 the new prefix stood in the redirect's own path.
  if (answer.kind === 'unknown' || (answer.kind === 'redirect' && rewrites.length > 0 && !readable))
    return undefined;
  const rest = readable ? sayRewrites(rewrites) : '';
  if (answer.kind === 'fixed') return `answer an error${rest}`;
  if (answer.kind === 'forward') return `forward to ${shares(answer.services)}${rest}`;
  return `${sayRedirect({ ...answer.to, port: portOf(answer.to, context) })}${rest}`;
};
