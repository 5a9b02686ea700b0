// Edits in the AWS console: load balancer, listeners, certificates, rules, target groups, web ACL, security groups.
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  AddListenerCertificatesCommand,
  CreateListenerCommand,
  CreateRuleCommand,
  DeleteListenerCommand,
  DeleteRuleCommand,
  DeregisterTargetsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type Listener,
  ModifyListenerCommand,
  ModifyRuleCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
  type Rule,
  SetIpAddressTypeCommand,
  SetSecurityGroupsCommand,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { AssociateWebACLCommand, DisassociateWebACLCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { adminOf, asAdmin, type Family, kubectl, type Mutation } from './mutation.ts';

const elb = new ElasticLoadBalancingV2Client(asAdmin('eks'));
const ec2 = new EC2Client(asAdmin('eks'));
const waf = new WAFV2Client(asAdmin('eks'));

const address = (): string =>
  kubectl('-n', 'infra', 'get', 'gateway', 'public', '-o', 'jsonpath={.status.addresses[0].value}').trim();

async function balancer() {
  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
  const found = LoadBalancers.find(({ DNSName }) => DNSName?.toLowerCase() === address());
  if (!found?.LoadBalancerArn) throw new Error('the Gateway has no load balancer');
  return { arn: found.LoadBalancerArn, name: found.LoadBalancerName ?? '' };
}

async function listener(): Promise<Listener> {
  const { arn } = await balancer();
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn: arn }));
  const found = Listeners.find(({ Port }) => Port === 443);
  if (!found) throw new Error('there is no listener on 443');
  return found;
}

async function ruleOf(host: string, path = '/*'): Promise<Rule> {
  const { ListenerArn } = await listener();
  const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn }));
  const has = (rule: Rule, field: string, value: string): boolean =>
    (rule.Conditions ?? []).some(
      (each) =>
        each.Field === field &&
        [
          ...(each.HostHeaderConfig?.Values ?? []),
          ...(each.PathPatternConfig?.Values ?? []),
          ...(each.Values ?? []),
        ].includes(value),
    );
  const found = Rules.find((rule) => has(rule, 'host-header', host) && has(rule, 'path-pattern', path));
  if (!found) throw new Error(`no rule for ${host}${path}`);
  return found;
}

async function groupOf(service: string): Promise<TargetGroup> {
  const arn = kubectl(
    '-n',
    'shop',
    'get',
    'targetgroupbindings',
    '-o',
    `jsonpath={.items[?(@.spec.serviceRef.name=="${service}")].spec.targetGroupARN}`,
  );
  const { TargetGroups = [] } = await elb.send(
    new DescribeTargetGroupsCommand({ TargetGroupArns: arn.trim().split(' ').slice(0, 1) }),
  );
  const [found] = TargetGroups;
  if (!found) throw new Error(`no target group of ${service}`);
  return found;
}

const layer = 'aws';
const heals = 'AWS Load Balancer Controller';
const ref = /^LoadBalancer k8s-/;
const edit = (
  name: string,
  path: Mutation['path'],
  make: Mutation['make'],
  mend?: Mutation['mend'],
): Mutation => ({ name, layer, ref, path, by: adminOf('eks'), heals, make, ...(mend && { mend }) });

/** Kept between make and mend. */
let group = '';
let deregistered: { Id: string; Port: number } | undefined;

const settings: readonly Mutation[] = [
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
      const permission = {
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        IpRanges: [{ CidrIp: '0.0.0.0/0' }],
      };
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [permission] }),
      );
    },
  ),
];

const rules: readonly Mutation[] = [
  edit('a rule is deleted', 'listeners[443].rules[host=one.example.com,path=/]', async () => {
    await elb.send(new DeleteRuleCommand({ RuleArn: (await ruleOf('one.example.com')).RuleArn }));
  }),
  edit('a rule answers by itself', 'listeners[443].rules[host=two.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('two.example.com');
    await elb.send(
      new ModifyRuleCommand({
        RuleArn,
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }],
      }),
    );
  }),
  edit(
    'a rule sends to another target group',
    'listeners[443].rules[host=three.example.com,path=/]',
    async () => {
      const { RuleArn } = await ruleOf('three.example.com');
      await elb.send(
        new ModifyRuleCommand({
          RuleArn,
          Actions: [{ Type: 'forward', TargetGroupArn: (await groupOf('admin')).TargetGroupArn }],
        }),
      );
    },
  ),
  edit(
    'a rule is narrowed to another path',
    'listeners[443].rules[host=four.example.com,path=/]',
    async () => {
      const { RuleArn } = await ruleOf('four.example.com');
      await elb.send(
        new ModifyRuleCommand({
          RuleArn,
          Conditions: [
            { Field: 'host-header', HostHeaderConfig: { Values: ['four.example.com'] } },
            { Field: 'path-pattern', PathPatternConfig: { Values: ['/only'] } },
          ],
        }),
      );
    },
  ),
  edit('a rule is added', /^listeners\[443\]\.rules\[host=intruder\.example\.com/, async () => {
    const { ListenerArn } = await listener();
    await elb.send(
      new CreateRuleCommand({
        ListenerArn,
        Priority: 900,
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['intruder.example.com'] } }],
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
      }),
    );
  }),
  edit('a rule redirects', 'listeners[443].rules[host=five.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('five.example.com');
    await elb.send(
      new ModifyRuleCommand({
        RuleArn,
        Actions: [
          { Type: 'redirect', RedirectConfig: { Host: 'elsewhere.example.com', StatusCode: 'HTTP_302' } },
        ],
      }),
    );
  }),
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
];

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
    { name: 'rules', mutations: rules, mend: touch },
    { name: 'target groups', mutations: groups, mend: touch },
    { name: 'default certificate', mutations: defaultCertificate(other), mend: touch },
    { name: 'listener', mutations: gone, mend: touch },
  ];
}
