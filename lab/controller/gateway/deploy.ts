// Brings AWS to a Gateway's model: target groups, load balancer, listeners, rules, bindings, web ACL; then drops what is left over.
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  type LoadBalancer,
  type Matcher,
  ModifyListenerCommand,
  ModifyTargetGroupCommand,
  type ModifyTargetGroupCommandInput,
  type MutualAuthenticationAttributes,
  SetSubnetsCommand,
  type Tag,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { allPages, type Elb } from '../aws/elb.ts';
import { associateWebAcl } from '../aws/firewall.ts';
import type { Access } from '../aws/signed.ts';
import type { Gateway } from '../objects.ts';
import type { World } from '../world.ts';
import { dropBindings, ensureBinding } from './bindings.ts';
import type { Model, PlannedListener, PlannedTargetGroup } from './model.ts';
import {
  syncListenerAttributes,
  syncLoadBalancerAttributes,
  syncTargetGroupAttributes,
} from './sync-attributes.ts';
import { syncCertificates } from './sync-certificates.ts';
import { syncRules } from './sync-rules.ts';
import { syncTags } from './sync-tags.ts';

export interface Deployed {
  arn: string;
  dnsName: string;
  active: boolean;
  /** Whether it was there before this run. */
  matched: boolean;
}

export interface Cloud {
  elb: Elb;
  access: Access;
  clusterName: string;
  vpcId: string;
  wafv2: boolean;
}

type HealthCheck = Omit<ModifyTargetGroupCommandInput, 'TargetGroupArn'> & { Matcher: Matcher };

const STACK_TAG = 'gateway.k8s.aws.alb/stack';
const RESOURCE_TAG = 'gateway.k8s.aws.alb/resource';
const CLUSTER_TAG = 'elbv2.k8s.aws/cluster';

const stackOf = (gateway: Gateway): string => `${gateway.metadata.namespace}/${gateway.metadata.name}`;

const tags = (cloud: Cloud, gateway: Gateway, resource: string, more: Record<string, string> = {}): Tag[] =>
  Object.entries({
    ...more,
    [CLUSTER_TAG]: cloud.clusterName,
    [STACK_TAG]: stackOf(gateway),
    [RESOURCE_TAG]: resource,
  }).map(([Key, Value]) => ({ Key, Value }));

const isUp = (balancer: LoadBalancer): boolean =>
  balancer.State?.Code === 'active' || balancer.State?.Code === 'active_impaired';

/** Those of the ARNs that carry this Gateway's tags. DescribeTags takes twenty at a time. */
async function ownOf(cloud: Cloud, gateway: Gateway, arns: string[]): Promise<Set<string>> {
  const own = new Set<string>();
  for (let start = 0; start < arns.length; start += 20) {
    const page = new DescribeTagsCommand({ ResourceArns: arns.slice(start, start + 20) });
    const { TagDescriptions = [] } = await cloud.elb.send(page);
    for (const { ResourceArn = '', Tags: its = [] } of TagDescriptions) {
      const has = (key: string, value: string): boolean =>
        its.some((tag) => tag.Key === key && tag.Value === value);
      if (has(CLUSTER_TAG, cloud.clusterName) && has(STACK_TAG, stackOf(gateway))) own.add(ResourceArn);
    }
  }
  return own;
}

async function ownLoadBalancers(cloud: Cloud, gateway: Gateway): Promise<LoadBalancer[]> {
  const all = await allPages(async (Marker) => {
    const page = await cloud.elb.send(new DescribeLoadBalancersCommand({ ...(Marker && { Marker }) }));
    return { items: page.LoadBalancers, next: page.NextMarker };
  });
  const own = await ownOf(
    cloud,
    gateway,
    all.map((each) => each.LoadBalancerArn ?? ''),
  );
  return all.filter((each) => own.has(each.LoadBalancerArn ?? ''));
}

export async function deploy(world: World, cloud: Cloud, gateway: Gateway, model: Model): Promise<Deployed> {
  const own = await ownLoadBalancers(cloud, gateway);
  const groups = new Map<string, string>();
  for (const group of model.targetGroups.values()) {
    const arn = await ensureTargetGroup(cloud, gateway, group);
    await syncTargetGroupAttributes(cloud.elb, arn, group.props.targetGroupAttributes ?? []);
    groups.set(group.resource, arn);
  }
  // A change of scheme or name means another load balancer; the old one goes first.
  for (const other of own) if (other.LoadBalancerName !== model.name) await deleteLoadBalancer(cloud, other);
  const matched = own.find((each) => each.LoadBalancerName === model.name);
  const balancer = matched ?? (await createLoadBalancer(cloud, gateway, model));
  const arn = balancer.LoadBalancerArn ?? '';
  if (matched) await syncTags(cloud.elb, arn, tags(cloud, gateway, 'LoadBalancer', model.configuration.tags));
  await syncSubnets(cloud, balancer, model.subnets);
  await syncLoadBalancerAttributes(cloud.elb, arn, model.configuration.loadBalancerAttributes ?? []);
  await syncListeners(cloud, gateway, arn, model.listeners, groups);
  for (const group of model.targetGroups.values())
    await ensureBinding(world, gateway, group, groups.get(group.resource) ?? '', cloud.vpcId);
  const webAcl = model.configuration.wafV2?.webACL;
  if (webAcl && cloud.wafv2) await associateWebAcl(cloud.access, webAcl, arn);
  await dropTargetGroups(world, cloud, gateway, new Set(groups.values()));
  return {
    arn,
    dnsName: (balancer.DNSName ?? '').toLowerCase(),
    active: isUp(balancer),
    matched: matched !== undefined,
  };
}

/** Takes away everything that belongs to the Gateway. */
export async function destroy(world: World, cloud: Cloud, gateway: Gateway): Promise<void> {
  for (const balancer of await ownLoadBalancers(cloud, gateway)) await deleteLoadBalancer(cloud, balancer);
  await dropTargetGroups(world, cloud, gateway, new Set());
}

async function createLoadBalancer(
  cloud: Cloud,
  gateway: Gateway,
  { name, scheme, subnets, configuration }: Model,
): Promise<LoadBalancer> {
  const { LoadBalancers: [created] = [] } = await cloud.elb.send(
    new CreateLoadBalancerCommand({
      Name: name,
      Type: 'application',
      Scheme: scheme,
      IpAddressType: configuration.ipAddressType ?? 'ipv4',
      Subnets: subnets,
      ...(configuration.securityGroups?.length && { SecurityGroups: configuration.securityGroups }),
      Tags: tags(cloud, gateway, 'LoadBalancer', configuration.tags),
    }),
  );
  if (!created) throw new Error(`CreateLoadBalancer answered without a load balancer for ${name}`);
  return created;
}

async function syncSubnets(cloud: Cloud, balancer: LoadBalancer, wanted: string[]): Promise<void> {
  const found = (balancer.AvailabilityZones ?? []).flatMap(({ SubnetId }) => SubnetId ?? []);
  if (found.toSorted().join() === wanted.toSorted().join()) return;
  await cloud.elb.send(new SetSubnetsCommand({ LoadBalancerArn: balancer.LoadBalancerArn, Subnets: wanted }));
}

async function deleteLoadBalancer(cloud: Cloud, balancer: LoadBalancer): Promise<void> {
  const { Listeners = [] } = await cloud.elb.send(
    new DescribeListenersCommand({ LoadBalancerArn: balancer.LoadBalancerArn }),
  );
  for (const listener of Listeners)
    await cloud.elb.send(new DeleteListenerCommand({ ListenerArn: listener.ListenerArn }));
  await cloud.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: balancer.LoadBalancerArn }));
}

function healthCheckOf({ props, protocolVersion }: PlannedTargetGroup): HealthCheck {
  const check = props.healthCheckConfig;
  const grpc = protocolVersion === 'GRPC';
  return {
    HealthCheckPath: check?.healthCheckPath ?? (grpc ? '/AWS.ALB/healthcheck' : '/'),
    HealthCheckPort: check?.healthCheckPort ?? 'traffic-port',
    HealthCheckProtocol: check?.healthCheckProtocol?.toUpperCase() === 'HTTPS' ? 'HTTPS' : 'HTTP',
    HealthCheckIntervalSeconds: check?.healthCheckInterval ?? 15,
    HealthCheckTimeoutSeconds: check?.healthCheckTimeout ?? 5,
    HealthyThresholdCount: check?.healthyThresholdCount ?? 3,
    UnhealthyThresholdCount: check?.unhealthyThresholdCount ?? 3,
    Matcher: grpc
      ? { GrpcCode: check?.matcher?.grpcCode ?? '12' }
      : { HttpCode: check?.matcher?.httpCode ?? '200-399' },
  };
}

async function ensureTargetGroup(cloud: Cloud, gateway: Gateway, group: PlannedTargetGroup): Promise<string> {
  const describe = new DescribeTargetGroupsCommand({ Names: [group.name] });
  const found = (await cloud.elb.find(() => cloud.elb.send(describe)))?.TargetGroups?.[0];
  const check = healthCheckOf(group);
  // One of that name for another port is not ours: AWS says no to a second.
  if (found?.TargetGroupArn && (await isFor(cloud, gateway, found.TargetGroupArn, group))) {
    const { Matcher, ...plain } = check;
    const known = Object.entries(plain).every(([name, value]) => found[name as keyof typeof plain] === value);
    const same =
      known &&
      (found.Matcher?.HttpCode ?? found.Matcher?.GrpcCode) === (Matcher.HttpCode ?? Matcher.GrpcCode);
    if (!same)
      await cloud.elb.send(new ModifyTargetGroupCommand({ TargetGroupArn: found.TargetGroupArn, ...check }));
    await syncTags(cloud.elb, found.TargetGroupArn, tags(cloud, gateway, group.resource, group.props.tags));
    return found.TargetGroupArn;
  }
  const { TargetGroups: [created] = [] } = await cloud.elb.send(
    new CreateTargetGroupCommand({
      Name: group.name,
      Protocol: group.protocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
      ProtocolVersion: group.protocolVersion,
      Port: group.port,
      VpcId: cloud.vpcId,
      TargetType: group.targetType,
      ...check,
      Tags: tags(cloud, gateway, group.resource, group.props.tags),
    }),
  );
  return created?.TargetGroupArn ?? '';
}

async function isFor(
  cloud: Cloud,
  gateway: Gateway,
  arn: string,
  { resource }: PlannedTargetGroup,
): Promise<boolean> {
  const { TagDescriptions: [its] = [] } = await cloud.elb.send(
    new DescribeTagsCommand({ ResourceArns: [arn] }),
  );
  // By all three, as the controller looks for its own.
  return tags(cloud, gateway, resource).every((own) =>
    its?.Tags?.some(({ Key, Value }) => Key === own.Key && Value === own.Value),
  );
}

async function syncListeners(
  cloud: Cloud,
  gateway: Gateway,
  balancerArn: string,
  planned: PlannedListener[],
  groups: Map<string, string>,
): Promise<void> {
  const { Listeners: existing = [] } = await cloud.elb.send(
    new DescribeListenersCommand({ LoadBalancerArn: balancerArn }),
  );
  for (const listener of existing) {
    if (!planned.some((each) => each.port === listener.Port))
      await cloud.elb.send(new DeleteListenerCommand({ ListenerArn: listener.ListenerArn }));
  }
  for (const want of planned) {
    const settings = {
      Protocol: want.protocol,
      Port: want.port,
      DefaultActions: [
        {
          Type: 'fixed-response' as const,
          FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain' },
        },
      ],
      ...(want.protocol === 'HTTPS' && {
        ...clientsOf(want),
        SslPolicy: want.sslPolicy,
        Certificates: want.certificates.slice(0, 1).map((CertificateArn) => ({ CertificateArn })),
      }),
    };
    const known = existing.find((each) => each.Port === want.port);
    let arn = known?.ListenerArn;
    const same =
      known?.Protocol === want.protocol &&
      known.SslPolicy === (want.protocol === 'HTTPS' ? want.sslPolicy : known.SslPolicy) &&
      known.Certificates?.[0]?.CertificateArn === want.certificates[0] &&
      sameClients(want, known.MutualAuthentication) &&
      known.DefaultActions?.length === 1 &&
      known.DefaultActions[0]?.FixedResponseConfig?.StatusCode === '404';
    if (!arn) {
      const { Listeners: [created] = [] } = await cloud.elb.send(
        new CreateListenerCommand({
          LoadBalancerArn: balancerArn,
          ...settings,
          Tags: tags(cloud, gateway, String(want.port)),
        }),
      );
      arn = created?.ListenerArn;
    } else if (!same) {
      await cloud.elb.send(new ModifyListenerCommand({ ListenerArn: arn, ...settings }));
    }
    await syncListenerAttributes(cloud.elb, arn ?? '', want.attributes);
    await syncCertificates(cloud.elb, arn ?? '', want.certificates);
    await syncRules(cloud.elb, arn ?? '', want.rules, groups, tags(cloud, gateway, String(want.port)));
  }
}

const clientsOf = ({ mutualAuthentication: wanted }: PlannedListener) =>
  wanted && {
    MutualAuthentication: {
      Mode: wanted.mode,
      ...(wanted.mode === 'verify' && {
        TrustStoreArn: wanted.trustStore,
        IgnoreClientCertificateExpiry: wanted.ignoreClientCertificateExpiry ?? false,
      }),
    },
  };

const sameClients = (want: PlannedListener, found: MutualAuthenticationAttributes = {}): boolean => {
  const wanted = clientsOf(want)?.MutualAuthentication;
  if (wanted === undefined) return true;
  return Object.entries(wanted).every(([name, value]) => found[name as keyof typeof wanted] === value);
};

/** By tags rather than by bindings: a deployment that failed half way left groups that no binding knows. */
async function dropTargetGroups(
  world: World,
  cloud: Cloud,
  gateway: Gateway,
  keep: Set<string>,
): Promise<void> {
  await dropBindings(world, gateway, keep);
  const all = await allPages(async (Marker) => {
    const page = await cloud.elb.send(new DescribeTargetGroupsCommand({ ...(Marker && { Marker }) }));
    return { items: page.TargetGroups, next: page.NextMarker };
  });
  const arns = all.map((each) => each.TargetGroupArn ?? '');
  const own = await ownOf(
    cloud,
    gateway,
    arns.filter((arn) => !keep.has(arn)),
  );
  for (const TargetGroupArn of own) {
    await cloud.elb.find(() => cloud.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn })));
  }
}
