import { afterEach, describe, expect, test } from '@jest/globals';
import { loadBalancerReader, nameIn } from '../../../src/aws/elbv2.ts';
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
          `<member><LoadBalancerArn>${arnOf(name)}</LoadBalancerArn><DNSName>${dnsOf(name)}</DNSName><CanonicalHostedZoneId>Z32O12XQLNTSW2</CanonicalHostedZoneId><Scheme>internet-facing</Scheme><State><Code>provisioning</Code></State></member>`,
      )
      .join(
        '',
      )}</LoadBalancers>${marker && `<NextMarker>${marker}</NextMarker>`}</DescribeLoadBalancersResult></DescribeLoadBalancersResponse>`,
  );

/** Two pages; a filter by name is case-sensitive, as AWS's is. */
function elbv2({ form }: AwsRequest): AwsAnswer {
  const name = form.get('Names.member.1');
  const arn = form.get('LoadBalancerArns.member.1');
  const all = ['alpha', 'k8s-Infra-public', 'zeta'];
  if (name !== null) {
    return all.includes(name) ? answerXml([name]) : xmlError('LoadBalancerNotFound', 'none');
  }
  if (arn !== null) {
    const found = all.filter((one) => arnOf(one) === arn);
    return found.length > 0 ? answerXml(found) : xmlError('LoadBalancerNotFound', 'none');
  }
  return form.get('Marker') === null ? answerXml(['alpha'], 'more') : answerXml(['k8s-Infra-public', 'zeta']);
}

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function describing(arnOrDnsName: string, answer: (request: AwsRequest) => AwsAnswer = elbv2) {
  server = await awsServer(answer);
  const reader = loadBalancerReader({
    aws: server.aws,
    clock: leapingClock(),
    credentials: async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'b',
      sessionToken: 'c',
      expiration: new Date(Date.now() + 3_600_000),
    }),
  });
  return await reader.describe(arnOrDnsName, new AbortController().signal);
}

describe('a load balancer', () => {
  test.each([
    ['by ARN', arnOf('zeta'), arnOf('zeta'), 1],
    ['by DNS name: one call', dnsOf('zeta'), arnOf('zeta'), 1],
    ['with a dot at the end', `${dnsOf('zeta')}.`, arnOf('zeta'), 1],
    [
      'by DNS name, capitals lost: all pages',
      dnsOf('k8s-Infra-public').toLowerCase(),
      arnOf('k8s-Infra-public'),
      3,
    ],
  ])('%s', async (_name, asked, arn, calls) => {
    const found = await describing(asked);
    expect(found).toMatchObject({
      value: { arn, state: 'provisioning', scheme: 'internet-facing', zoneId: 'Z32O12XQLNTSW2' },
    });
    expect('value' in found && found.value?.dnsName).toBe(
      asked.startsWith('arn:') ? dnsOf('zeta') : asked.replace(/\.$/, ''),
    );
    expect(server?.requests).toHaveLength(calls);
  });

  test.each([arnOf('gone'), dnsOf('gone')])('%s is not there', async (asked) => {
    expect(await describing(asked)).toMatchObject({ value: undefined });
  });

  test('denied', async () => {
    expect(await describing(dnsOf('zeta'), () => xmlError('AccessDenied', 'no', 403))).toMatchObject({
      denied: 'elasticloadbalancing:DescribeLoadBalancers on *',
    });
  });

  test('failed', async () => {
    expect(await describing(dnsOf('zeta'), () => xmlError('Boom', 'no'))).toMatchObject({
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
