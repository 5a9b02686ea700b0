// The rules of a load balancer against its routes: the same requests must get the same answers, however the rules are laid out.
import type { KubernetesObject } from '../bundle/object.ts';
import { fieldsEntries } from '../compare/managed-fields.ts';
import { type AlbRequest, type ListenerRule, type RuleCondition, ruleFor } from '../gateway/alb-rules.ts';
import {
  type Candidate,
  candidateFor,
  fitsHost,
  isPlain,
  plainValue,
  requestsFor,
} from '../gateway/route-requests.ts';
import { listenersOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { type AnswerContext, sayCandidate, sayRule } from './rule-answers.ts';
import { addedRuleTrace, answerTrace, listenerTrace } from './traces.ts';

export interface RulesWant {
  readonly candidates: readonly Candidate[];
  readonly rules: readonly ListenerRule[];
  /** Target group ARN → `namespace/name:port` of its Service. */
  readonly services: ReadonlyMap<string, string>;
  /** ARNs of target groups of the Gateway that have no binding: they are told by themselves. */
  readonly unbound?: ReadonlySet<string>;
}

const isDefault = ({ priority }: ListenerRule): boolean => priority === Number.POSITIVE_INFINITY;

const isExpression = ({ conditions }: ListenerRule): boolean =>
  conditions.some(({ regex }) => regex === true);

const nowhere = 'drift-probe.invalid';

/** Milliseconds after a change of a route in which its rule may still be on its way: LBC waits for its turn and for AWS. */
const onItsWay = 300_000;

const isFresh = (route: KubernetesObject, at: Date): boolean =>
  fieldsEntries(route).some(
    ({ subresource, since }) =>
      subresource === undefined && since !== undefined && at.getTime() - since.getTime() < onItsWay,
  );

/** A request that a rule is made for, from a client that it is made for; `undefined` where it takes an expression. */
const requestOf = (rule: ListenerRule): AlbRequest | undefined => {
  const { conditions } = rule;
  if (isExpression(rule)) return undefined;
  const of = (field: string): RuleCondition | undefined => conditions.find((each) => each.field === field);
  const query = conditions
    .filter(({ field }) => field === 'query-string')
    .map((each) => `${plainValue(each.query?.[0]?.key ?? '*')}=${plainValue(each.query?.[0]?.value ?? '')}`)
    .join('&');
  const path = plainValue(of('path-pattern')?.values[0] ?? '/');
  return {
    host: plainValue(of('host-header')?.values[0] ?? nowhere),
    path: `${path.startsWith('/') ? path : `/${path}`}${query === '' ? '' : `?${query}`}`,
    method: of('http-request-method')?.values[0] ?? 'GET',
    headers: Object.fromEntries(
      conditions
        .filter(({ field }) => field === 'http-header')
        .map(({ header = '', values }) => [header, plainValue(values[0] ?? '')]),
    ),
  };
};

/** `host=shop.example.com,path=/cart`: what tells one rule from another, whatever its priority. */
const nameOfCandidate = ({ host, path, method, headers, query }: Candidate): string =>
  [
    ...(host === '' ? [] : [`host=${host}`]),
    `path=${path.value || '/'}`,
    ...(method === undefined ? [] : [`method=${method}`]),
    ...headers.map(({ name }) => `header=${name}`),
    ...query.map(({ name }) => `query=${name}`),
  ].join(',');

const nameOfRule = ({ conditions }: ListenerRule): string =>
  conditions
    .map(
      ({ field, values, header }) =>
        `${header ?? field.replace(/-(header|pattern)$/, '')}=${values.join('|')}`,
    )
    .join(',') || 'any';

/** One listener's rules against the matches of its port. */
class RulesJudge {
  readonly #asked: Asked;
  readonly #state: BalancerState;
  readonly #port: number;
  readonly #rules: readonly ListenerRule[];
  readonly #candidates: readonly Candidate[];
  readonly #context: AnswerContext;

  constructor(asked: Asked, state: BalancerState, want: RulesWant, port: number) {
    const { candidates, rules, services, unbound = new Set() } = want;
    const version = asked.lbc?.version;
    this.#asked = asked;
    this.#state = state;
    this.#port = port;
    this.#rules = rules.filter(({ listener }) => listener.port === port);
    this.#candidates = candidates.filter((each) => each.port === port);
    this.#context = { services, unbound, ...(version !== undefined && { version }) };
  }

  judge(): readonly Sighting[] {
    const first = this.#candidates.flatMap((each) => this.#ofCandidate(each));
    // A rule that answers for a route in another way than the route wants is told once, by the route.
    const told = new Set(first.map(({ rule }) => rule).filter((rule) => rule !== undefined));
    return [
      ...first.map(({ item }) => item),
      ...this.#rules
        .filter((rule) => !isDefault(rule) && !told.has(rule))
        .flatMap((rule) => this.#strange(rule)),
      ...this.#rules.filter((rule) => !told.has(rule)).flatMap((rule) => this.#sticky(rule)),
      ...this.#rules.filter(isDefault).flatMap((rule) => this.#otherwise(rule)),
    ];
  }

  #item(
    name: string,
    rest: Pick<Sighting, 'wanted' | 'found' | 'severity'> & Partial<Sighting>,
    setting = '',
  ): Sighting {
    const path = `listeners[${this.#port}].rules[${name}]${setting}`;
    return balancerItem(this.#asked, this.#state, { path, ...rest });
  }

  #place(rule: ListenerRule | undefined) {
    const listener = this.#rules[0]?.listener.arn;
    return {
      balancer: this.#state.arn,
      ...(rule?.arn !== undefined && { rule: rule.arn }),
      ...(listener !== undefined && { listener }),
    };
  }

  /** An expression may take any request of its host before the match that is looked at. */
  #mayBeExpressions({ host }: AlbRequest): boolean {
    return this.#candidates.some((each) => !isPlain(each) && fitsHost(each.host, host));
  }

  #ofCandidate(
    candidate: Candidate,
  ): readonly { readonly item: Sighting; readonly rule: ListenerRule | undefined }[] {
    const wanted = sayCandidate(candidate, this.#context);
    if (wanted === undefined || !isPlain(candidate)) return [];
    for (const request of requestsFor(candidate)) {
      // Another match may be meant to answer it.
      if (this.#mayBeExpressions(request)) continue;
      if (candidateFor(this.#candidates, this.#port, request) !== candidate) continue;
      const rule = ruleFor(this.#rules, request);
      const missing = rule === undefined || isDefault(rule);
      const found = missing ? null : sayRule(rule, this.#context);
      if (found === wanted || found === undefined) continue;
      const trace = answerTrace(this.#place(missing ? undefined : rule), candidate.host);
      const passing = isFresh(candidate.route, this.#asked.at) && { passing: true as const };
      const item = this.#item(nameOfCandidate(candidate), {
        wanted,
        found,
        severity: 'error',
        trace,
        ...passing,
      });
      return [{ item, rule: missing ? undefined : rule }];
    }
    return [];
  }

  /** A rule that answers what no route asks for, or a part of what one asks for in another way. */
  #strange(rule: ListenerRule): readonly Sighting[] {
    if (this.#asked.shared === true) return [];
    const found = sayRule(rule, this.#context);
    if (found === undefined) return [];
    const request = requestOf(rule);
    if (request === undefined ? !this.#candidates.every(isPlain) : this.#mayBeExpressions(request)) return [];
    const trace = addedRuleTrace(this.#place(rule));
    // Its route may have been removed a moment ago.
    const unexpected = { wanted: null, found, severity: 'warning' as const, trace, passing: true as const };
    if (request === undefined) return [this.#item(nameOfRule(rule), unexpected)];
    if (ruleFor(this.#rules, request) !== rule) return [];
    const candidate = candidateFor(this.#candidates, this.#port, request);
    if (candidate === undefined) return [this.#item(nameOfRule(rule), unexpected)];
    const wanted = sayCandidate(candidate, this.#context);
    if (wanted === undefined || wanted === found) return [];
    return [this.#item(nameOfRule(rule), { ...unexpected, wanted, severity: 'error' })];
  }

  /** LBC leaves stickiness alone where no ListenerRuleConfiguration asks for it (pkg/equality/elbv2). */
  #sticky(rule: ListenerRule): readonly Sighting[] {
    const { action, arn } = rule;
    if (action.kind !== 'forward' || action.sticky !== true || action.targetGroups.length < 2) return [];
    const request = requestOf(rule);
    const candidate = request && candidateFor(this.#candidates, this.#port, request);
    if (candidate === undefined || sayCandidate(candidate, this.#context) === undefined) return [];
    return [
      this.#item(
        nameOfCandidate(candidate),
        {
          wanted: 'off',
          found: 'on',
          severity: 'warning',
          heals: false,
          remedy: `Switch it off: the controller does not (rule ${arn ?? ''}).`,
          trace: addedRuleTrace(this.#place(rule)),
        },
        '.stickiness',
      ),
    ];
  }

  /** What no rule takes: LBC answers 404 (buildL7ListenerDefaultActions, since 2.14). */
  #otherwise(rule: ListenerRule): readonly Sighting[] {
    const { action, before = [], listener } = rule;
    if (!listenersOf(this.#asked.gateway).some(({ port }) => port === this.#port)) return [];
    if (action.kind === 'fixed' && action.status === 404 && before.length === 0) return [];
    const found = action.kind === 'fixed' ? `answer ${action.status}` : sayRule(rule, this.#context);
    if (found === undefined) return [];
    return [
      balancerItem(this.#asked, this.#state, {
        path: `listeners[${this.#port}].defaultAction`,
        wanted: 'answer 404',
        found,
        severity: 'error',
        trace: listenerTrace(listener, 'defaultActions'),
      }),
    ];
  }
}

export const judgeRules = (asked: Asked, state: BalancerState, want: RulesWant): readonly Sighting[] =>
  [...new Set(want.rules.map(({ listener }) => listener.port))].flatMap((port) =>
    new RulesJudge(asked, state, want, port).judge(),
  );
