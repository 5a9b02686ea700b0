// The tags by which the controller finds what is its own: without them it makes everything anew, under names that are taken.
import { namespaceOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem, flagOf } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { tagTrace } from './traces.ts';

export interface Tagged {
  readonly arn: string;
  /** Before the tag in an item's path: empty for the load balancer itself, `targetGroups[apps/shop].`. */
  readonly path: string;
}

/** LBC pkg/deploy/tracking, StackTags, since 2.14. */
const wantedTags = ({ gateway, lbc }: Asked): readonly (readonly [key: string, value: string])[] => {
  const cluster = flagOf(lbc, 'cluster-name');
  return [
    ...(cluster === undefined ? [] : [['elbv2.k8s.aws/cluster', cluster] as const]),
    ['gateway.k8s.aws.alb/stack', `${namespaceOf(gateway)}/${gateway.metadata.name}`],
  ];
};

/** @param tags of each, by its ARN; what has none is not looked at */
export const judgeOwnershipTags = (
  asked: Asked,
  state: BalancerState,
  all: readonly Tagged[],
  tags: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly Sighting[] =>
  all.flatMap(({ arn, path }) => {
    const found = tags.get(arn);
    if (found === undefined) return [];
    return wantedTags(asked)
      .filter(([key, value]) => found.get(key) !== value)
      .map(([key, value]) =>
        balancerItem(asked, state, {
          path: `${path}tags[${key}]`,
          wanted: value,
          found: found.get(key) ?? null,
          heals: false,
          severity: 'error',
          remedy: `Tag it again, or the controller neither finds nor changes it: aws elbv2 add-tags --resource-arns ${arn} --tags Key=${key},Value=${value}`,
          trace: tagTrace(arn, key),
        }),
      );
  });
