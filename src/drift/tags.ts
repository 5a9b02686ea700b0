// Tags: those by which the controller finds its own, without which it makes all anew under names that are taken; and those asked for.
import type { KubernetesObject } from '../bundle/object.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem, flagOf } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState, SecurityGroupState } from './load-balancer-state.ts';
import { groupTagTrace, tagTrace } from './traces.ts';

export interface Tagged {
  readonly arn: string;
  /** Before the tag in an item's path: empty for the load balancer itself, `targetGroups[apps/shop].`. */
  readonly path: string;
  /** The controller's own name of it in its Gateway, where that is known; otherwise any will do. */
  readonly resource?: string;
  /** What its configuration asks for besides. */
  readonly asked: Readonly<Record<string, string>>;
}

type Tags = ReadonlyMap<string, string>;

interface Wanted {
  readonly key: string;
  readonly value: string;
  readonly found: string | null;
}

const resourceTag = 'gateway.k8s.aws.alb/resource';
const stackTag = 'gateway.k8s.aws.alb/stack';

/** Whether the tags are of what the controller has made for the Gateway. */
export const isOfStack = ({ gateway }: Pick<Asked, 'gateway'>, tags: Tags | undefined): boolean =>
  tags?.get(stackTag) === stackOf(gateway);

/** As the controller calls all that is a Gateway's. */
const stackOf = (gateway: KubernetesObject): string => `${namespaceOf(gateway)}/${gateway.metadata.name}`;

/**
 * LBC pkg/deploy/tracking (StackTags, ResourceTags, since 2.14): by the first two it lists what is its Gateway's, and one of
 * these without the third ends every deployment ("unexpected loadBalancer with no resourceID", pkg/deploy/elbv2).
 */
const lostOwnership = (
  { gateway, lbc }: Asked,
  found: Tags,
  resource: string | undefined,
): readonly Wanted[] => {
  const cluster = flagOf(lbc, 'cluster-name');
  const wanted: readonly (readonly [string, string | undefined])[] = [
    ['elbv2.k8s.aws/cluster', cluster],
    [stackTag, stackOf(gateway)],
    [resourceTag, resource],
  ];
  return wanted.flatMap(([key, value]) => {
    const is = found.get(key) ?? null;
    if (value === undefined)
      return key === resourceTag && is === null ? [{ key, value: '…', found: is }] : [];
    return is === value ? [] : [{ key, value, found: is }];
  });
};

/** `--default-tags` of the controller wins over configurations, and may be anything. */
const keysOfOthers = ({ lbc }: Asked): readonly string[] =>
  (flagOf(lbc, 'default-tags') ?? '').split(',').map((each) => each.split('=')[0] ?? '');

/** What the controller puts back, and whatever others have added it takes away: their keys are not looked at. */
const notAsAsked = (asked: Asked, found: Tags, { asked: tags }: Tagged): readonly Wanted[] =>
  Object.entries(tags)
    .filter(([key, value]) => found.get(key) !== value && !keysOfOthers(asked).includes(key))
    .map(([key, value]) => ({ key, value, found: found.get(key) ?? null }));

/** @param tags of each, by its ARN; what has none is not looked at */
export const judgeTags = (
  asked: Asked,
  state: BalancerState,
  all: readonly Tagged[],
  tags: ReadonlyMap<string, Tags>,
): readonly Sighting[] =>
  all.flatMap((each) => {
    const { arn, path } = each;
    const found = tags.get(arn);
    if (found === undefined) return [];
    const place = ({ key, value, found: is }: Wanted) => ({
      path: `${path}tags[${key}]`,
      wanted: value,
      found: is,
      trace: tagTrace(arn, key),
    });
    return [
      ...lostOwnership(asked, found, each.resource).map((lost) =>
        balancerItem(asked, state, {
          ...place(lost),
          heals: false,
          severity: 'error',
          remedy: `Tag it again, or the controller neither finds nor changes it: aws elbv2 add-tags --resource-arns ${arn} --tags Key=${lost.key},Value=${lost.value}`,
        }),
      ),
      ...notAsAsked(asked, found, each).map((differs) =>
        balancerItem(asked, state, { ...place(differs), severity: 'notice' }),
      ),
    ];
  });

/** As LBC describes each group that it makes for a load balancer (pkg/gateway/model, model_build_security_group.go). */
const madeByController = '[k8s] Managed SecurityGroup for LoadBalancer';

/** The group that LBC has made for the Gateway, also when it does not know it any more. */
export const managedGroup = (
  asked: Asked,
  groups: readonly SecurityGroupState[],
): SecurityGroupState | undefined =>
  groups.find(({ tags }) => isOfStack(asked, tags)) ??
  groups.find(
    ({ tags, description }) =>
      description === madeByController && ![...tags.keys()].some((key) => key.endsWith('/stack')),
  );

export const judgeGroupTags = (
  asked: Asked,
  state: BalancerState,
  { id, tags }: SecurityGroupState,
): readonly Sighting[] =>
  lostOwnership(asked, tags, 'ManagedLBSecurityGroup').map(({ key, value, found }) =>
    balancerItem(asked, state, {
      path: `securityGroups[${id}].tags[${key}]`,
      wanted: value,
      found,
      heals: false,
      severity: 'error',
      remedy: `Tag it again, or the controller cannot make another under its name: aws ec2 create-tags --resources ${id} --tags Key=${key},Value=${value}`,
      trace: groupTagTrace(id, key),
    }),
  );
