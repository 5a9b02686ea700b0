// CloudTrail's event history: how it is asked, how often, how far, and what becomes of a denial.
import { afterEach, expect, test } from '@jest/globals';
import { route53TrailRegion, trailReader } from '../../../src/aws/cloudtrail.ts';
import { type AwsAnswer, type AwsServer, awsServer, json, jsonError } from './aws-server.ts';
import { leapingClock } from './test-clock.ts';

const { signal } = new AbortController();
let server: AwsServer | undefined;
afterEach(() => server?.close());

const record = (name: string, minute: number) => ({
  EventName: name,
  CloudTrailEvent: JSON.stringify({
    eventName: name,
    eventTime: `2026-11-25T12:0${minute}:00Z`,
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/alice' },
    readOnly: false,
    requestParameters: { ruleArn: 'arn:rule' },
  }),
});

async function reader(answer: (number: number) => AwsAnswer) {
  server = await awsServer((_request, number) => answer(number));
  const clock = leapingClock();
  const credentials = async () => ({
    accessKeyId: 'A',
    secretAccessKey: 'B',
    sessionToken: 'C',
    expiration: new Date(Date.now() + 3_600_000),
  });
  return { clock, trail: trailReader({ aws: server.aws, credentials, clock }) };
}

const bodies = (): unknown[] => server?.requests.map(({ body }) => JSON.parse(body) as unknown) ?? [];

test('one attribute a request, the pages in turn, no more than two requests a second, each key once', async () => {
  const { trail, clock } = await reader((number) =>
    json({ Events: [record('ModifyRule', number)], ...(number === 1 && { NextToken: 'next' }) }),
  );
  const key = { resource: 'arn:rule' };
  const [seen] = await Promise.all([trail.lookUp(key, signal), trail.lookUp(key, signal)]);
  expect(seen).toMatchObject({ value: [{ name: 'ModifyRule' }, { name: 'ModifyRule' }] });
  await trail.lookUp({ event: 'DeleteRule' }, signal);
  const byName = { LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: 'arn:rule' }] };
  expect(bodies()).toEqual([
    { ...byName, MaxResults: 50 },
    { ...byName, MaxResults: 50, NextToken: 'next' },
    { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'DeleteRule' }], MaxResults: 50 },
  ]);
  expect(clock.sleeps.slice(1).every((ms) => ms > 500)).toBe(true);
});

test('an endless history is left after some pages, and many questions after some requests', async () => {
  const { trail } = await reader(() => json({ Events: [], NextToken: 'next' }));
  await trail.lookUp({ resource: 'Z1' }, signal);
  expect(server?.requests).toHaveLength(4);
  for (let index = 0; index < 20; index += 1) await trail.lookUp({ resource: `arn:${index}` }, signal);
  expect(server?.requests).toHaveLength(24);
});

test('a denial names the action, and is not asked for again', async () => {
  const { trail } = await reader(() =>
    jsonError(
      'AccessDeniedException',
      'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action',
      400,
    ),
  );
  const denied = { denied: 'cloudtrail:LookupEvents on *' };
  expect(await trail.lookUp({ resource: 'a' }, signal)).toMatchObject(denied);
  expect(await trail.lookUp({ resource: 'b' }, signal)).toMatchObject(denied);
  expect(server?.requests).toHaveLength(1);
});

test('a later page that fails leaves what the first had', async () => {
  const { trail } = await reader((number) =>
    number === 1
      ? json({ Events: [record('DeleteRule', 1)], NextToken: 'next' })
      : jsonError('InvalidNextTokenException', 'no', 400),
  );
  expect(await trail.lookUp({ event: 'DeleteRule' }, signal)).toMatchObject({
    value: [{ name: 'DeleteRule' }],
  });
});

test('credentials that cannot be had are no end of the check', async () => {
  server = await awsServer(() => json({}));
  const trail = trailReader({
    aws: { region: 'eu-west-1', endpoint: 'https://trail.evil.example' },
    credentials: async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'B',
      sessionToken: 'C',
      expiration: new Date(Date.now() + 3_600_000),
    }),
    clock: leapingClock(),
  });
  expect(await trail.lookUp({ resource: 'a' }, signal)).toMatchObject({
    failed: expect.stringContaining('not an endpoint of AWS'),
  });
});

test('Route 53 has its events in one region of each partition', () => {
  expect(['eu-west-1', 'cn-north-1', 'us-gov-east-1'].map(route53TrailRegion)).toEqual([
    'us-east-1',
    'cn-northwest-1',
    'us-gov-west-1',
  ]);
});
