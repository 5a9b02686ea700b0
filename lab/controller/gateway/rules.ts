// Turns attached routes into a listener's rules: conditions, actions, and their order by Gateway API's precedence.
import type { Action, RuleCondition, RuleTransform } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { HttpMatch, Redirect, RouteFilter, UrlRewrite } from '../objects.ts';
import type { AttachedRule, Attachment } from './attachment.ts';
import type { Backend } from './backends.ts';
import { compareHostnames } from './hostnames.ts';

/** A forward action names its target groups by key until they have ARNs. */
export type PlannedAction = Action | { Type: 'forward'; targets: { key: string; weight: number }[] };

export interface PlannedRule {
  conditions: RuleCondition[];
  action: PlannedAction;
  transforms: RuleTransform[];
}

interface Candidate {
  attachment: Attachment;
  ruleIndex: number;
  matchIndex: number;
  hostname: string | undefined;
  match: HttpMatch;
  rule: AttachedRule;
}

export function planRules(
  attachments: Attachment[],
  keyOf: (attachment: Attachment, backend: Backend) => string,
): PlannedRule[] {
  const seen = new Set<string>();
  return attachments
    .flatMap(candidatesOf)
    .sort(byPrecedence)
    .filter((candidate) => {
      // One route may reach the same port by two listeners or parentRefs; its rule is needed once.
      const { route, kind } = candidate.attachment;
      const key = [
        kind,
        route.metadata.uid,
        candidate.ruleIndex,
        candidate.matchIndex,
        candidate.hostname ?? '',
      ].join(' ');
      return !seen.has(key) && seen.add(key);
    })
    .map((candidate) => ({
      conditions: conditionsOf(candidate),
      action: actionOf(candidate, keyOf),
      transforms: transformsOf(candidate),
    }));
}

function candidatesOf(attachment: Attachment): Candidate[] {
  const hostnames = attachment.hostnames.length > 0 ? attachment.hostnames : [undefined];
  return attachment.rules.flatMap((rule, ruleIndex) => {
    const matches = rule.rule.matches?.length ? rule.rule.matches : [{}];
    return matches.flatMap((match, matchIndex) =>
      hostnames.map((hostname) => ({ attachment, ruleIndex, matchIndex, hostname, match, rule })),
    );
  });
}

const PATH_RANK = { Exact: 0, PathPrefix: 1, RegularExpression: 2 };

function byPrecedence(one: Candidate, other: Candidate): number {
  const path = (each: Candidate): { rank: number; length: number } => {
    const { type, value } = pathOf(each);
    return { rank: PATH_RANK[type], length: value.length };
  };
  const age = (each: Candidate): number => Date.parse(each.attachment.route.metadata.creationTimestamp);
  const name = ({ attachment: { route } }: Candidate): string =>
    `${route.metadata.namespace}/${route.metadata.name}`;
  return (
    compareHostnames(one.hostname, other.hostname) ||
    path(one).rank - path(other).rank ||
    path(other).length - path(one).length ||
    Number(other.match.method !== undefined) - Number(one.match.method !== undefined) ||
    (other.match.headers?.length ?? 0) - (one.match.headers?.length ?? 0) ||
    (other.match.queryParams?.length ?? 0) - (one.match.queryParams?.length ?? 0) ||
    age(one) - age(other) ||
    name(one).localeCompare(name(other)) ||
    one.ruleIndex - other.ruleIndex ||
    one.matchIndex - other.matchIndex
  );
}

function pathOf({ attachment, match }: Candidate): {
  type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  value: string;
} {
  if (attachment.kind === 'HTTPRoute')
    return { type: match.path?.type ?? 'PathPrefix', value: match.path?.value ?? '/' };
  if (typeof match.method !== 'object') return { type: 'PathPrefix', value: '/' };
  const { service, method } = match.method;
  if (service && method) return { type: 'Exact', value: `/${service}/${method}` };
  return service ? { type: 'PathPrefix', value: `/${service}` } : { type: 'Exact', value: `/*/${method}` };
}

function conditionsOf(candidate: Candidate): RuleCondition[] {
  const { hostname, match } = candidate;
  const conditions: RuleCondition[] = [];
  if (hostname) conditions.push({ Field: 'host-header', HostHeaderConfig: { Values: [hostname] } });
  conditions.push(pathCondition(candidate));
  for (const header of match.headers ?? []) {
    conditions.push({
      Field: 'http-header',
      HttpHeaderConfig: { HttpHeaderName: header.name, Values: [header.value] },
    });
  }
  const parameters = (match.queryParams ?? []).map(({ name, value }) => ({ Key: name, Value: value }));
  for (const parameter of parameters)
    conditions.push({ Field: 'query-string', QueryStringConfig: { Values: [parameter] } });
  if (typeof match.method === 'string')
    conditions.push({ Field: 'http-request-method', HttpRequestMethodConfig: { Values: [match.method] } });
  return conditions;
}

const WILDCARD = /[*?]/;

function pathCondition(candidate: Candidate): RuleCondition {
  const { type, value } = pathOf(candidate);
  if (type === 'RegularExpression')
    return { Field: 'path-pattern', PathPatternConfig: { RegexValues: [value] } };
  if (type === 'Exact') return { Field: 'path-pattern', PathPatternConfig: { Values: [value] } };
  if (WILDCARD.test(value)) throw new Error(`prefix path shouldn't contain wildcards: ${value}`);
  const prefix = value.replace(/\/+$/, '');
  const own = candidate.attachment.kind === 'HTTPRoute' ? [prefix] : [];
  return {
    Field: 'path-pattern',
    PathPatternConfig: { Values: prefix ? [...own, `${prefix}/*`] : ['/*'] },
  };
}

function actionOf(
  { attachment, match, rule }: Candidate,
  keyOf: (attachment: Attachment, backend: Backend) => string,
): PlannedAction {
  const targets = rule.backends.map((backend) => ({
    key: keyOf(attachment, backend),
    weight: backend.weight,
  }));
  const redirect = redirectIn(attachment.kind, rule.rule.filters ?? []);
  if (redirect) return redirectAction(redirect, match);
  if (targets.some(({ weight }) => weight > 0)) return { Type: 'forward', targets };
  return { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '500', ContentType: 'text/plain' } };
}

function transformsOf({ attachment, match, rule }: Candidate): RuleTransform[] {
  if (attachment.kind !== 'HTTPRoute') return [];
  return (rule.rule.filters ?? []).flatMap(({ urlRewrite }) => [
    ...pathTransform(urlRewrite?.path, match.path?.value ?? '/'),
    ...(urlRewrite?.hostname === undefined
      ? []
      : [
          {
            Type: 'host-header-rewrite' as const,
            HostHeaderRewriteConfig: { Rewrites: [{ Regex: '.*', Replace: urlRewrite.hostname }] },
          },
        ]),
  ]);
}

function pathTransform(path: UrlRewrite['path'], prefix: string): RuleTransform[] {
  if (path === undefined) return [];
  const rewritten = (Regex: string, Replace: string): RuleTransform[] => [
    { Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex, Replace }] } },
  ];
  if (path.type === 'ReplaceFullPath') return rewritten('^([^?]*)', path.replaceFullPath ?? '');
  const to = path.replacePrefixMatch ?? '';
  // The slash behind the prefix is taken with it, and put back where the new prefix has none.
  return rewritten(`(^${prefix}(/)?)`, to === '' ? '/' : to.endsWith('/') ? to : `${to}$2`);
}

/** A filter that an ALB does not have ends the building of the whole Gateway; those behind a redirect are not read. */
function redirectIn(kind: Attachment['kind'], filters: RouteFilter[]): Redirect | undefined {
  const isHttp = kind === 'HTTPRoute';
  const [skipped, words] = isHttp
    ? [['ExtensionRef', 'URLRewrite'], ' Only request redirect is supported.']
    : [['ExtensionRef'], ''];
  for (const { type, requestRedirect } of filters) {
    if (isHttp && type === 'RequestRedirect') return requestRedirect;
    if (!skipped.includes(type))
      throw new Error(
        `Unsupported filter type: ${type}.${words} To specify header modification, please configure it through LoadBalancerConfiguration.`,
      );
  }
  return undefined;
}

function redirectAction(redirect: Redirect, match: HttpMatch): Action {
  const { replaceFullPath = '', replacePrefixMatch = '' } = redirect.path ?? {};
  if (WILDCARD.test(replaceFullPath))
    throw new Error(`ReplaceFullPath shouldn't contain wildcards: ${replaceFullPath}`);
  if (WILDCARD.test(replacePrefixMatch))
    throw new Error(`ReplacePrefixMatch shouldn't contain wildcards: ${replacePrefixMatch}`);
  const scheme = redirect.scheme?.toLowerCase();
  const port = redirect.port ?? (scheme === 'https' ? 443 : scheme === 'http' ? 80 : undefined);
  const prefix = (match.path?.value ?? '/').replace(/\/+$/, '');
  const replaced = replacePrefixMatch.replace(/\/+$/, '');
  // A load balancer can only keep the whole path, so a replaced prefix keeps the rest only where the prefix was "/".
  const path =
    redirect.path?.type === 'ReplaceFullPath'
      ? replaceFullPath
      : redirect.path && `${replaced}${prefix ? '' : '/#{path}'}`;
  return {
    Type: 'redirect',
    RedirectConfig: {
      Protocol: scheme?.toUpperCase() ?? '#{protocol}',
      Host: redirect.hostname ?? '#{host}',
      Port: port ? String(port) : '#{port}',
      Path: path || '/#{path}',
      Query: '#{query}',
      StatusCode: redirect.statusCode === 301 ? 'HTTP_301' : 'HTTP_302',
    },
  };
}
