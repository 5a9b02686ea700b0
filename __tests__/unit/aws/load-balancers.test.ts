// Rules and target health over the wire: pages, denials, and answers that are shared.
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadBalancers } from '../../../src/aws/load-balancers.ts';
import { type AwsAnswer, type AwsRequest, type AwsServer, asXml, awsServer, xmlError } from './aws-server.ts';
import { leapingClock } from './test-clock.ts';

const { signal } = new AbortController();

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const answered = (action: string, inner: string): AwsAnswer =>
  asXml(`<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`);

const listeners = answered(
  'DescribeListeners',
  '<Listeners><member><ListenerArn>arn:l</ListenerArn><Port>443</Port><Protocol>HTTPS</Protocol></member></Listeners>',
);
const forward =
  '<Actions><member><Type>forward</Type><ForwardConfig><TargetGroups><member><TargetGroupArn>arn:a</TargetGroupArn><Weight>9</Weight></member><member><TargetGroupArn>arn:b</TargetGroupArn><Weight>0</Weight></member></TargetGroups></ForwardConfig></member></Actions>';
const host =
  '<member><Field>host-header</Field><HostHeaderConfig><Values><member>app.example.com</member></Values></HostHeaderConfig></member>';
const query =
  '<member><Field>query-string</Field><QueryStringConfig><Values><member><Key>a</Key><Value>b</Value></member></Values></QueryStringConfig></member>';
const regex =
  '<member><Field>path-pattern</Field><PathPatternConfig><RegexValues><member>^/a</member></RegexValues></PathPatternConfig></member>';
const rulePages: Readonly<Record<string, AwsAnswer>> = {
  '': answered(
    'DescribeRules',
    `<Rules><member><Priority>2</Priority><Conditions>${host}${query}${regex}</Conditions>${forward}</member></Rules><NextMarker>more</NextMarker>`,
  ),
  more: answered(
    'DescribeRules',
    '<Rules><member><Priority>default</Priority><IsDefault>true</IsDefault><Actions><member><Type>authenticate-oidc</Type><Order>1</Order></member><member><Type>fixed-response</Type><Order>2</Order><FixedResponseConfig><StatusCode>404</StatusCode></FixedResponseConfig></member></Actions></member></Rules>',
  ),
};

const health = (...targets: readonly string[]): AwsAnswer =>
  answered(
    'DescribeTargetHealth',
    `<TargetHealthDescriptions>${targets
      .map(
        (state) =>
          `<member><Target><Id>10.0.0.1</Id><Port>80</Port></Target><TargetHealth><State>${state}</State>${state === 'unhealthy' ? '<Reason>Target.Timeout</Reason><Description>Request timed out</Description>' : ''}</TargetHealth></member>`,
      )
      .join('')}</TargetHealthDescriptions>`,
  );
const groups = answered(
  'DescribeTargetGroups',
  '<TargetGroups><member><HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPath>/up</HealthCheckPath><HealthCheckPort>traffic-port</HealthCheckPort><Matcher><HttpCode>200-399</HttpCode></Matcher></member></TargetGroups>',
);

const answers =
  (change: Readonly<Record<string, AwsAnswer>> = {}) =>
  ({ form }: AwsRequest): AwsAnswer => {
    const action = form.get('Action') ?? '';
    const usual: Readonly<Record<string, AwsAnswer | undefined>> = {
      DescribeListeners: listeners,
      DescribeRules: rulePages[form.get('Marker') ?? ''],
      DescribeTargetHealth: health('healthy'),
      DescribeTargetGroups: groups,
    };
    return change[action] ?? usual[action] ?? xmlError('Unexpected', action);
  };

async function reading(change: Readonly<Record<string, AwsAnswer>> = {}) {
  server = await awsServer(answers(change));
  const clock = leapingClock();
  const reader = loadBalancers({
    aws: server.aws,
    clock,
    signal,
    credentials: async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'b',
      sessionToken: 'c',
      expiration: new Date(Date.now() + 3_600_000),
    }),
  });
  const asked = (action: string): number =>
    server?.requests.filter(({ form }) => form.get('Action') === action).length ?? 0;
  return { reader, clock, asked };
}

describe('rules', () => {
  test('of all pages, as the chain wants them', async () => {
    const { reader } = await reading();
    expect(await reader.rules('arn:lb', signal)).toMatchObject({
      value: [
        {
          listener: { port: 443, protocol: 'HTTPS' },
          priority: 2,
          conditions: [
            { field: 'host-header', values: ['app.example.com'] },
            { field: 'query-string', query: [{ key: 'a', value: 'b' }] },
            { field: 'path-pattern', values: ['^/a'], regex: true },
          ],
          action: {
            kind: 'forward',
            targetGroups: [
              { arn: 'arn:a', weight: 9 },
              { arn: 'arn:b', weight: 0 },
            ],
          },
        },
        {
          priority: Number.POSITIVE_INFINITY,
          conditions: [],
          before: ['authenticate-oidc'],
          action: { kind: 'fixed', status: 404 },
        },
      ],
    });
  });

  test('with where they lead, what they change, and whether clients stay', async () => {
    const redirect =
      '<Actions><member><Type>redirect</Type><RedirectConfig><Protocol>HTTPS</Protocol><Host>b.example.com</Host><StatusCode>HTTP_301</StatusCode></RedirectConfig></member></Actions>';
    const sticky = forward.replace(
      '</TargetGroups>',
      '</TargetGroups><TargetGroupStickinessConfig><Enabled>true</Enabled></TargetGroupStickinessConfig>',
    );
    const transforms =
      '<Transforms><member><Type>url-rewrite</Type><UrlRewriteConfig><Rewrites><member><Regex>(^/a(/)?)</Regex><Replace>/b$2</Replace></member></Rewrites></UrlRewriteConfig></member><member><Type>host-header-rewrite</Type><HostHeaderRewriteConfig><Rewrites><member><Regex>.*</Regex><Replace>in.example.com</Replace></member></Rewrites></HostHeaderRewriteConfig></member></Transforms>';
    const { reader } = await reading({
      DescribeRules: answered(
        'DescribeRules',
        `<Rules><member><Priority>1</Priority>${redirect}</member><member><Priority>2</Priority>${sticky}${transforms}</member></Rules>`,
      ),
    });
    expect(await reader.rules('arn:lb', signal)).toMatchObject({
      value: [
        {
          action: {
            kind: 'redirect',
            to: {
              protocol: 'HTTPS',
              host: 'b.example.com',
              port: '#{port}',
              path: '/#{path}',
              query: '#{query}',
              status: 'HTTP_301',
            },
          },
        },
        {
          action: { kind: 'forward', sticky: true },
          rewrites: [
            { of: 'path', to: '/b$2' },
            { of: 'host', to: 'in.example.com' },
          ],
        },
      ],
    });
  });

  test('hundreds of hosts share one read, for a moment', async () => {
    const { reader, clock, asked } = await reading();
    await Promise.all(Array.from({ length: 200 }, () => reader.rules('arn:lb', signal)));
    expect(asked('DescribeListeners')).toBe(1);
    clock.pass(3_001);
    await reader.rules('arn:lb', signal);
    expect(asked('DescribeListeners')).toBe(2);
  });

  test('a load balancer that is gone', async () => {
    const { reader } = await reading({ DescribeListeners: xmlError('LoadBalancerNotFound', 'none') });
    expect(await reader.rules('arn:lb', signal)).toMatchObject({ value: undefined });
  });

  test.each(['DescribeListeners', 'DescribeRules'])('%s denied names the action', async (action) => {
    const { reader } = await reading({ [action]: xmlError('AccessDenied', 'no', 403) });
    expect(await reader.rules('arn:lb', signal)).toMatchObject({
      denied: `elasticloadbalancing:${action} on *`,
    });
  });
});

describe('health', () => {
  test('a healthy group is asked again only after half a minute', async () => {
    const { reader, clock, asked } = await reading();
    expect(await reader.health('arn:tg', signal)).toMatchObject({
      value: { targets: [{ id: '10.0.0.1', port: 80, state: 'healthy' }] },
    });
    clock.pass(20_000);
    await reader.health('arn:tg', signal);
    expect(asked('DescribeTargetHealth')).toBe(1);
    clock.pass(10_001);
    await reader.health('arn:tg', signal);
    expect(asked('DescribeTargetHealth')).toBe(2);
    expect(asked('DescribeTargetGroups')).toBe(0);
  });

  test('one without a healthy target soon, and with what the check asks for', async () => {
    const { reader, clock, asked } = await reading({ DescribeTargetHealth: health('unhealthy') });
    expect(await reader.health('arn:tg', signal)).toMatchObject({
      value: {
        targets: [{ state: 'unhealthy', reason: 'Target.Timeout', description: 'Request timed out' }],
        check: 'HTTP GET /up on traffic-port, expecting 200-399',
      },
    });
    clock.pass(3_001);
    await reader.health('arn:tg', signal);
    expect(asked('DescribeTargetHealth')).toBe(2);
  });

  test('without leave to describe the group there is no explanation', async () => {
    const { reader } = await reading({
      DescribeTargetHealth: health('unhealthy'),
      DescribeTargetGroups: xmlError('AccessDenied', 'no', 403),
    });
    const seen = await reader.health('arn:tg', signal);
    expect('value' in seen && seen.value).not.toHaveProperty('check');
  });

  test('calls keep their distance', async () => {
    const { reader, clock } = await reading();
    await Promise.all(['a', 'b', 'c', 'd'].map((arn) => reader.health(arn, signal)));
    expect(clock.monotonic()).toBeGreaterThanOrEqual(300);
  });

  test('denied, gone, failed', async () => {
    const denied = await reading({ DescribeTargetHealth: xmlError('AccessDenied', 'no', 403) });
    expect(await denied.reader.health('arn:tg', signal)).toMatchObject({
      denied: 'elasticloadbalancing:DescribeTargetHealth on *',
    });
    await server?.close();
    const gone = await reading({ DescribeTargetHealth: xmlError('TargetGroupNotFound', 'none') });
    expect(await gone.reader.health('arn:tg', signal)).toMatchObject({ value: undefined });
    await server?.close();
    const failed = await reading({ DescribeTargetHealth: xmlError('Boom', 'no') });
    expect(await failed.reader.health('arn:tg', signal)).toMatchObject({
      failed: expect.stringContaining('Boom'),
    });
  });
});
