// Reads all of a load balancer that a Gateway or its configuration may ask for.
import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeAccountLimitsCommand,
  DescribeListenerCertificatesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
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
  ListenerState,
  SecurityGroupState,
  TargetGroupState,
} from '../drift/load-balancer-state.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, configuration, elbv2Client } from './clients.ts';
import { hasCode } from './denial.ts';
import { nameIn } from './elbv2.ts';
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

const elb = 'Elastic Load Balancing';

export function balancerReader({
  aws,
  credentials,
  clock,
  loadBalancers,
}: BalancerStateSettings): BalancerReader {
  const client = elbv2Client(aws, credentials);
  const limit = pLimit(4);
  const read = <Value>(
    action: string,
    signal: AbortSignal,
    work: () => Promise<Value>,
    service = elb,
  ): Promise<Seen<Value>> => look({ service, action, resource: '*' }, clock, signal, () => limit(work));
  const ofElb = (action: string): string => `elasticloadbalancing:${action}`;

  const certificatesOf = async ({ ListenerArn, Protocol }: Listener, signal: AbortSignal) => {
    if (Protocol !== 'HTTPS') return { otherCertificates: [] };
    const command = new DescribeListenerCertificatesCommand({ ListenerArn, PageSize: 400 });
    const { Certificates = [] } = await client.send(command, { abortSignal: signal });
    const main = Certificates.find(({ IsDefault }) => IsDefault)?.CertificateArn;
    return {
      ...(main !== undefined && { defaultCertificate: main }),
      otherCertificates: Certificates.flatMap(({ IsDefault, CertificateArn }) =>
        IsDefault === true || CertificateArn === undefined || CertificateArn === main ? [] : [CertificateArn],
      ),
    };
  };

  const groupOf = async (group: TargetGroup, signal: AbortSignal): Promise<TargetGroupState> => {
    const TargetGroupArn = group.TargetGroupArn ?? '';
    const options = { abortSignal: signal };
    const { Attributes = [] } = await client.send(
      new DescribeTargetGroupAttributesCommand({ TargetGroupArn }),
      options,
    );
    const { TargetHealthDescriptions = [] } = await client.send(
      new DescribeTargetHealthCommand({ TargetGroupArn }),
      options,
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
        state: TargetHealth?.State ?? 'unknown',
      })),
    };
  };

  return {
    balancer: (dnsName, signal) =>
      read(ofElb('DescribeLoadBalancers'), signal, async () => {
        const found = await findBalancer(dnsName, async (input) => {
          const command = new DescribeLoadBalancersCommand(input);
          return client.send(command, { abortSignal: signal });
        });
        return (
          found && {
            arn: found.LoadBalancerArn ?? '',
            name: found.LoadBalancerName ?? '',
            scheme: found.Scheme ?? '',
            ipAddressType: found.IpAddressType ?? '',
            securityGroups: found.SecurityGroups ?? [],
          }
        );
      }),

    attributes: (arn, signal) =>
      read(ofElb('DescribeLoadBalancerAttributes'), signal, async () => {
        const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn });
        const { Attributes = [] } = await client.send(command, { abortSignal: signal });
        return new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]));
      }),

    listeners: (arn, signal) =>
      read(ofElb('DescribeListeners'), signal, async () => {
        const command = new DescribeListenersCommand({ LoadBalancerArn: arn, PageSize: 400 });
        const { Listeners = [] } = await client.send(command, { abortSignal: signal });
        const states: ListenerState[] = [];
        for (const each of Listeners) {
          states.push({
            ...(each.ListenerArn !== undefined && { arn: each.ListenerArn }),
            port: each.Port ?? 0,
            protocol: each.Protocol ?? '',
            ...(each.SslPolicy !== undefined && { sslPolicy: each.SslPolicy }),
            ...(await certificatesOf(each, signal)),
          });
        }
        return states;
      }),

    rules: (arn, signal) => loadBalancers.rules(arn, signal),

    targetGroups: (arns, signal) =>
      read(ofElb('DescribeTargetGroupAttributes'), signal, async () => {
        const states: TargetGroupState[] = [];
        for (let start = 0; start < arns.length; start += batch) {
          const command = new DescribeTargetGroupsCommand({
            TargetGroupArns: arns.slice(start, start + batch),
          });
          const { TargetGroups = [] } = await client.send(command, { abortSignal: signal });
          for (const group of TargetGroups) states.push(await groupOf(group, signal));
        }
        return states;
      }),

    webAcl: (arn, signal) =>
      read(
        'wafv2:GetWebACLForResource',
        signal,
        async () => {
          const command = new GetWebACLForResourceCommand({ ResourceArn: arn });
          const { WebACL } = await new WAFV2Client({ ...configuration(aws), credentials }).send(command, {
            abortSignal: signal,
          });
          return WebACL?.ARN;
        },
        'AWS WAF',
      ),

    securityGroups: (ids, signal) =>
      read(
        'ec2:DescribeSecurityGroups',
        signal,
        async () => {
          const command = new DescribeSecurityGroupsCommand({ GroupIds: [...ids] });
          const { SecurityGroups = [] } = await new EC2Client({ ...configuration(aws), credentials }).send(
            command,
            {
              abortSignal: signal,
            },
          );
          return SecurityGroups.map(
            ({ GroupId = '', IpPermissions = [] }): SecurityGroupState => ({
              id: GroupId,
              ingress: IpPermissions.filter(
                ({ IpProtocol }) => IpProtocol === '-1' || IpProtocol === 'tcp',
              ).map((permission) => ({
                ...(permission.FromPort !== undefined && { from: permission.FromPort }),
                ...(permission.ToPort !== undefined && { to: permission.ToPort }),
                sources: [
                  ...(permission.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
                  ...(permission.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
                  ...(permission.PrefixListIds ?? []).flatMap(({ PrefixListId }) => PrefixListId ?? []),
                  ...(permission.UserIdGroupPairs ?? []).flatMap((pair) => pair.GroupId ?? []),
                ],
              })),
            }),
          );
        },
        'EC2',
      ),

    limits: (signal) =>
      read(ofElb('DescribeAccountLimits'), signal, async () => {
        const command = new DescribeAccountLimitsCommand({ PageSize: 400 });
        const { Limits = [] } = await client.send(command, { abortSignal: signal });
        return new Map(Limits.map(({ Name = '', Max = '' }) => [Name, Number(Max)]));
      }),
  };
}

type Describe = (input: { readonly Names?: string[]; readonly Marker?: string }) => Promise<{
  readonly LoadBalancers?: LoadBalancer[] | undefined;
  readonly NextMarker?: string | undefined;
}>;

/** By the name inside of the DNS name, which costs one call; capitals are lost in it, so a miss means all pages. */
async function findBalancer(dnsName: string, describe: Describe): Promise<LoadBalancer | undefined> {
  const isIt = (found: LoadBalancer): boolean => found.DNSName?.toLowerCase() === dnsName;
  const name = nameIn(dnsName);
  if (name !== undefined) {
    try {
      const found = (await describe({ Names: [name] })).LoadBalancers?.find(isIt);
      if (found !== undefined) return found;
    } catch (error) {
      if (!hasCode(error, 'LoadBalancerNotFound')) throw error;
    }
  }
  let Marker: string | undefined;
  do {
    const page = await describe(Marker === undefined ? {} : { Marker });
    const found = page.LoadBalancers?.find(isIt);
    if (found !== undefined) return found;
    Marker = page.NextMarker === '' ? undefined : page.NextMarker;
  } while (Marker !== undefined);
  return undefined;
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
