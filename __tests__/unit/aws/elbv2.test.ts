// A load balancer by its DNS name: found with one call or among all pages, absent, denied.
import { afterEach, describe, expect, test } from '@jest/globals';
import { balancerReader } from '../../../src/aws/balancer-state.ts';
import { nameIn } from '../../../src/aws/elbv2.ts';
import type { LoadBalancers } from '../../../src/chain/load-balancer.ts';
import { type AwsAnswer, type AwsRequest, type AwsServer, asXml, awsServer, xmlError } from './aws-server.ts';
import { leapingClock } from './test-clock.ts';

const arnOf = (name: string): string =>
  `arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/${name}/50dc6c495c0c9188`;
const dnsOf = (name: string): string => `${name}-123.eu-west-1.elb.amazonaws.com`;

const answerXml = (names: readonly string[], marker = ''): AwsAnswer =>
  asXml(
    `<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers>${names
      .map(
        (name) =>
          `<member><LoadBalancerArn>${arnOf(name)}</LoadBalancerArn><LoadBalancerName>${name}</LoadBalancerName><DNSName>${dnsOf(name)}</DNSName><Scheme>internet-facing</Scheme><IpAddressType>ipv4</IpAddressType><SecurityGroups><member>sg-1</member></SecurityGroups></member>`,
      )
      .join(
        '',
      )}</LoadBalancers>${marker && `<NextMarker>${marker}</NextMarker>`}</DescribeLoadBalancersResult></DescribeLoadBalancersResponse>`,
  );

/** Two pages; a filter by name is case-sensitive, as AWS's is. */
function elbv2({ form }: AwsRequest): AwsAnswer {
  const name = form.get('Names.member.1');
  const all = ['alpha', 'k8s-Infra-public', 'zeta'];
  if (name !== null) {
    return all.includes(name) ? answerXml([name]) : xmlError('LoadBalancerNotFound', 'none');
  }
  return form.get('Marker') === null ? answerXml(['alpha'], 'more') : answerXml(['k8s-Infra-public', 'zeta']);
}

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const unused: LoadBalancers = {
  rules: () => Promise.reject(new Error('no rule was asked for')),
  health: () => Promise.reject(new Error('no target was asked for')),
};

async function looking(dnsName: string, answer: (request: AwsRequest) => AwsAnswer = elbv2) {
  server = await awsServer(answer);
  const reader = balancerReader({
    aws: server.aws,
    clock: leapingClock(),
    credentials: async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'b',
      sessionToken: 'c',
      expiration: new Date(Date.now() + 3_600_000),
    }),
    loadBalancers: unused,
  });
  return await reader.balancer(dnsName, new AbortController().signal);
}

describe('a load balancer', () => {
  test.each([
    ['by its name: one call', 'zeta', 1],
    ['capitals lost: all pages', 'k8s-Infra-public', 3],
  ])('%s', async (_name, name, calls) => {
    expect(await looking(dnsOf(name).toLowerCase())).toMatchObject({
      value: {
        arn: arnOf(name),
        name,
        scheme: 'internet-facing',
        ipAddressType: 'ipv4',
        securityGroups: ['sg-1'],
      },
    });
    expect(server?.requests).toHaveLength(calls);
  });

  test('that is not there', async () => {
    expect(await looking(dnsOf('gone'))).toMatchObject({ value: undefined });
  });

  test('denied', async () => {
    expect(await looking(dnsOf('zeta'), () => xmlError('AccessDenied', 'no', 403))).toMatchObject({
      denied: 'elasticloadbalancing:DescribeLoadBalancers on *',
    });
  });

  test('failed', async () => {
    expect(await looking(dnsOf('zeta'), () => xmlError('Boom', 'no'))).toMatchObject({
      failed: expect.stringContaining('Boom'),
    });
  });
});

test.each([
  ['k8s-infra-public-0123abcd-987654.eu-west-1.elb.amazonaws.com', 'k8s-infra-public-0123abcd'],
  ['internal-app-1.eu-west-1.elb.amazonaws.com', 'app'],
  ['nlb-abcdef.elb.eu-west-1.amazonaws.com', 'nlb'],
  ['example.com', undefined],
])('%s is called %s', (dnsName, name) => {
  expect(nameIn(dnsName)).toBe(name);
});
