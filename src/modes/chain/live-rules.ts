// How many rules and target groups a load balancer has.
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import type { LiveRules } from '../../plan/load-balancers.ts';
import type { Seen } from '../../verdict/seen.ts';

/** `undefined` when the load balancer is gone. */
export async function liveRules(
  port: LoadBalancers,
  arn: string,
  signal: AbortSignal,
): Promise<Seen<LiveRules | undefined>> {
  const seen = await port.rules(arn, signal);
  if (!('value' in seen)) return seen;
  const rules = seen.value?.filter(({ priority }) => Number.isFinite(priority));
  const groups = new Set(
    (rules ?? []).flatMap(({ action }) =>
      action.kind === 'forward' ? action.targetGroups.map((group) => group.arn) : [],
    ),
  );
  return { at: seen.at, value: rules && { rules: rules.length, targetGroups: groups.size } };
}
