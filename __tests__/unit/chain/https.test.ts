// What the answers of the addresses mean, as a table.
import { describe, expect, test } from '@jest/globals';
import type { Unreachable } from '../../../src/chain/certificate.ts';
import {
  type Answer,
  grpcNotProbed,
  type HttpsWant,
  judgeHttps,
  parseHeader,
  parseStatuses,
} from '../../../src/chain/https.ts';

const at = new Date('2026-11-23T00:00:00Z');
const want: HttpsWant = {
  probe: { host: 'app.example.test', path: '/api', method: 'GET', headers: {} },
  addresses: [],
  statuses: [{ from: 200, to: 399 }],
};
const answer = (status: number, server = 'nginx', headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { server, ...headers },
  server,
  bodyStart: '',
});
const alb = (status: number): Answer => answer(status, 'awselb/2.0');

const judged = (own: Partial<HttpsWant>, ...answers: readonly (Answer | Unreachable)[]) => {
  const value = answers.map((each, index) => ({ address: `192.0.2.${index + 1}`, answer: each }));
  return judgeHttps({ ...want, ...own, addresses: value.map(({ address }) => address) }, { at, value });
};

test('accepted at every address', () => {
  expect(judged({}, answer(200), answer(204))).toMatchObject({
    state: 'ok',
    message: 'https://app.example.test/api answers 200 and 204 at all 2 addresses.',
  });
});

test.each([200, 204, 301, 308, 399])('%d is accepted unless said otherwise', (status) => {
  expect(judged({}, answer(status))).toMatchObject({ state: 'ok' });
});

test('a redirect that the load balancer makes is an answer of the route', () => {
  expect(judged({}, alb(301))).toMatchObject({ state: 'ok' });
});

test.each<[string, Answer | Unreachable, string, string]>([
  ['404 of the load balancer', alb(404), 'waiting', 'https/no-rule'],
  ['500 of the load balancer', alb(500), 'waiting', 'https/no-targets'],
  ['502 of the load balancer', alb(502), 'waiting', 'https/bad-gateway'],
  ['503 of the load balancer', alb(503), 'waiting', 'https/no-targets'],
  ['504 of the load balancer', alb(504), 'waiting', 'https/target-timeout'],
  ['403 of the load balancer', alb(403), 'waiting', 'https/forbidden-by-load-balancer'],
  ['464 of the load balancer', alb(464), 'broken', 'https/protocol-mismatch'],
  ['another status of the load balancer', alb(460), 'waiting', 'https/status'],
  ['404 of the app', answer(404), 'waiting', 'https/status'],
  ['503 of the app', answer(503), 'waiting', 'https/status'],
  ['nothing', { unreachable: 'connection refused' }, 'waiting', 'https/unreachable'],
])('one address of three with %s is enough, and is named', (_, bad, state, code) => {
  const verdict = judged({}, answer(200), bad, answer(200));
  expect(verdict).toMatchObject({ state, code });
  expect(verdict.message).toContain('192.0.2.2');
  expect(verdict.evidence).toHaveLength(3);
});

test('the app’s 404 can be accepted, the load balancer’s 404 never: nothing is behind it', () => {
  const statuses = [{ from: 404, to: 404 }];
  expect(judged({ statuses }, answer(404))).toMatchObject({ state: 'ok' });
  expect(judged({ statuses }, alb(404))).toMatchObject({ state: 'waiting', code: 'https/no-rule' });
  expect(judged({ statuses: [{ from: 100, to: 599 }] }, alb(503))).toMatchObject({
    code: 'https/no-targets',
  });
});

test('the web ACL’s 403 can be accepted: the request got that far', () => {
  expect(judged({ statuses: [{ from: 403, to: 403 }] }, alb(403))).toMatchObject({ state: 'ok' });
});

test('what stood in the body is evidence', () => {
  expect(judged({}, { ...answer(500), bodyStart: ' no database\n' })).toMatchObject({
    evidence: [
      { from: 'GET https://app.example.test/api at 192.0.2.1', saw: '500, server nginx: no database' },
    ],
  });
});

const header = { name: 'x-version', value: 'abc' };
test.each<[string, Answer, string]>([
  ['the header', answer(200, 'nginx', { 'x-version': 'abc' }), 'ok'],
  ['no header', answer(200), 'https/header-missing'],
  ['an older version', answer(200, 'nginx', { 'x-version': 'abcd' }), 'https/header-missing'],
  ['the header but a wrong status', answer(500, 'nginx', { 'x-version': 'abc' }), 'https/status'],
])('where a header is expected: %s', (_, given, expected) => {
  const verdict = judged({ header }, given);
  expect(verdict.state === 'ok' ? 'ok' : verdict.code).toBe(expected);
});

test('without an address nothing is claimed', () => {
  expect(judged({})).toMatchObject({ state: 'skipped', code: 'look/not-reached' });
});

test('a gRPC host is not probed', () => {
  expect(grpcNotProbed('grpc.example.test')).toMatchObject({
    state: 'skipped',
    code: 'https/grpc-not-probed',
  });
});

test.each([
  ['200', [{ from: 200, to: 200 }]],
  ['200-399', [{ from: 200, to: 399 }]],
  [
    ' 200 , 301 - 308 ',
    [
      { from: 200, to: 200 },
      { from: 301, to: 308 },
    ],
  ],
])('the statuses %s', (text, ranges) => {
  expect(parseStatuses(text)).toEqual(ranges);
});

test.each(['', 'ok', '2xx', '399-200', '200,', '99', '600', '200-', '200;300'])(
  '%p are no statuses',
  (text) => {
    expect(parseStatuses(text)).toBeUndefined();
  },
);

test.each([
  ['X-Version: abc', { name: 'x-version', value: 'abc' }],
  ['etag:"a:b" ', { name: 'etag', value: '"a:b"' }],
  ['x-empty:', { name: 'x-empty', value: '' }],
])('the header %s', (text, parsed) => {
  expect(parseHeader(text)).toEqual(parsed);
});

test.each(['', 'x', ': abc', 'a b: c'])('%p is no header', (text) => {
  expect(parseHeader(text)).toBeUndefined();
});

describe('a redirect to where it comes from', () => {
  const to = (location: string, more: Record<string, string> = {}): Answer =>
    answer(301, 'nginx', { location, ...more });

  test.each([
    ['https://app.example.test/api'],
    ['https://APP.example.test:443/api'],
    ['/api'],
    ['//app.example.test/api'],
  ])('%s is no answer', (location) => {
    expect(judged({}, answer(200), to(location))).toMatchObject({
      state: 'broken',
      code: 'https/redirect-loop',
      message: `https://app.example.test/api answers 301 at 192.0.2.2 and leads to itself (location: ${location}): a browser gives up after some rounds.`,
    });
  });

  test.each([
    ['to another path', to('/api/')],
    ['to another host', to('https://www.example.test/api')],
    ['with another query', to('/api?x=1')],
    ['with a cookie, by which the next request is another', to('/api', { 'set-cookie': 'seen=1' })],
    ['without a place', answer(304)],
    ['to no address', to('https://')],
  ])('%s is one', (_, given) => {
    expect(judged({}, given)).toMatchObject({ state: 'ok' });
  });
});
