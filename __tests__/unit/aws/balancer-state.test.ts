// What is read of a load balancer over the wire, as far as only edits by hand would show it.
import { afterEach, expect, test } from '@jest/globals';
import { balancerReader } from '../../../src/aws/balancer-state.ts';
import type { LoadBalancers } from '../../../src/chain/load-balancer.ts';
import { type AwsAnswer, type AwsServer, asXml, awsServer, xmlError } from './aws-server.ts';
import { leapingClock } from './test-clock.ts';

const { signal } = new AbortController();

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const result = (action: string, inner: string): AwsAnswer =>
  asXml(`<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`);

async function reading(answers: Readonly<Record<string, AwsAnswer>>) {
  server = await awsServer(({ form }) => answers[form.get('Action') ?? ''] ?? xmlError('Unexpected', 'x'));
  return readerOf(server);
}

const readerOf = ({ aws }: AwsServer) =>
  balancerReader({
    aws,
    clock: leapingClock(),
    credentials: async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'b',
      sessionToken: 'c',
      expiration: new Date(Date.now() + 3_600_000),
    }),
    loadBalancers: {} as LoadBalancers,
  });

test('the subnets that it stands in', async () => {
  const zone = (id: string): string => `<member><SubnetId>${id}</SubnetId></member>`;
  const reader = await reading({
    DescribeLoadBalancers: result(
      'DescribeLoadBalancers',
      `<LoadBalancers><member><LoadBalancerArn>arn:lb</LoadBalancerArn><DNSName>a-1.elb.amazonaws.com</DNSName><AvailabilityZones>${zone('subnet-1')}${zone('subnet-2')}</AvailabilityZones></member></LoadBalancers>`,
    ),
  });
  expect(await reader.balancer('a-1.elb.amazonaws.com', signal)).toMatchObject({
    value: { arn: 'arn:lb', subnets: ['subnet-1', 'subnet-2'] },
  });
});

test('what a listener asks of its clients, and nothing where AWS does not say', async () => {
  const mutual =
    '<MutualAuthentication><Mode>verify</Mode><TrustStoreArn>arn:ts</TrustStoreArn><IgnoreClientCertificateExpiry>true</IgnoreClientCertificateExpiry></MutualAuthentication>';
  const listener = (port: number, more: string): string =>
    `<member><ListenerArn>arn:l${port}</ListenerArn><Port>${port}</Port><Protocol>HTTP</Protocol>${more}</member>`;
  const reader = await reading({
    DescribeListeners: result(
      'DescribeListeners',
      `<Listeners>${listener(443, mutual)}${listener(80, '')}</Listeners>`,
    ),
  });
  expect(await reader.listeners('arn:lb', signal)).toMatchObject({
    value: [
      { port: 443, clients: { mode: 'verify', trustStore: 'arn:ts', ignoresExpiry: true } },
      { port: 80, otherCertificates: [] },
    ],
  });
});

test('the attributes of a listener, and the action that is denied', async () => {
  const attributes = '<Attributes><member><Key>a</Key><Value>b</Value></member></Attributes>';
  const reader = await reading({
    DescribeListenerAttributes: result('DescribeListenerAttributes', attributes),
  });
  expect(await reader.listenerAttributes('arn:l', signal)).toMatchObject({ value: new Map([['a', 'b']]) });
  await server?.close();
  const denied = await reading({ DescribeListenerAttributes: xmlError('AccessDenied', 'no', 403) });
  expect(await denied.listenerAttributes('arn:l', signal)).toMatchObject({
    denied: 'elasticloadbalancing:DescribeListenerAttributes on *',
  });
});

test('what tells whose a security group is: its tags and its description', async () => {
  const tag = (key: string, value: string): string => `<item><key>${key}</key><value>${value}</value></item>`;
  const group = (id: string, tags: string): string =>
    `<item><groupId>${id}</groupId><groupDescription>of ${id}</groupDescription><ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissions><tagSet>${tags}</tagSet></item>`;
  const own = tag('elbv2.k8s.aws/cluster', 'sample') + tag('gateway.k8s.aws.alb/stack', 'infra/public');
  const reader = await reading({
    DescribeSecurityGroups: asXml(
      `<DescribeSecurityGroupsResponse><securityGroupInfo>${group('sg-1', own)}${group('sg-2', '')}</securityGroupInfo></DescribeSecurityGroupsResponse>`,
    ),
  });
  const ingress = [{ from: 443, to: 443, sources: ['0.0.0.0/0'] }];
  expect(await reader.securityGroups(['sg-1', 'sg-2'], signal)).toMatchObject({
    value: [
      {
        id: 'sg-1',
        description: 'of sg-1',
        tags: new Map([
          ['elbv2.k8s.aws/cluster', 'sample'],
          ['gateway.k8s.aws.alb/stack', 'infra/public'],
        ]),
        ingress,
      },
      { id: 'sg-2', tags: new Map(), ingress },
    ],
  });
});

test('tags of many, twenty at a time', async () => {
  const tagged = (arn: string): string =>
    `<member><ResourceArn>${arn}</ResourceArn><Tags><member><Key>a</Key><Value>${arn}</Value></member></Tags></member>`;
  server = await awsServer(({ form }) => {
    const arns = [...form].flatMap(([name, value]) => (name.startsWith('ResourceArns') ? [value] : []));
    return result('DescribeTags', `<TagDescriptions>${arns.map(tagged).join('')}</TagDescriptions>`);
  });
  const arns = Array.from({ length: 45 }, (_, index) => `arn:${index}`);
  const seen = await readerOf(server).tags(arns, signal);
  expect('value' in seen && [...seen.value.keys()]).toEqual(arns);
  expect('value' in seen && seen.value.get('arn:44')).toEqual(new Map([['a', 'arn:44']]));
  expect(server.requests).toHaveLength(3);
});

test('what was removed since it was heard of is left out, and the others are read', async () => {
  const gone = ['arn:7', 'arn:44'];
  const arnsIn = (form: URLSearchParams): string[] =>
    [...form].flatMap(([name, value]) => (/^(ResourceArns|TargetGroupArns?)\b/.test(name) ? [value] : []));
  const members = (tag: string, arns: readonly string[]): string =>
    arns.map((arn) => `<member><${tag}>${arn}</${tag}></member>`).join('');
  server = await awsServer(({ form }) => {
    const [action, arns] = [form.get('Action') ?? '', arnsIn(form)];
    if (arns.some((arn) => gone.includes(arn))) return xmlError('TargetGroupNotFound', 'no such group');
    // This one goes after the groups were described.
    if (action === 'DescribeTargetHealth' && arns.includes('arn:3'))
      return xmlError('TargetGroupNotFound', 'no such group');
    const inner: Readonly<Record<string, string>> = {
      DescribeTags: `<TagDescriptions>${members('ResourceArn', arns)}</TagDescriptions>`,
      DescribeTargetGroups: `<TargetGroups>${members('TargetGroupArn', arns)}</TargetGroups>`,
    };
    return result(action, inner[action] ?? '');
  });
  const reader = readerOf(server);
  const arns = Array.from({ length: 45 }, (_, index) => `arn:${index}`);
  const tags = await reader.tags(arns, signal);
  expect('value' in tags && [...tags.value.keys()]).toEqual(arns.filter((arn) => !gone.includes(arn)));
  const groups = await reader.targetGroups(arns.slice(0, 9), signal);
  expect('value' in groups && groups.value.map(({ arn }) => arn)).toEqual(
    arns.slice(0, 9).filter((arn) => arn !== 'arn:3' && arn !== 'arn:7'),
  );
});
