// Edits in the AWS console: load balancer, listeners, certificates, rules, target groups, web ACL, security groups.
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  AddListenerCertificatesCommand,
  AddTagsCommand,
  CreateListenerCommand,
  DeleteListenerCommand,
  DeregisterTargetsCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
  RemoveTagsCommand,
  SetIpAddressTypeCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { AssociateWebACLCommand, DisassociateWebACLCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { layout } from '../cluster/layout.ts';
import { balancer, edit, elb, groupOf, listener } from './load-balancer.ts';
import { asAdmin, type Family, kubectl, type Mutation } from './mutation.ts';
import { rules } from './rules.ts';

const ec2 = new EC2Client(asAdmin('eks'));
const waf = new WAFV2Client(asAdmin('eks'));

/** Kept between make and mend. */
let group = '';
let deregistered: { Id: string; Port: number } | undefined;
let moved: { Id: string; Port: number } | undefined;

const ofBalancer = async (): Promise<string> => (await balancer()).arn;
const ofAdmin = async (): Promise<string> => (await groupOf('admin')).TargetGroupArn ?? '';

const tag = async (arn: string, Key: string, Value: string): Promise<void> => {
  await elb.send(new AddTagsCommand({ ResourceArns: [arn], Tags: [{ Key, Value }] }));
};

/** Without its tags the controller does not know it any more. */
const untagged = (path: string, of: () => Promise<string>, key: string): Mutation => {
  let value = '';
  const { heals: _, ...rest } = edit(
    `the tag ${key} is taken off: ${path}tags`,
    `${path}tags[${key}]`,
    async () => {
      const arn = await of();
      const { TagDescriptions = [] } = await elb.send(new DescribeTagsCommand({ ResourceArns: [arn] }));
      value = TagDescriptions[0]?.Tags?.find(({ Key }) => Key === key)?.Value ?? '';
      await elb.send(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys: [key] }));
    },
    async () => tag(await of(), key, value),
  );
  return rest;
};

/** Zones in which it does not stand. */
const otherSubnets = async (): Promise<string[]> => {
  const own = (process.env['LAB_SUBNET_IDS'] ?? '').split(',');
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const zones = new Map(
    Subnets.map(({ AvailabilityZone = '', SubnetId = '' }) => [AvailabilityZone, SubnetId]),
  );
  return [...zones.values()].filter((id) => !own.includes(id)).slice(0, 2);
};

/** No client is asked for a certificate any more; where no configuration names it the controller leaves it as it is. */
export async function switchOffMutualTls(): Promise<void> {
  const { ListenerArn } = await listener();
  await elb.send(new ModifyListenerCommand({ ListenerArn, MutualAuthentication: { Mode: 'off' } }));
}

const settings: readonly Mutation[] = [
  untagged('', ofBalancer, 'gateway.k8s.aws.alb/stack'),
  untagged('', ofBalancer, 'gateway.k8s.aws.alb/resource'),
  untagged('targetGroups[shop/admin].', ofAdmin, 'elbv2.k8s.aws/cluster'),
  untagged('targetGroups[shop/admin].', ofAdmin, 'gateway.k8s.aws.alb/resource'),
  edit(
    'a tag that the configuration asks for is changed',
    'tags[team]',
    async () => tag(await ofBalancer(), 'team', 'other'),
    async () => tag(await ofBalancer(), 'team', 'shop'),
  ),
  edit(
    'a tag that the configuration of a target group asks for is changed',
    'targetGroups[shop/admin].tags[cost-center]',
    async () => tag(await ofAdmin(), 'cost-center', '7'),
    async () => tag(await ofAdmin(), 'cost-center', '42'),
  ),
  edit('it is put into other subnets', 'subnets', async () => {
    const Subnets = await otherSubnets();
    await elb.send(new SetSubnetsCommand({ LoadBalancerArn: (await balancer()).arn, Subnets }));
  }),
  edit(
    'clients are no longer asked for a certificate',
    'listeners[443].mutualAuthentication.mode',
    switchOffMutualTls,
  ),
  edit(
    'the web ACL is taken off',
    'webACL',
    async () => {
      await waf.send(new DisassociateWebACLCommand({ ResourceArn: (await balancer()).arn }));
    },
    async () => {
      await waf.send(
        new AssociateWebACLCommand({
          WebACLArn: process.env['LAB_WEB_ACL_ARN'],
          ResourceArn: (await balancer()).arn,
        }),
      );
    },
  ),
  edit(
    'the address type is changed',
    'ipAddressType',
    async () => {
      await elb.send(
        new SetIpAddressTypeCommand({ LoadBalancerArn: (await balancer()).arn, IpAddressType: 'dualstack' }),
      );
    },
    async () => {
      await elb.send(
        new SetIpAddressTypeCommand({ LoadBalancerArn: (await balancer()).arn, IpAddressType: 'ipv4' }),
      );
    },
  ),
  edit('another TLS policy is chosen', 'listeners[443].sslPolicy', async () => {
    await elb.send(
      new ModifyListenerCommand({
        ListenerArn: (await listener()).ListenerArn,
        SslPolicy: 'ELBSecurityPolicy-TLS-1-2-2017-01',
      }),
    );
  }),
  edit('connections are kept longer', 'attributes[idle_timeout.timeout_seconds]', async () => {
    await elb.send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: (await balancer()).arn,
        Attributes: [{ Key: 'idle_timeout.timeout_seconds', Value: '4000' }],
      }),
    );
  }),
  edit(
    'a header is not sent any more',
    'listeners[443].attributes[routing.http.response.x_content_type_options.header_value]',
    async () => {
      await elb.send(
        new ModifyListenerAttributesCommand({
          ListenerArn: (await listener()).ListenerArn,
          Attributes: [{ Key: 'routing.http.response.x_content_type_options.header_value', Value: '' }],
        }),
      );
    },
  ),
  edit('what no rule takes is sent on', 'listeners[443].defaultAction', async () => {
    await elb.send(
      new ModifyListenerCommand({
        ListenerArn: (await listener()).ListenerArn,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: (await groupOf('admin')).TargetGroupArn }],
      }),
    );
  }),
  edit('a listener is added', 'listeners[8443]', async () => {
    const { arn } = await balancer();
    await elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: arn,
        Port: 8443,
        Protocol: 'HTTP',
        DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
      }),
    );
  }),
  edit(
    'a security group lets nobody in',
    'securityGroups.ingress[443]',
    async () => {
      const VpcId = process.env['LAB_VPC_ID'];
      const made = await ec2.send(
        new CreateSecurityGroupCommand({ GroupName: `closed-${Date.now()}`, Description: 'closed', VpcId }),
      );
      group = made.GroupId ?? '';
      await elb.send(
        new SetSecurityGroupsCommand({ LoadBalancerArn: (await balancer()).arn, SecurityGroups: [group] }),
      );
    },
    async () => {
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [range('0.0.0.0/0')] }),
      );
    },
  ),
];

const range = (CidrIp: string) => ({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp }] });

const resource = 'gateway.k8s.aws.alb/resource';

/** Taken off the group that the one before has made. */
const { heals: _, ...unknownGroup } = edit(
  "the controller's security group loses a tag",
  /^securityGroups\[sg-[0-9a-f]+\]\.tags\[gateway\.k8s\.aws\.alb\/stack\]$/,
  async () => {
    await ec2.send(
      new DeleteTagsCommand({ Resources: [group], Tags: [{ Key: 'gateway.k8s.aws.alb/stack' }] }),
    );
  },
  async () => {
    const Tags = [{ Key: 'gateway.k8s.aws.alb/stack', Value: 'infra/public' }];
    await ec2.send(new CreateTagsCommand({ Resources: [group], Tags }));
  },
);

/** As the controller makes one for its Gateway, with a rule that was narrowed by hand. */
const managedGroup: readonly Mutation[] = [
  edit(
    "the controller's security group lets in some alone",
    'securityGroups.ingress[443]',
    async () => {
      const made = await ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: `k8s-infra-public-${Date.now()}`,
          Description: '[k8s] Managed SecurityGroup for LoadBalancer',
          VpcId: process.env['LAB_VPC_ID'],
          TagSpecifications: [
            {
              ResourceType: 'security-group',
              Tags: [
                { Key: 'elbv2.k8s.aws/cluster', Value: layout.cluster.name },
                { Key: 'gateway.k8s.aws.alb/stack', Value: 'infra/public' },
                { Key: resource, Value: 'ManagedLBSecurityGroup' },
              ],
            },
          ],
        }),
      );
      group = made.GroupId ?? '';
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [range('10.0.0.0/8')] }),
      );
      await elb.send(
        new SetSecurityGroupsCommand({ LoadBalancerArn: (await balancer()).arn, SecurityGroups: [group] }),
      );
    },
    async () => {
      await ec2.send(
        new RevokeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [range('10.0.0.0/8')] }),
      );
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [range('0.0.0.0/0')] }),
      );
    },
  ),
];

const check =
  (service: string, change: Record<string, unknown>): Mutation['make'] =>
  async () => {
    const { TargetGroupArn } = await groupOf(service);
    await elb.send(new ModifyTargetGroupCommand({ TargetGroupArn, ...change }));
  };

const groups: readonly Mutation[] = [
  edit(
    'a health check asks another path',
    'targetGroups[shop/admin].healthCheckConfig.healthCheckPath',
    check('admin', { HealthCheckPath: '/elsewhere' }),
    check('admin', { HealthCheckPath: '/health' }),
  ),
  edit(
    'a health check is asked more seldom',
    'targetGroups[shop/admin].healthCheckConfig.healthCheckInterval',
    check('admin', { HealthCheckIntervalSeconds: 60 }),
    check('admin', { HealthCheckIntervalSeconds: 20 }),
  ),
  edit(
    'a health check without configuration accepts less',
    'targetGroups[shop/shop].healthCheckConfig.matcher.httpCode',
    check('shop', { Matcher: { HttpCode: '200' } }),
    check('shop', { Matcher: { HttpCode: '200-399' } }),
  ),
  edit(
    'clients no longer stick to a target',
    'targetGroups[shop/admin].attributes[stickiness.enabled]',
    async () => {
      const Attributes = [{ Key: 'stickiness.enabled', Value: 'false' }];
      const { TargetGroupArn } = await groupOf('admin');
      await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
    },
  ),
  edit(
    'a target is deregistered',
    /^targetGroups\[shop\/admin\]\.targets\[/,
    async () => {
      const { TargetGroupArn } = await groupOf('admin');
      const { TargetHealthDescriptions = [] } = await elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn }),
      );
      const { Id = '', Port = 0 } = TargetHealthDescriptions[0]?.Target ?? {};
      deregistered = { Id, Port };
      await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [deregistered] }));
    },
    async () => {
      const { TargetGroupArn } = await groupOf('admin');
      if (deregistered)
        await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [deregistered] }));
    },
  ),
  edit(
    'a target is registered at another port',
    /^targetGroups\[shop\/shop\]\.targets\[[\d.]+:9999\]$/,
    async () => {
      const { TargetGroupArn } = await groupOf('shop');
      const { TargetHealthDescriptions = [] } = await elb.send(
        new DescribeTargetHealthCommand({ TargetGroupArn }),
      );
      moved = { Id: TargetHealthDescriptions[0]?.Target?.Id ?? '', Port: 9999 };
      await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [moved] }));
    },
    async () => {
      const { TargetGroupArn } = await groupOf('shop');
      if (moved) await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [moved] }));
    },
  ),
];

/** In the cluster, where a thing that is gone has no author; the group and the rule that sends to it stay. */
const { by: _nobody, ...unbound } = edit(
  'a TargetGroupBinding is deleted',
  /^targetGroups\[k8s-shop-[^\]]+\]\.binding$/,
  () => {
    const names = '{range .items[?(@.spec.serviceRef.name=="admin")]}{.metadata.name}{end}';
    const name = kubectl('-n', 'shop', 'get', 'targetgroupbindings', '-o', `jsonpath=${names}`);
    kubectl('-n', 'shop', 'delete', 'targetgroupbinding', name);
  },
);

/** @param other ARN of a certificate that nobody asked for */
const certificates = (other: () => string): readonly Mutation[] => [
  edit('another certificate is added', /^listeners\[443\]\.certificates\[arn:/, async () => {
    const { ListenerArn } = await listener();
    await elb.send(
      new AddListenerCertificatesCommand({ ListenerArn, Certificates: [{ CertificateArn: other() }] }),
    );
  }),
];

const defaultCertificate = (other: () => string): readonly Mutation[] => [
  edit('the default certificate is exchanged', 'listeners[443].defaultCertificate', async () => {
    const { ListenerArn } = await listener();
    await elb.send(new ModifyListenerCommand({ ListenerArn, Certificates: [{ CertificateArn: other() }] }));
  }),
];

const gone: readonly Mutation[] = [
  edit('the listener is deleted', 'listeners[443]', async () => {
    await elb.send(new DeleteListenerCommand({ ListenerArn: (await listener()).ListenerArn }));
  }),
];

/** The controller looks again when its Gateway changes. */
const touch = (): void => {
  kubectl('-n', 'infra', 'annotate', 'gateway', 'public', '--overwrite', `touched=${Date.now()}`);
};

/** @param other ARN of a second certificate */
export function aws(other: () => string): readonly Family[] {
  return [
    { name: 'settings', mutations: [...settings, ...certificates(other)], mend: touch },
    { name: 'security group', mutations: [...managedGroup, unknownGroup] },
    { name: 'rules', mutations: rules, mend: touch },
    { name: 'target groups', mutations: groups, mend: touch },
    { name: 'binding', mutations: [unbound], mend: touch },
    { name: 'default certificate', mutations: defaultCertificate(other), mend: touch },
    { name: 'listener', mutations: gone, mend: touch },
  ];
}
