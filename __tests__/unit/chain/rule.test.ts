// The link `rule`: the load balancer's rule for the request, and to whom it sends.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import type { LoadBalancers } from '../../../src/chain/load-balancer.ts';
import { foundRule, judgeRule, observeRule, type RuleWant } from '../../../src/chain/rule.ts';
import type { ListenerRule } from '../../../src/gateway/alb-rules.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:00:00Z');
const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

const route = (namespace: string, name: string, backend: string, made: string, spec: JsonObject = {}) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace, name, creationTimestamp: made },
  spec: {
    hostnames: ['app.example.com'],
    parentRefs: [{ name: 'public', namespace: 'infra' }],
    rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
    ...spec,
  },
});
const own = route('apps', 'web', 'web', '2026-11-02T00:00:00Z');
const theirs = route('other', 'cart', 'cart', '2026-11-01T00:00:00Z');

const nowhere = {
  protocol: '#{protocol}',
  host: '#{host}',
  port: '#{port}',
  path: '/#{path}',
  query: '#{query}',
  status: 'HTTP_301',
};
const rule = (
  priority: number,
  host: string,
  path: string,
  group: string | undefined,
  listener = { port: 443, protocol: 'HTTPS' },
): ListenerRule => ({
  listener,
  priority,
  conditions: [
    { field: 'host-header', values: [host] },
    { field: 'path-pattern', values: [path] },
  ],
  action:
    group === undefined
      ? { kind: 'redirect', to: nowhere }
      : { kind: 'forward', targetGroups: [{ arn: group, weight: 1 }] },
});
const otherwise: ListenerRule = {
  listener: { port: 443, protocol: 'HTTPS' },
  priority: Number.POSITIVE_INFINITY,
  conditions: [],
  action: { kind: 'fixed', status: 404 },
};

const binding = (namespace: string, service: string): KubernetesObject => ({
  apiVersion: 'elbv2.k8s.aws/v1beta1',
  kind: 'TargetGroupBinding',
  metadata: { namespace, name: `k8s-${service}` },
  spec: { targetGroupARN: `arn:${service}`, serviceRef: { name: service, port: 80 } },
});

const want: RuleWant = {
  loadBalancerArn: 'arn:lb',
  request: { host: 'app.example.com', path: '/', method: 'GET', headers: {} },
  routes: [own],
  namespace: 'default',
  gateways: [{ namespace: 'infra', name: 'public' }],
};

const look = async (
  rules: Seen<readonly ListenerRule[] | undefined>,
  options: {
    readonly want?: Partial<RuleWant>;
    readonly routes?: readonly KubernetesObject[];
    readonly bindings?: Seen<readonly KubernetesObject[]>;
  } = {},
) => {
  const loadBalancers: LoadBalancers = {
    rules: async () => rules,
    health: async () => ({ at, value: undefined }),
  };
  const {
    routes = [own, theirs],
    bindings = { at, value: [binding('apps', 'web'), binding('other', 'cart')] },
  } = options;
  const reader: ClusterReader = {
    get: async () => ({ at, value: undefined }),
    list: async ({ kind }) =>
      kind === 'TargetGroupBinding' ? bindings : { at, value: kind === 'HTTPRoute' ? routes : [] },
    log: async () => ({ at, value: '' }),
  };
  const whole = { ...want, ...options.want };
  const seen = await observeRule(loadBalancers, reader, whole, signal);
  return { verdict: judgeRule(whole, seen), found: foundRule(whole, seen) };
};
const rules = (...value: readonly ListenerRule[]) => ({ at, value: [otherwise, ...value] });
const host = 'app.example.com';

describe('the rule that the request meets', () => {
  test.each<[string, Parameters<typeof look>, string]>([
    ['ours', [rules(rule(1, host, '/*', 'arn:web'))], 'ok'],
    ['none at all', [rules()], 'waiting rule/missing'],
    ['of other hosts alone', [rules(rule(1, 'b.example.com', '/*', 'arn:web'))], 'waiting rule/missing'],
    [
      'on the listener for http alone',
      [rules(rule(1, host, '/*', 'arn:web', { port: 80, protocol: 'HTTP' }))],
      'waiting rule/missing',
    ],
    ['for another path of ours: https will tell', [rules(rule(1, host, '/api', 'arn:web'))], 'ok'],
    ['for another path of theirs', [rules(rule(1, host, '/api', 'arn:cart'))], 'waiting rule/missing'],
    [
      "another team's",
      [rules(rule(1, host, '/*', 'arn:cart'), rule(2, host, '/*', 'arn:web'))],
      'broken rule/shadowed',
    ],
    [
      'a backend that the host has no more',
      [rules(rule(1, host, '/*', 'arn:cart')), { routes: [own] }],
      'waiting rule/other-backend',
    ],
    [
      'theirs is at another Gateway',
      [
        rules(rule(1, host, '/*', 'arn:cart')),
        {
          routes: [
            own,
            route('other', 'cart', 'cart', '', { parentRefs: [{ name: 'internal', namespace: 'infra' }] }),
          ],
        },
      ],
      'waiting rule/other-backend',
    ],
    [
      'theirs is for another host',
      [
        rules(rule(1, host, '/*', 'arn:cart')),
        { routes: [own, route('other', 'cart', 'cart', '', { hostnames: ['b.example.com'] })] },
      ],
      'waiting rule/other-backend',
    ],
    ['a redirect', [rules(rule(1, host, '/*', undefined))], 'ok'],
    [
      'whose it is may not be read',
      [rules(rule(1, host, '/*', 'arn:cart')), { bindings: { at, denied: 'list targetgroupbindings' } }],
      'ok',
    ],
    [
      'of gRPC only the host counts',
      [rules(rule(1, host, '/pkg.Service/Method', 'arn:web')), { want: { hostOnly: true } }],
      'ok',
    ],
    ['denied', [{ at, denied: 'elasticloadbalancing:DescribeRules on *' }], 'unknown look/denied'],
    ['failed', [{ at, failed: 'no answer' }], 'waiting look/failed'],
    ['the load balancer is gone', [{ at, value: undefined }], 'waiting rule/missing'],
  ])('%s', async (_what, given, expected) => {
    expect(say((await look(...given)).verdict)).toBe(expected);
  });

  test('without the ARN there is nothing to look at', async () => {
    const { loadBalancerArn: _, ...rest } = want;
    const seen = await observeRule(
      { rules: () => Promise.reject(new Error('asked')), health: () => Promise.reject(new Error('asked')) },
      { get: () => Promise.reject(), list: () => Promise.reject(), log: () => Promise.reject() },
      rest,
      signal,
    );
    expect(say(judgeRule(rest, seen))).toBe('skipped look/not-used');
  });
});

test('the other route is named, with the ages of both', async () => {
  const { verdict } = await look(rules(rule(1, host, '/*', 'arn:cart')));
  expect(verdict.message).toBe(
    'https://app.example.com/ is answered by HTTPRoute other/cart, which sends to Service other/cart: its rule stands before that of HTTPRoute apps/web.',
  );
  expect(verdict.evidence).toEqual([
    {
      from: 'listener HTTPS:443, rule 1',
      saw: 'host-header app.example.com; path-pattern /*; forwards to Service other/cart',
    },
    { from: 'HTTPRoute other/cart', saw: 'created 2026-11-01T00:00:00Z' },
    { from: 'HTTPRoute apps/web', saw: 'created 2026-11-02T00:00:00Z' },
  ]);
});

test('the target groups are handed on, with their Services', async () => {
  const web = { arn: 'arn:web', service: { namespace: 'apps', name: 'web' }, binding: 'k8s-web' };
  expect((await look(rules(rule(1, host, '/*', 'arn:web')))).found).toEqual({ targetGroups: [web] });
  const two = await look(rules(rule(1, host, '/a', 'arn:web'), rule(2, host, '/b', 'arn:web')));
  expect(two.found).toEqual({ targetGroups: [web] });
  const paused: ListenerRule = {
    ...rule(1, host, '/*', 'arn:web'),
    action: {
      kind: 'forward',
      targetGroups: [
        { arn: 'arn:web', weight: 1 },
        { arn: 'arn:cart', weight: 0 },
      ],
    },
  };
  const { verdict, found } = await look(rules(paused));
  expect(say(verdict)).toBe('ok');
  expect(found).toEqual({ targetGroups: [web] });
});

describe('a route at listeners for plain HTTP alone', () => {
  const gateway = (...listeners: readonly JsonObject[]): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'infra', name: 'public' },
    spec: {
      listeners: listeners.map((each) => ({ allowedRoutes: { namespaces: { from: 'All' } }, ...each })),
    },
  });
  const http = { name: 'http', protocol: 'HTTP', port: 80 };
  const https = { name: 'https', protocol: 'HTTPS', port: 443 };

  test.each<[string, KubernetesObject | undefined, string]>([
    ['never gets a rule for https', gateway(http), 'broken rule/plain-http'],
    ['may get one at the other listener', gateway(http, https), 'waiting rule/missing'],
    ['that nobody has seen is waited for', undefined, 'waiting rule/missing'],
  ])('%s', async (_what, value, expected) => {
    const loadBalancers: LoadBalancers = {
      rules: async () => rules(),
      health: async () => ({ at, value: undefined }),
    };
    const reader: ClusterReader = {
      get: async () => ({ at, value }),
      list: async () => ({ at, value: [] }),
      log: async () => ({ at, value: '' }),
    };
    const verdict = judgeRule(want, await observeRule(loadBalancers, reader, want, signal));
    expect(say(verdict)).toBe(expected);
    if (verdict.state === 'broken')
      expect(verdict.evidence).toEqual([
        { from: 'HTTPRoute apps/web at Gateway infra/public', saw: 'listener http, HTTP 80' },
      ]);
  });
});
