// Brings the rules of one listener to the plan, in the plan's order, leaving alone those that are already right.
import {
  type Action,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeRulesCommand,
  type Rule,
  type RuleCondition,
  type RuleTransform,
  SetRulePrioritiesCommand,
  type Tag,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { allPages, type Elb } from '../aws/elb.ts';
import type { PlannedAction, PlannedRule } from './rules.ts';

/** Priorities above this are only used while rules change places. */
const ASIDE = 40_000;

export async function syncRules(
  elb: Elb,
  listenerArn: string,
  planned: PlannedRule[],
  groups: Map<string, string>,
  tags: Tag[],
): Promise<void> {
  const existing = (await rulesOf(elb, listenerArn)).filter((rule) => !rule.IsDefault);
  const wanted = planned.map((rule, index) => {
    const action = withArns(rule.action, groups);
    return {
      priority: index + 1,
      conditions: rule.conditions,
      action,
      transforms: rule.transforms,
      signature: signatureOf(rule.conditions, [action], rule.transforms),
    };
  });
  const moves: { arn: string; from: number; to: number }[] = [];
  const left = new Set<Rule>(existing);
  const missing = wanted.filter((want) => {
    const match = [...left].find(
      (rule) =>
        signatureOf(rule.Conditions ?? [], rule.Actions ?? [], rule.Transforms ?? []) === want.signature,
    );
    if (!match) return true;
    left.delete(match);
    const from = Number(match.Priority);
    if (from !== want.priority) moves.push({ arn: match.RuleArn ?? '', from, to: want.priority });
    return false;
  });
  for (const rule of left) await elb.send(new DeleteRuleCommand({ RuleArn: rule.RuleArn }));
  await move(elb, moves);
  for (const { priority, conditions, action, transforms } of missing) {
    await elb.send(
      new CreateRuleCommand({
        ListenerArn: listenerArn,
        Priority: priority,
        Conditions: conditions,
        Actions: [action],
        ...(transforms.length > 0 && { Transforms: transforms }),
        Tags: tags,
      }),
    );
  }
}

const rulesOf = (elb: Elb, ListenerArn: string): Promise<Rule[]> =>
  allPages(async (Marker) => {
    const page = await elb.send(new DescribeRulesCommand({ ListenerArn, ...(Marker && { Marker }) }));
    return { items: page.Rules, next: page.NextMarker };
  });

async function move(elb: Elb, moves: { arn: string; from: number; to: number }[]): Promise<void> {
  if (moves.length === 0) return;
  const taken = new Set(moves.map(({ from }) => from));
  // A priority that another rule still has is refused, so rules that trade places go aside first.
  if (moves.some(({ to }) => taken.has(to))) {
    await elb.send(
      new SetRulePrioritiesCommand({
        RulePriorities: moves.map(({ arn }, index) => ({ RuleArn: arn, Priority: ASIDE + index })),
      }),
    );
  }
  await elb.send(
    new SetRulePrioritiesCommand({
      RulePriorities: moves.map(({ arn, to }) => ({ RuleArn: arn, Priority: to })),
    }),
  );
}

function withArns(action: PlannedAction, groups: Map<string, string>): Action {
  if (!('targets' in action)) return action;
  const TargetGroups = action.targets.map(({ key, weight }) => ({
    TargetGroupArn: groups.get(key) ?? '',
    Weight: weight,
  }));
  return { Type: 'forward', ForwardConfig: { TargetGroups } };
}

/** The same text for the same rule, whether planned or as AWS describes it (which fills in defaults and old spellings). */
function signatureOf(conditions: RuleCondition[], actions: Action[], transforms: RuleTransform[]): string {
  const condition = (each: RuleCondition): unknown => [
    each.Field,
    each.HostHeaderConfig?.Values ??
      each.PathPatternConfig?.Values ??
      each.HttpRequestMethodConfig?.Values ??
      each.HttpHeaderConfig?.Values ??
      each.QueryStringConfig?.Values ??
      each.Values ??
      [],
    each.HttpHeaderConfig?.HttpHeaderName ?? '',
    each.PathPatternConfig?.RegexValues ?? [],
  ];
  const action = (each: Action): unknown => {
    const groups =
      each.ForwardConfig?.TargetGroups ??
      (each.TargetGroupArn ? [{ TargetGroupArn: each.TargetGroupArn, Weight: 1 }] : []);
    return [
      each.Type,
      groups.map((group) => [group.TargetGroupArn, Number(group.Weight ?? 1)]),
      redirectOf(each),
      each.FixedResponseConfig?.StatusCode ?? '',
    ];
  };
  return JSON.stringify([
    conditions.map((each) => JSON.stringify(condition(each))).sort(),
    actions.map(action),
    transforms.map(({ Type, UrlRewriteConfig: path, HostHeaderRewriteConfig: host }) => [
      Type,
      (path ?? host)?.Rewrites?.map(({ Regex, Replace }) => [Regex, Replace]),
    ]),
  ]);
}

const redirectOf = ({ RedirectConfig: to }: Action): string =>
  to ? [to.Protocol, to.Host, to.Port, to.Path, to.Query, to.StatusCode].join(' ') : '';
