// Reads all of a load balancer that a Gateway or its configuration may ask for.
import { DescribeSecurityGroupsCommand, EC2Client, type IpPermission } from '@aws-sdk/client-ec2';
import {
  DescribeAccountLimitsCommand,
  DescribeListenerAttributesCommand,
  DescribeListenerCertificatesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
  type LoadBalancer,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetWebACLForResourceCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import pLimit from 'p-limit';
import type { LoadBalancers } from '../chain/load-balancer.ts';
import type { Clock } from '../clock.ts';
import type {
  BalancerReader,
  BalancerState,
  ListenerState,
  SecurityGroupState,
  TargetGroupState,
} from '../drift/load-balancer-state.ts';
import { type AwsSettings, type CredentialSource, configuration, elbv2Client } from './clients.ts';
import { orGone } from './denial.ts';
import { findLoadBalancer } from './elbv2.ts';
import { look } from './look.ts';

export interface BalancerStateSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** Rules are read as the chain reads them, paced and shared with it. */
  readonly loadBalancers: LoadBalancers;
}

/** ARNs that one call takes. */
const batch = 20;

/** Requests under way at the same time. */
const concurrency = 4;

/** How each read is sent: given up when the run is. */
interface Sending {
  readonly abortSignal: AbortSignal;
}

export function balancerReader(settings: BalancerStateSettings): BalancerReader {
  const { aws, credentials, clock, loadBalancers } = settings;
  const client = elbv2Client(aws, credentials);
  const limit = pLimit(concurrency);
  const looksAt =
    (service: string, prefix: string) =>
    <Value>(action: string, signal: AbortSignal, read: (how: Sending) => Promise<Value>) =>
      look({ service, action: `${prefix}:${action}`, resource: '*' }, clock, signal, () =>
        limit(() => read({ abortSignal: signal })),
      );
  const elb = looksAt('Elastic Load Balancing', 'elasticloadbalancing');
  const waf = looksAt('AWS WAF', 'wafv2');
  const ec2 = looksAt('EC2', 'ec2');
  const ofOthers = () => ({ ...configuration(aws), credentials });
  return {
    balancer: (dnsName, signal) =>
      elb('DescribeLoadBalancers', signal, async () => {
        const found = await findLoadBalancer(client, dnsName, signal);
        return found && balancerOf(found);
      }),
    attributes: (arn, signal) =>
      elb('DescribeLoadBalancerAttributes', signal, (how) => attributesOf(client, arn, how)),
    listeners: (arn, signal) => elb('DescribeListeners', signal, (how) => listenersOf(client, arn, how)),
    listenerAttributes: (arn, signal) =>
      elb('DescribeListenerAttributes', signal, (how) => listenerAttributesOf(client, arn, how)),
    rules: (arn, signal) => loadBalancers.rules(arn, signal),
    targetGroups: (arns, signal) =>
      elb('DescribeTargetGroupAttributes', signal, (how) => targetGroupsOf(client, arns, how)),
    tags: (arns, signal) => elb('DescribeTags', signal, (how) => tagsOf(client, arns, how)),
    webAcl: (arn, signal) =>
      waf('GetWebACLForResource', signal, (how) => webAclOf(new WAFV2Client(ofOthers()), arn, how)),
    securityGroups: (ids, signal) =>
      ec2('DescribeSecurityGroups', signal, (how) => securityGroupsOf(new EC2Client(ofOthers()), ids, how)),
    limits: (signal) => elb('DescribeAccountLimits', signal, (how) => limitsOf(client, how)),
  };
}

const balancerOf = (found: LoadBalancer): BalancerState => ({
  arn: found.LoadBalancerArn ?? '',
  name: found.LoadBalancerName ?? '',
  scheme: found.Scheme ?? '',
  ipAddressType: found.IpAddressType ?? '',
  securityGroups: found.SecurityGroups ?? [],
  subnets: (found.AvailabilityZones ?? []).flatMap(({ SubnetId }) => SubnetId ?? []),
});

async function attributesOf(
  client: ElasticLoadBalancingV2Client,
  arn: string,
  how: Sending,
): Promise<ReadonlyMap<string, string>> {
  const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn });
  const { Attributes = [] } = await client.send(command, how);
  return new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]));
}

async function listenerAttributesOf(
  client: ElasticLoadBalancingV2Client,
  arn: string,
  how: Sending,
): Promise<ReadonlyMap<string, string>> {
  const { Attributes = [] } = await client.send(
    new DescribeListenerAttributesCommand({ ListenerArn: arn }),
    how,
  );
  return new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Since it was heard of: the controller removes what a route leaves behind when it goes. */
const unlessGone = <Value>(read: () => Promise<Value>): Promise<Value | undefined> =>
  orGone(read, 'TargetGroupNotFound', 'LoadBalancerNotFound');

/** One that is gone fails the whole call: the others are asked for in halves. */
async function presentOf<Value>(
  arns: readonly string[],
  read: (some: string[]) => Promise<readonly Value[]>,
): Promise<readonly Value[]> {
  const found: Value[] = [];
  for (let start = 0; start < arns.length; start += batch) {
    const some = arns.slice(start, start + batch);
    const values = await unlessGone(() => read(some));
    const middle = Math.ceil(some.length / 2);
    if (values !== undefined) found.push(...values);
    else if (some.length > 1)
      for (const half of [some.slice(0, middle), some.slice(middle)])
        found.push(...(await presentOf(half, read)));
  }
  return found;
}

async function tagsOf(
  client: ElasticLoadBalancingV2Client,
  arns: readonly string[],
  how: Sending,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const found = await presentOf(arns, async (ResourceArns) => {
    const { TagDescriptions = [] } = await client.send(new DescribeTagsCommand({ ResourceArns }), how);
    return TagDescriptions;
  });
  return new Map(
    found.map(({ ResourceArn = '', Tags = [] }) => [
      ResourceArn,
      new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    ]),
  );
}

const clientsOf = ({ MutualAuthentication }: Listener): Pick<ListenerState, 'clients'> => {
  const { Mode, TrustStoreArn, IgnoreClientCertificateExpiry } = MutualAuthentication ?? {};
  if (Mode === undefined) return {};
  return {
    clients: {
      mode: Mode,
      ...(TrustStoreArn !== undefined && { trustStore: TrustStoreArn }),
      ...(IgnoreClientCertificateExpiry !== undefined && { ignoresExpiry: IgnoreClientCertificateExpiry }),
    },
  };
};

async function listenersOf(
  client: ElasticLoadBalancingV2Client,
  arn: string,
  how: Sending,
): Promise<readonly ListenerState[]> {
  const command = new DescribeListenersCommand({ LoadBalancerArn: arn, PageSize: 400 });
  const { Listeners = [] } = await client.send(command, how);
  const states: ListenerState[] = [];
  for (const each of Listeners) {
    states.push({
      ...(each.ListenerArn !== undefined && { arn: each.ListenerArn }),
      port: each.Port ?? 0,
      protocol: each.Protocol ?? '',
      ...(each.SslPolicy !== undefined && { sslPolicy: each.SslPolicy }),
      ...clientsOf(each),
      ...(await certificatesOf(client, each, how)),
    });
  }
  return states;
}

async function certificatesOf(
  client: ElasticLoadBalancingV2Client,
  { ListenerArn, Protocol }: Listener,
  how: Sending,
): Promise<Pick<ListenerState, 'defaultCertificate' | 'otherCertificates'>> {
  if (Protocol !== 'HTTPS') return { otherCertificates: [] };
  const command = new DescribeListenerCertificatesCommand({ ListenerArn, PageSize: 400 });
  const { Certificates = [] } = await client.send(command, how);
  const main = Certificates.find(({ IsDefault }) => IsDefault)?.CertificateArn;
  return {
    ...(main !== undefined && { defaultCertificate: main }),
    otherCertificates: Certificates.flatMap(({ IsDefault, CertificateArn }) =>
      IsDefault === true || CertificateArn === undefined || CertificateArn === main ? [] : [CertificateArn],
    ),
  };
}

async function targetGroupsOf(
  client: ElasticLoadBalancingV2Client,
  arns: readonly string[],
  how: Sending,
): Promise<readonly TargetGroupState[]> {
  const groups = await presentOf(arns, async (TargetGroupArns) => {
    const { TargetGroups = [] } = await client.send(
      new DescribeTargetGroupsCommand({ TargetGroupArns }),
      how,
    );
    return TargetGroups;
  });
  const states: TargetGroupState[] = [];
  for (const group of groups) {
    const state = await unlessGone(() => targetGroupOf(client, group, how));
    if (state !== undefined) states.push(state);
  }
  return states;
}

async function targetGroupOf(
  client: ElasticLoadBalancingV2Client,
  group: TargetGroup,
  how: Sending,
): Promise<TargetGroupState> {
  const TargetGroupArn = group.TargetGroupArn ?? '';
  const { Attributes = [] } = await client.send(
    new DescribeTargetGroupAttributesCommand({ TargetGroupArn }),
    how,
  );
  const { TargetHealthDescriptions = [] } = await client.send(
    new DescribeTargetHealthCommand({ TargetGroupArn }),
    how,
  );
  return {
    arn: TargetGroupArn,
    name: group.TargetGroupName ?? '',
    targetType: group.TargetType ?? '',
    ...(group.Protocol !== undefined && { protocol: group.Protocol }),
    ...(group.IpAddressType !== undefined && { ipAddressType: group.IpAddressType }),
    protocolVersion: group.ProtocolVersion ?? '',
    healthCheck: healthCheckOf(group),
    attributes: new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value])),
    targets: TargetHealthDescriptions.map(({ Target, TargetHealth }) => ({
      id: Target?.Id ?? '',
      ...(Target?.Port !== undefined && { port: Target.Port }),
      state: TargetHealth?.State ?? 'unknown',
    })),
  };
}

/** By the names of LBC's TargetGroupConfiguration. */
const healthCheckOf = (group: TargetGroup): Readonly<Record<string, string>> => {
  const values: Readonly<Record<string, string | number | undefined>> = {
    healthCheckPath: group.HealthCheckPath,
    healthCheckPort: group.HealthCheckPort,
    healthCheckProtocol: group.HealthCheckProtocol,
    healthCheckInterval: group.HealthCheckIntervalSeconds,
    healthCheckTimeout: group.HealthCheckTimeoutSeconds,
    healthyThresholdCount: group.HealthyThresholdCount,
    unhealthyThresholdCount: group.UnhealthyThresholdCount,
    'matcher.httpCode': group.Matcher?.HttpCode,
    'matcher.grpcCode': group.Matcher?.GrpcCode,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
};

async function webAclOf(client: WAFV2Client, arn: string, how: Sending): Promise<string | undefined> {
  const { WebACL } = await client.send(new GetWebACLForResourceCommand({ ResourceArn: arn }), how);
  return WebACL?.ARN;
}

async function securityGroupsOf(
  client: EC2Client,
  ids: readonly string[],
  how: Sending,
): Promise<readonly SecurityGroupState[]> {
  const command = new DescribeSecurityGroupsCommand({ GroupIds: [...ids] });
  const { SecurityGroups = [] } = await client.send(command, how);
  return SecurityGroups.map(({ GroupId = '', Description = '', IpPermissions = [], Tags = [] }) => ({
    id: GroupId,
    description: Description,
    tags: new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    ingress: IpPermissions.filter(({ IpProtocol }) => IpProtocol === '-1' || IpProtocol === 'tcp').map(
      ingressOf,
    ),
  }));
}

const ingressOf = (permission: IpPermission): SecurityGroupState['ingress'][number] => ({
  ...(permission.FromPort !== undefined && { from: permission.FromPort }),
  ...(permission.ToPort !== undefined && { to: permission.ToPort }),
  sources: [
    ...(permission.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
    ...(permission.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
    ...(permission.PrefixListIds ?? []).flatMap(({ PrefixListId }) => PrefixListId ?? []),
    ...(permission.UserIdGroupPairs ?? []).flatMap((pair) => pair.GroupId ?? []),
  ],
});

async function limitsOf(
  client: ElasticLoadBalancingV2Client,
  how: Sending,
): Promise<ReadonlyMap<string, number>> {
  const command = new DescribeAccountLimitsCommand({ PageSize: 400 });
  const { Limits = [] } = await client.send(command, how);
  return new Map(Limits.map(({ Name = '', Max = '' }) => [Name, Number(Max)]));
}
