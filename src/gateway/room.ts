// How much of a load balancer is taken, and how much more routes need: rules and target groups, of which it has few.
import { list } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { type ListenerRule, servesHost } from './alb-rules.ts';
import { backendRefsOf } from './backend-refs.ts';
import { hostnamesOf, namespaceOf } from './shapes.ts';

export interface Room {
  readonly rules: number;
  readonly targetGroups: number;
}

/** Target groups of a load balancer: a quota that AWS does not raise (Elastic Load Balancing, "Quotas for your ALBs"). */
export const mostTargetGroups = 100;

/** Whether the rule is one of these hosts' own; a rule for a wildcard or for every host is not. */
const isOf = (rule: ListenerRule, hosts: ReadonlySet<string>): boolean =>
  rule.conditions.some(
    ({ field, values }) => field === 'host-header' && values.some((host) => hosts.has(host)),
  );

const counts = ({ priority }: ListenerRule): boolean => Number.isFinite(priority);

const roomOf = (rules: readonly ListenerRule[]): Room => ({
  rules: rules.filter(counts).length,
  targetGroups: new Set(
    rules.flatMap(({ action }) =>
      action.kind === 'forward' ? action.targetGroups.map(({ arn }) => arn) : [],
    ),
  ).size,
});

/**
 * What is taken by others than these hosts. A listener's default action is no rule of the quota.
 * @param rules of all listeners
 */
export const takenBesides = (rules: readonly ListenerRule[], hosts: readonly string[]): Room => {
  const ours = new Set(hosts.map((host) => host.toLowerCase()));
  return roomOf(rules.filter((rule) => !isOf(rule, ours)));
};

/** What the rules of these hosts take. */
export const takenBy = (rules: readonly ListenerRule[], hosts: readonly string[]): Room =>
  roomOf(
    rules.filter(
      (rule) =>
        counts(rule) &&
        hosts.some((host) => isOf(rule, new Set([host.toLowerCase()])) && servesHost(rule, host)),
    ),
  );

/**
 * What routes will need: LBC makes a rule of each match for each hostname at each listener, and a target group of each
 * Service and port that a route sends to (aws-load-balancer-controller 4884; controllers/gateway).
 * @param listeners how many the routes attach to
 */
export const neededBy = (routes: readonly KubernetesObject[], listeners: number): Room => {
  const rules = routes.map((route) => {
    const matches = list(route, 'spec', 'rules').map((rule) => Math.max(1, list(rule, 'matches').length));
    const each = matches.length === 0 ? 1 : matches.reduce((sum, count) => sum + count, 0);
    return each * Math.max(1, hostnamesOf(route).length) * Math.max(1, listeners);
  });
  return {
    rules: rules.reduce((sum, count) => sum + count, 0),
    targetGroups: routes.flatMap((route) => backendRefsOf(route, namespaceOf(route))).length,
  };
};

/** What is missing beyond the limits; nothing of it negative. */
export const lack = (taken: Room, needed: Room, limits: Room): Room => ({
  rules: Math.max(0, taken.rules + needed.rules - limits.rules),
  targetGroups: Math.max(0, taken.targetGroups + needed.targetGroups - limits.targetGroups),
});

export const isEnough = ({ rules, targetGroups }: Room): boolean => rules === 0 && targetGroups === 0;
