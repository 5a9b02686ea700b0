// What the controller made in AWS for a Gateway and has not removed: found by its tags.
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Clock } from '../clock.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, configuration, elbv2Client } from './clients.ts';
import { hasCode } from './denial.ts';
import { look } from './look.ts';

export interface Leftover {
  /** `load balancer`, `target group`, `listener`, `security group`, or the ARN's own word. */
  readonly what: string;
  readonly arn: string;
}

export interface Leftovers {
  /** `tag:GetResources`; what Elastic Load Balancing says is gone is left out. */
  find(cluster: string, gateway: string, signal: AbortSignal): Promise<Seen<readonly Leftover[]>>;
}

/** pkg/deploy/tracking/provider.go and pkg/gateway/constants of LBC 3.5: tags of all that it makes for a Gateway. */
const gatewayTags = (cluster: string, gateway: string): readonly [string, string][] => [
  ['elbv2.k8s.aws/cluster', cluster],
  ['gateway.k8s.aws.alb/stack', gateway],
];

const words: readonly (readonly [RegExp, string])[] = [
  [/:loadbalancer\//, 'load balancer'],
  [/:targetgroup\//, 'target group'],
  [/:listener(-rule)?\//, 'listener'],
  [/:security-group\//, 'security group'],
];

const whatOf = (arn: string): string =>
  words.find(([pattern]) => pattern.test(arn))?.[1] ?? arn.split(':').slice(2, 3).join('');

export function leftovers(settings: {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}): Leftovers {
  const { aws, credentials, clock } = settings;
  const tagging = new ResourceGroupsTaggingAPIClient({ ...configuration(aws), credentials });
  const elb = elbv2Client(aws, credentials);
  return {
    find: (cluster, gateway, signal) =>
      look(
        { service: 'The tagging API', action: 'tag:GetResources', resource: '*' },
        clock,
        signal,
        async () => {
          const found: Leftover[] = [];
          for (const arn of await taggedFor(tagging, cluster, gateway, signal)) {
            // A load balancer goes with its listeners: naming them again helps nobody.
            if (whatOf(arn) !== 'listener' && (await stands(elb, arn, signal)))
              found.push({ what: whatOf(arn), arn });
          }
          return found;
        },
      ),
  };
}

/** ARNs of all that carries the tags of the Gateway. */
async function taggedFor(
  client: ResourceGroupsTaggingAPIClient,
  cluster: string,
  gateway: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const TagFilters = gatewayTags(cluster, gateway).map(([Key, value]) => ({ Key, Values: [value] }));
  const arns: string[] = [];
  const pages = paginateGetResources({ client }, { TagFilters }, { abortSignal: signal });
  for await (const { ResourceTagMappingList = [] } of pages)
    arns.push(...ResourceTagMappingList.flatMap(({ ResourceARN }) => ResourceARN ?? []));
  return arns;
}

/** The tagging API still lists what was deleted a while ago; where nobody can tell, it counts as there. */
async function stands(elb: ElasticLoadBalancingV2Client, arn: string, signal: AbortSignal): Promise<boolean> {
  const what = whatOf(arn);
  if (what !== 'load balancer' && what !== 'target group') return true;
  try {
    await (what === 'load balancer'
      ? elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }), { abortSignal: signal })
      : elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] }), { abortSignal: signal }));
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return !hasCode(error, 'LoadBalancerNotFound', 'TargetGroupNotFound');
  }
}
