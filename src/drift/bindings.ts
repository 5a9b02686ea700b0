// Target groups of the Gateway that no TargetGroupBinding of the cluster fills with targets any more.
import { type Asked, balancerItem } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState, TargetGroupState } from './load-balancer-state.ts';
import { isOfStack } from './tags.ts';

/**
 * Its own by their tags: a group of somebody else, to which a rule has been led, is told by that rule.
 * @param services by the ARNs of the groups that have a binding
 * @param tags of each, by its ARN
 */
export const unboundGroups = (
  asked: Asked,
  groups: readonly TargetGroupState[],
  services: ReadonlyMap<string, string>,
  tags: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly TargetGroupState[] =>
  groups.filter(({ arn }) => !services.has(arn) && isOfStack(asked, tags.get(arn)));

/** LBC makes groups and rules before their bindings, so each is looked at twice; it looks for bindings only when it looks at all. */
export const judgeUnbound = (
  asked: Asked,
  state: BalancerState,
  unbound: readonly TargetGroupState[],
): readonly Sighting[] =>
  unbound.map(({ name }) =>
    balancerItem(asked, state, {
      path: `targetGroups[${name}].binding`,
      wanted: 'a TargetGroupBinding',
      found: null,
      severity: 'error',
      passing: true,
    }),
  );
