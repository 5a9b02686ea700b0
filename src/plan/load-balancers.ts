// The rules of a load balancer before and after, and how much of its quotas they take.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import {
  albLimits,
  type RulesContext,
  ruleKey,
  targetGroupsOf,
  type WantedRule,
  wantedRules,
} from '../gateway/wanted-rules.ts';
import type { Budget, PlannedLoadBalancer, PlannedRule } from '../report/plan.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { foreignClass, type World } from './world.ts';

/** What the load balancer has now, its default actions left out. */
export interface LiveRules {
  readonly rules: number;
  readonly targetGroups: number;
}

const keyOf = (gateway: KubernetesObject): string => refOf(gateway);

const planned = (action: PlannedRule['action'], { listener, host, match }: WantedRule): PlannedRule => ({
  action,
  listener,
  host,
  match,
});

const changesOf = (before: readonly WantedRule[], after: readonly WantedRule[]): readonly PlannedRule[] => {
  const old = new Map(before.map((rule) => [ruleKey(rule), rule]));
  const now = new Map(after.map((rule) => [ruleKey(rule), rule]));
  const gone = [...old].filter(([key]) => !now.has(key));
  return [
    ...[...now].flatMap(([key, rule]): readonly PlannedRule[] => {
      const had = old.get(key);
      if (had === undefined) return [{ ...planned('created', rule), to: rule.to }];
      return had.to === rule.to ? [] : [{ ...planned('changed', rule), from: had.to, to: rule.to }];
    }),
    ...gone.map(([, rule]) => ({ ...planned('deleted', rule), from: rule.to })),
  ];
};

/** What is there now may hold more than routes explain: the difference is what counts. */
const budget = (live: number | undefined, before: number, after: number, limit: number): Budget => ({
  before: live ?? before,
  after: (live ?? before) - before + after,
  limit,
});

export interface LoadBalancerFound {
  readonly loadBalancer?: string;
  readonly live?: LiveRules;
}

/** One entry for each Gateway whose rules change. */
export const planLoadBalancers = (
  before: World,
  after: World,
  context: RulesContext,
  found: (gateway: KubernetesObject) => LoadBalancerFound,
): readonly PlannedLoadBalancer[] => {
  const gateways = new Map([...before.gateways, ...after.gateways].map((each) => [keyOf(each), each]));
  return [...gateways].flatMap(([key, either]): readonly PlannedLoadBalancer[] => {
    const rulesIn = (world: World): readonly WantedRule[] => {
      const gateway = world.gateways.find((each) => keyOf(each) === key);
      const served = gateway && foreignClass(world, gateway) === undefined;
      return served ? wantedRules(gateway, world.routes, { ...context, labelsOf: world.labelsOf }) : [];
    };
    const [old, now] = [rulesIn(before), rulesIn(after)];
    const changes = changesOf(old, now);
    if (changes.length === 0) return [];
    const { loadBalancer, live } = found(either);
    return [
      {
        gateway: refOf(either),
        ...(loadBalancer !== undefined && { loadBalancer }),
        rules: budget(live?.rules, old.length, now.length, albLimits.rules),
        targetGroups: budget(
          live?.targetGroups,
          targetGroupsOf(old),
          targetGroupsOf(now),
          albLimits.targetGroups,
        ),
        changes,
      },
    ];
  });
};

/** From this part of a quota on it is said. */
const nearly = 0.8;

/** Quotas that would be exceeded, or nearly so, by what is added. */
export const judgeBudgets = (loadBalancers: readonly PlannedLoadBalancer[]): readonly Finding[] =>
  loadBalancers.flatMap(({ gateway, rules, targetGroups }) => {
    const judge = (what: string, { before, after, limit }: Budget, hint: string): readonly Finding[] => {
      if (after <= before || after <= nearly * limit) return [];
      const message = `${gateway} would have ${after} ${what} (${before} now); an ALB takes ${limit} by default.`;
      return [finding(after > limit ? 'error' : 'warning', 'plan/budget', message, { ref: gateway, hint })];
    };
    return [
      ...judge(
        'rules',
        rules,
        'Have the quota "Rules per Application Load Balancer" raised, use fewer hostnames and matches, or a second Gateway.',
      ),
      ...judge(
        'target groups',
        targetGroups,
        'This quota cannot be raised: send to fewer Services, or use a second Gateway.',
      ),
    ];
  });
