// Which rule of a load balancer a request meets: the conditions of ELBv2's listener rules.
import { fitsExpression } from '../compare/expression.ts';
import { fitsWildcard } from '../compare/wildcard.ts';

export interface RuleCondition {
  /** `host-header`, `path-pattern`, `http-request-method`, `http-header`, `query-string`, `source-ip`. */
  readonly field: string;
  /** Patterns with `*` and `?`, or expressions where `regex` is set; one of them has to fit. */
  readonly values: readonly string[];
  readonly regex?: true;
  /** Of `http-header`. */
  readonly header?: string;
  /** Of `query-string`; without a key any will do. */
  readonly query?: readonly { readonly key?: string; readonly value: string }[];
}

/** Where a redirect leads, as ELBv2 writes it: `#{host}` and its like stand for what the request has. */
export interface Redirect {
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
  /** `HTTP_301`. */
  readonly status: string;
}

/** What a rule changes of a request before it passes it on. */
export interface Rewrite {
  readonly of: 'host' | 'path';
  readonly to: string;
}

export type RuleAction =
  | {
      readonly kind: 'forward';
      readonly targetGroups: readonly { readonly arn: string; readonly weight: number }[];
      /** A client stays with the target group that it was first sent to. */
      readonly sticky?: true;
    }
  | { readonly kind: 'redirect'; readonly to: Redirect }
  | { readonly kind: 'fixed'; readonly status: number }
  | { readonly kind: 'other'; readonly type: string };

export interface ListenerRule {
  readonly arn?: string;
  readonly listener: { readonly arn?: string; readonly port: number; readonly protocol: string };
  /** Smaller ones first; infinite for the listener's default action. */
  readonly priority: number;
  readonly conditions: readonly RuleCondition[];
  readonly action: RuleAction;
  /** Types of the actions before the one that answers: `authenticate-oidc`. */
  readonly before?: readonly string[];
  readonly rewrites?: readonly Rewrite[];
}

export interface AlbRequest {
  readonly host: string;
  /** With its query, if any. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Compared without regard to case but for paths. */
const fits = (pattern: string, value: string, { exactCase }: { readonly exactCase: boolean }): boolean =>
  exactCase ? fitsWildcard(pattern, value) : fitsWildcard(pattern.toLowerCase(), value.toLowerCase());

const anyFits = (
  { values, regex }: RuleCondition,
  value: string,
  options: { readonly exactCase: boolean },
): boolean =>
  values.some(
    (
      each, // An expression of AWS's that cannot be tried counts as fitting.
    ) => (regex === true ? (fitsExpression(each, value) ?? true) : fits(each, value, options)),
  );

const loose = { exactCase: false };

const urlOf = ({ path }: AlbRequest): URL => new URL(`http://h${path.startsWith('/') ? '' : '/'}${path}`);

const holds = (condition: RuleCondition, request: AlbRequest): boolean => {
  switch (condition.field) {
    case 'host-header':
      return anyFits(condition, request.host, loose);
    case 'path-pattern':
      return anyFits(condition, urlOf(request).pathname, { exactCase: true });
    case 'http-request-method':
      return condition.values.includes(request.method);
    case 'http-header': {
      const name = condition.header?.toLowerCase();
      const value = Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];
      return value !== undefined && anyFits(condition, value, loose);
    }
    case 'query-string':
      return (condition.query ?? []).some(({ key, value }) =>
        [...urlOf(request).searchParams].some(
          ([name, given]) => (key === undefined || fits(key, name, loose)) && fits(value, given, loose),
        ),
      );
    default:
      // source-ip: from where the request will come is not known here.
      return true;
  }
};

/** Whether a host alone meets the rule's condition on hosts; a rule without one serves every host. */
export const servesHost = (rule: ListenerRule, host: string): boolean =>
  rule.conditions
    .filter(({ field }) => field === 'host-header')
    .every((condition) => anyFits(condition, host, loose));

/** The rule of one listener that answers the request: the first by priority whose conditions all hold. */
export const ruleFor = (rules: readonly ListenerRule[], request: AlbRequest): ListenerRule | undefined =>
  rules
    .toSorted((one, other) => one.priority - other.priority)
    .find(({ conditions }) => conditions.every((condition) => holds(condition, request)));
