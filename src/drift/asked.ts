// What a Gateway asks of its load balancer, and how items about the two are made.
import { list, textMap, texts } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import type { LbcFound } from '../chain/release.ts';
import type { Source } from '../verdict/finding.ts';
import type { Healing, Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { isRunning } from './running.ts';

export interface Asked {
  readonly gateway: KubernetesObject;
  /** Merged of the Gateway's and its class's. */
  readonly configuration: JsonObject;
  /** Where the repository has the Gateway, or else a route of it. */
  readonly source?: Source;
  readonly lbc?: LbcFound;
  /** ListenerSets are attached to the Gateway: listeners and rules that are not its own may be theirs. */
  readonly shared?: true;
  readonly at: Date;
}

/** Of a TargetGroupBinding. */
export interface BindingName {
  readonly namespace: string;
  readonly name: string;
}

/** Flags of the controller's container. */
export const flagOf = (lbc: LbcFound | undefined, name: string): string | undefined => {
  const args = lbc === undefined ? [] : texts(firstContainer(lbc.deployment), 'args');
  const prefix = `--${name}=`;
  return args.findLast((each) => each.startsWith(prefix))?.slice(prefix.length);
};

const firstContainer = (deployment: KubernetesObject): Json | undefined =>
  list(deployment, 'spec', 'template', 'spec', 'containers')[0];

/** Seconds between two full looks of LBC at AWS: `--sync-period`, ten hours by default. */
const syncPeriodOf = (lbc: LbcFound): number => {
  const [, hours, minutes, seconds] =
    /^(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?$/.exec(flagOf(lbc, 'sync-period') ?? '10h') ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return total > 0 ? total : 36_000;
};

/** With this annotation the controller plans, and makes nothing. */
const isDryRun = ({ metadata }: KubernetesObject): boolean =>
  textMap(metadata, 'annotations')['gateway.k8s.aws/dry-run'] === 'true';

/** Between two looks the controller sees no edit in AWS, and it comes when its Gateway is touched. */
const resync = ({ gateway, lbc, at: now }: Asked, periods = 1): Healing | false =>
  lbc !== undefined && isRunning(lbc.deployment) && !isDryRun(gateway)
    ? {
        by: 'AWS Load Balancer Controller',
        until: new Date(now.getTime() + periods * syncPeriodOf(lbc) * 1000).toISOString(),
      }
    : false;

const whatHinders = ({ gateway, lbc }: Asked): string => {
  if (isDryRun(gateway))
    return 'Take the annotation gateway.k8s.aws/dry-run off the Gateway: with it the controller makes nothing. ';
  if (lbc === undefined || isRunning(lbc.deployment)) return '';
  return `Start the controller: the Deployment ${lbc.namespace}/${lbc.name} has no pod that is available. `;
};

const touchIt = (asked: Asked): string => {
  const { metadata } = asked.gateway;
  return `${whatHinders(asked)}Let the controller look at once: kubectl --namespace ${metadata.namespace ?? 'default'} annotate gateway ${metadata.name} --overwrite touched=now.`;
};

/**
 * Targets are another controller's in LBC, which passes over a binding whose endpoints are as it left them, until a period has
 * gone by since (controllers/elbv2, targetgroupbinding_controller.go and its deferred queue): then at the next full look.
 */
export const targetsHealing = (asked: Asked): Healing | false => resync(asked, 2);

/** Without the note of what it left, the binding is looked at whole. */
export const touchBinding = (asked: Asked, { namespace, name }: BindingName): string =>
  `${whatHinders(asked)}Let the controller look at the targets at once: kubectl --namespace ${namespace} annotate targetgroupbinding ${name} elbv2.k8s.aws/checkpoint-.`;

/** An item that the controller mends at its next full look, unless said otherwise. */
export const balancerItem = (
  asked: Asked,
  { name }: Pick<BalancerState, 'name'>,
  rest: Pick<Sighting, 'path' | 'wanted' | 'found' | 'severity'> & Partial<Sighting>,
): Sighting => ({
  layer: 'aws',
  ref: `LoadBalancer ${name}`,
  heals: resync(asked),
  remedy: touchIt(asked),
  ...(asked.source && { source: asked.source }),
  ...rest,
});
