// Edits of rules in the console, one by one: each is found as what it is; and what only looks like one is not.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ListenerRule, Redirect } from '../../../src/gateway/alb-rules.ts';
import { fallback, judge, route, rule, sightings, to } from './rules-setting.ts';

const web = rule(2, ['/*'], [['tg-web']]);
const api = rule(1, ['/api', '/api/*'], [['tg-api']]);
const both = [route('shop', [to('/api', ['api']), to('/', ['web'])])];
const but = (of: ListenerRule, change: Partial<ListenerRule>): ListenerRule => ({ ...of, ...change });
const with_ = (of: ListenerRule, condition: ListenerRule['conditions'][number], priority = of.priority) =>
  but(of, { priority, conditions: [...of.conditions, condition] });
const found = (
  routes: KubernetesObject[],
  rules: ListenerRule[],
  version?: string,
): [string, string | null][] =>
  sightings(routes, rules, false, version === undefined ? {} : { lbc: { version } }).map(
    ({ path, found: is }) => [path.replace('listeners[443].', ''), is],
  );
const atRoot = 'rules[host=a.example.com,path=/]';

describe('somebody edits a rule', () => {
  test.each<[string, ListenerRule[], [string, string | null][]]>([
    [
      'so that it takes one method alone',
      [api, with_(web, { field: 'http-request-method', values: ['GET'] })],
      [[atRoot, null]],
    ],
    [
      'so that it takes requests with a header alone',
      [api, with_(web, { field: 'http-header', header: 'X-Beta', values: ['1'] })],
      [[atRoot, null]],
    ],
    [
      'so that it takes requests with a parameter alone',
      [api, with_(web, { field: 'query-string', values: [], query: [{ key: 'beta', value: '1' }] })],
      [[atRoot, null]],
    ],
    [
      'so that it takes clients of one network alone',
      [api, with_(web, { field: 'source-ip', values: ['10.0.0.0/8'] })],
      [[atRoot, 'forward to apps/web:80, for clients in 10.0.0.0/8 alone']],
    ],
    [
      'so that clients have to sign in first',
      [api, but(web, { before: ['authenticate-oidc'] })],
      [[atRoot, 'authenticate-oidc, then forward to apps/web:80']],
    ],
    [
      'so that it changes the path',
      [api, but(web, { rewrites: [{ of: 'path', to: '/old' }] })],
      [[atRoot, 'forward to apps/web:80, path rewritten to /old']],
    ],
    [
      'so that it sends to another port of the same Service',
      [api, rule(2, ['/*'], [['tg-admin']])],
      [[atRoot, 'forward to apps/web:9000']],
    ],
    [
      'so that it answers by itself',
      [api, but(web, { action: { kind: 'fixed', status: 200 } })],
      [[atRoot, 'answer 200']],
    ],
    [
      'so that clients stay with one of two target groups',
      [
        api,
        but(web, {
          action: {
            kind: 'forward',
            sticky: true,
            targetGroups: [
              { arn: 'tg-web', weight: 1 },
              { arn: 'tg-web', weight: 1 },
            ],
          },
        }),
      ],
      [[`${atRoot}.stickiness`, 'on']],
    ],
  ])('%s', (_what, rules, expected) => {
    expect(found(both, rules)).toEqual(expected);
  });

  test('stickiness stays: the controller leaves it alone', () => {
    const sticky: ListenerRule['action'] = {
      kind: 'forward',
      sticky: true,
      targetGroups: [
        { arn: 'tg-web', weight: 1 },
        { arn: 'tg-web', weight: 1 },
      ],
    };
    expect(judge(both, [api, but(web, { action: sticky })])).toEqual([
      `listeners[443].${atRoot}.stickiness: on; stays`,
    ]);
  });
});

describe('somebody adds a rule', () => {
  test.each<[string, ListenerRule, [string, string | null][]]>([
    [
      'for a part of what a route serves',
      rule(0, ['/admin*'], [['tg-api']]),
      [['rules[host=a.example.com,path=/admin*]', 'forward to apps/api:80']],
    ],
    [
      'for clients of one network',
      with_(rule(0, ['/cart'], [['tg-api']]), { field: 'source-ip', values: ['10.0.0.0/8'] }),
      [
        [
          'rules[host=a.example.com,path=/cart,source-ip=10.0.0.0/8]',
          'forward to apps/api:80, for clients in 10.0.0.0/8 alone',
        ],
      ],
    ],
    [
      'for one method',
      with_(rule(0, ['/*'], [['tg-api']]), { field: 'http-request-method', values: ['POST'] }),
      [['rules[host=a.example.com,path=/*,http-request-method=POST]', 'forward to apps/api:80']],
    ],
    [
      'with an expression, where no route has one',
      but(rule(0, [], [['tg-api']]), {
        conditions: [{ field: 'path-pattern', values: ['^/v[0-9]'], regex: true }],
      }),
      [['rules[path=^/v[0-9]]', 'forward to apps/api:80']],
    ],
    ['that only says what is so anyway', rule(0, ['/cart/*'], [['tg-web']]), []],
    ['that no request reaches', rule(9, ['/cart/*'], [['tg-api']]), []],
  ])('%s', (_what, more, expected) => {
    expect(found(both, [more, api, web])).toEqual(expected);
  });
});

describe("the listener's default action", () => {
  test.each<[string, ListenerRule['action'], string]>([
    ['sends on', { kind: 'forward', targetGroups: [{ arn: 'tg-web', weight: 1 }] }, 'forward to apps/web:80'],
    ['answers otherwise', { kind: 'fixed', status: 200 }, 'answer 200'],
  ])('%s', (_what, action, is) => {
    expect(found(both, [api, web, but(fallback, { action })])).toEqual([['defaultAction', is]]);
  });
});

describe('redirects', () => {
  const redirect = (requestRedirect: JsonObject): KubernetesObject[] => [
    route('shop', [{ filters: [{ type: 'RequestRedirect', requestRedirect }] }]),
  ];
  const leads = (change: Partial<Redirect>): ListenerRule =>
    but(web, {
      action: {
        kind: 'redirect',
        to: {
          protocol: '#{protocol}',
          host: '#{host}',
          port: '#{port}',
          path: '/#{path}',
          query: '#{query}',
          status: 'HTTP_302',
          ...change,
        },
      },
    });
  const secure = redirect({ scheme: 'https', statusCode: 301 });

  test.each<[string, KubernetesObject[], ListenerRule, string | undefined]>([
    ['to HTTPS', secure, leads({ protocol: 'HTTPS', port: '443', status: 'HTTP_301' }), '3.5.0'],
    ['to HTTPS by an older controller', secure, leads({ protocol: 'HTTPS', status: 'HTTP_301' }), '3.0.0'],
    ['to another host', redirect({ hostname: 'b.example.com' }), leads({ host: 'b.example.com' }), undefined],
    [
      'to another path',
      redirect({ path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } }),
      leads({ path: '/new' }),
      undefined,
    ],
    [
      'to another prefix, by a rewrite',
      redirect({ hostname: 'b', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } }),
      but(leads({ host: 'b' }), { rewrites: [{ of: 'path', to: '/new$2' }] }),
      '3.5.0',
    ],
    [
      'to another prefix, by an older controller: nothing is said',
      redirect({ hostname: 'b', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } }),
      leads({ host: 'b', path: '/new/*' }),
      '2.14.0',
    ],
  ])('%s: as the route wants it', (_what, routes, is, version) => {
    expect(found(routes, [is], version)).toEqual([]);
  });

  test.each<[string, Partial<Redirect>]>([
    ['to another host', { host: 'evil.example.com' }],
    ['to another path', { path: '/elsewhere' }],
    ['without encryption', { protocol: 'HTTP', port: '80' }],
    ['for good', { status: 'HTTP_302' }],
  ])('one that leads %s is found', (_what, change) => {
    const is = leads({ protocol: 'HTTPS', port: '443', status: 'HTTP_301', ...change });
    expect(found(secure, [is])).toHaveLength(1);
  });
});

describe('rewrites', () => {
  const rewritten = (urlRewrite: JsonObject): KubernetesObject[] => [
    route('shop', [{ ...to('/', ['web']), filters: [{ type: 'URLRewrite', urlRewrite }] }]),
  ];
  const prefix = rewritten({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } });

  test.each<[string, KubernetesObject[], ListenerRule['rewrites'], string | undefined, number]>([
    ['of a prefix', prefix, [{ of: 'path', to: '/v2$2' }], undefined, 0],
    ['of a prefix, to another one', prefix, [{ of: 'path', to: '/v1$2' }], undefined, 1],
    ['that are gone', prefix, undefined, undefined, 1],
    ['that an old controller does not make', prefix, undefined, '2.16.0', 0],
    [
      'of the root',
      rewritten({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } }),
      [{ of: 'path', to: '/' }],
      undefined,
      0,
    ],
    [
      'of the host and the whole path',
      rewritten({ hostname: 'in.example.com', path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } }),
      [
        { of: 'path', to: '/x' },
        { of: 'host', to: 'in.example.com' },
      ],
      undefined,
      0,
    ],
  ])('%s', (_what, routes, rewrites, version, told) => {
    expect(found(routes, [but(web, { ...(rewrites && { rewrites }) })], version)).toHaveLength(told);
  });
});

describe('what the controller reads as patterns', () => {
  const matching = (match: JsonObject): KubernetesObject[] => [
    route('shop', [{ matches: [match], backendRefs: [{ name: 'api', port: 80 }] }, to('/', ['web'])]),
  ];
  const own = (condition: ListenerRule['conditions'][number]): ListenerRule =>
    with_(rule(1, ['/*'], [['tg-api']]), condition);

  test.each<[string, KubernetesObject[], ListenerRule]>([
    [
      'a header with two values',
      matching({ headers: [{ name: 'X-Team', value: 'a,b' }] }),
      own({ field: 'http-header', header: 'X-Team', values: ['a', 'b'] }),
    ],
    [
      'a header with a comma in its value',
      matching({ headers: [{ name: 'X-Team', value: 'a\\,b' }] }),
      own({ field: 'http-header', header: 'X-Team', values: ['a,b'] }),
    ],
    [
      'a header with a pattern',
      matching({ headers: [{ name: 'User-Agent', value: '*Firefox*' }] }),
      own({ field: 'http-header', header: 'User-Agent', values: ['*Firefox*'] }),
    ],
    [
      'a parameter in capitals',
      matching({ queryParams: [{ name: 'Beta', value: 'YES' }] }),
      own({ field: 'query-string', values: [], query: [{ key: 'Beta', value: 'YES' }] }),
    ],
    [
      'an exact path with a pattern',
      matching({ path: { type: 'Exact', value: '/files/*/raw' } }),
      rule(1, ['/files/*/raw'], [['tg-api']]),
    ],
  ])('%s', (_what, routes, is) => {
    expect(found(routes, [is, web])).toEqual([]);
    expect(found(routes, [web])).toHaveLength(1);
  });
});

test('an expression keeps silent what is said of its own host alone', () => {
  const expression = {
    matches: [{ path: { type: 'RegularExpression', value: '/v[0-9]' } }],
    backendRefs: [{ name: 'api', port: 80 }],
  };
  const other = route('other', [expression, to('/', ['api'])]);
  const elsewhere = { ...other, spec: { ...(other['spec'] as JsonObject), hostnames: ['b.example.com'] } };
  expect(found([...both, elsewhere], [api])).toEqual([[atRoot, null]]);
  const here = { ...other, spec: { ...(other['spec'] as JsonObject), hostnames: ['*.example.com'] } };
  expect(found([...both, here], [api])).toEqual([]);
});

test('of a route that was changed a moment ago the rule may still be on its way', () => {
  const changed = (time: string): KubernetesObject => ({
    ...(both[0] as KubernetesObject),
    metadata: {
      name: 'shop',
      namespace: 'apps',
      managedFields: [{ manager: 'a', operation: 'Apply', time, fieldsV1: {} }],
    },
  });
  const passing = (time: string) => sightings([changed(time)], [api]).map((each) => each.passing);
  expect(passing('2026-11-25T11:58:00Z')).toEqual([true]);
  expect(passing('2026-11-25T11:00:00Z')).toEqual([undefined]);
});
