// The rules of a load balancer against its routes: the same requests must get the same answers, however the rules are laid out.
import { type AlbRequest, type ListenerRule, type RuleCondition, ruleFor } from '../gateway/alb-rules.ts';
import {
  type Answer,
  type Candidate,
  candidateFor,
  isPlain,
  requestsFor,
} from '../gateway/route-requests.ts';
import { type Asked, balancerItem } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { addedRuleTrace, answerTrace } from './traces.ts';

export interface RulesWant {
  readonly candidates: readonly Candidate[];
  readonly rules: readonly ListenerRule[];
  /** Target group ARN → `namespace/name` of its Service. */
  readonly services: ReadonlyMap<string, string>;
}

const isDefault = ({ priority }: ListenerRule): boolean => priority === Number.POSITIVE_INFINITY;

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

const sayAnswer = (answer: Answer): string => {
  if (answer.kind === 'forward') return `forward to ${shares(answer.services)}`;
  return answer.kind === 'fixed' ? 'answer an error' : answer.kind;
};

const actual = ({ action }: ListenerRule, services: RulesWant['services']): Answer => {
  if (action.kind === 'redirect') return { kind: 'redirect' };
  if (action.kind === 'fixed') return { kind: 'fixed' };
  if (action.kind !== 'forward') return { kind: 'unknown' };
  const found = new Map<string, number>();
  for (const { arn, weight } of action.targetGroups) {
    const name = services.get(arn) ?? arn;
    if (weight > 0) found.set(name, (found.get(name) ?? 0) + weight);
  }
  return { kind: 'forward', services: found };
};

const probe = 'drift-probe';

/** A request that a rule is made for; `undefined` where it takes an expression or a client's address. */
const requestOf = ({ conditions }: ListenerRule): AlbRequest | undefined => {
  if (conditions.some(({ regex, field }) => regex === true || field === 'source-ip')) return undefined;
  const of = (field: string): RuleCondition | undefined => conditions.find((each) => each.field === field);
  const plain = (value: string): string => value.replaceAll('*', probe).replaceAll('?', 'x');
  const query = conditions
    .filter(({ field }) => field === 'query-string')
    .map((each) => `${plain(each.query?.[0]?.key ?? probe)}=${plain(each.query?.[0]?.value ?? '')}`)
    .join('&');
  const path = plain(of('path-pattern')?.values[0] ?? '/');
  return {
    host: plain(of('host-header')?.values[0] ?? `${probe}.invalid`),
    path: `${path.startsWith('/') ? path : `/${path}`}${query === '' ? '' : `?${query}`}`,
    method: of('http-request-method')?.values[0] ?? 'GET',
    headers: Object.fromEntries(
      conditions
        .filter(({ field }) => field === 'http-header')
        .map(({ header = '', values }) => [header, plain(values[0] ?? '')]),
    ),
  };
};

/** `host=shop.example.com,path=/cart`: what tells one rule from another, whatever its priority. */
const nameOfCandidate = ({ host, path, method, headers, query }: Candidate): string =>
  [
    ...(host === '' ? [] : [`host=${host}`]),
    `path=${path.value}`,
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

class RulesJudge {
  readonly #asked: Asked;
  readonly #state: BalancerState;
  readonly #want: RulesWant;

  constructor(asked: Asked, state: BalancerState, want: RulesWant) {
    this.#asked = asked;
    this.#state = state;
    this.#want = want;
  }

  judge(): readonly Sighting[] {
    const ports = new Set(this.#want.rules.map(({ listener }) => listener.port));
    return [...ports].flatMap((port) => {
      // An expression may take any request before the match that is looked at.
      const all = this.#want.candidates.filter((each) => each.port === port);
      if (!all.every(isPlain)) return [];
      const first = all.flatMap((each) => this.#ofCandidate(port, each));
      // A rule that answers for a route in another way than the route wants is told once, by the route.
      const told = new Set(first.map(({ rule }) => rule).filter((rule) => rule !== undefined));
      return [...first.map(({ item }) => item), ...this.#unexpected(port, told)];
    });
  }

  #rules(port: number): readonly ListenerRule[] {
    return this.#want.rules.filter(({ listener }) => listener.port === port);
  }

  #item(
    port: number,
    name: string,
    rest: Pick<Sighting, 'wanted' | 'found' | 'severity' | 'trace'>,
  ): Sighting {
    return balancerItem(this.#asked, this.#state, { path: `listeners[${port}].rules[${name}]`, ...rest });
  }

  #place(port: number, rule: ListenerRule | undefined) {
    const listener = this.#rules(port)[0]?.listener.arn;
    return {
      balancer: this.#state.arn,
      ...(rule?.arn !== undefined && { rule: rule.arn }),
      ...(listener !== undefined && { listener }),
    };
  }

  #ofCandidate(
    port: number,
    candidate: Candidate,
  ): readonly { readonly item: Sighting; readonly rule: ListenerRule | undefined }[] {
    for (const request of requestsFor(candidate)) {
      // Another match may be meant to answer it.
      if (candidateFor(this.#want.candidates, port, request) !== candidate) continue;
      if (candidate.answer.kind === 'unknown') return [];
      const rule = ruleFor(this.#rules(port), request);
      const missing = rule === undefined || isDefault(rule);
      const found = missing ? null : sayAnswer(actual(rule, this.#want.services));
      const wanted = sayAnswer(candidate.answer);
      if (found === wanted || found === 'unknown') continue;
      const trace = answerTrace(this.#place(port, missing ? undefined : rule), candidate.host);
      const item = this.#item(port, nameOfCandidate(candidate), { wanted, found, severity: 'error', trace });
      return [{ item, rule: missing ? undefined : rule }];
    }
    return [];
  }

  /** Rules that answer requests which no route asks for. */
  #unexpected(port: number, told: ReadonlySet<ListenerRule>): readonly Sighting[] {
    if (this.#asked.shared === true) return [];
    return this.#rules(port)
      .filter((rule) => !isDefault(rule) && !told.has(rule))
      .flatMap((rule) => {
        const request = requestOf(rule);
        if (request === undefined || ruleFor(this.#rules(port), request) !== rule) return [];
        if (candidateFor(this.#want.candidates, port, request) !== undefined) return [];
        const found = sayAnswer(actual(rule, this.#want.services));
        const trace = addedRuleTrace(this.#place(port, rule));
        return [this.#item(port, nameOfRule(rule), { wanted: null, found, severity: 'warning', trace })];
      });
  }
}

export const judgeRules = (asked: Asked, state: BalancerState, want: RulesWant): readonly Sighting[] =>
  new RulesJudge(asked, state, want).judge();
