// A load balancer against what its Gateway asks for: settings, listeners, certificates, groups, quotas; rules by what they answer.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { Asked } from '../../../src/drift/asked.ts';
import {
  judgeBalancer,
  judgeListeners,
  judgeQuotas,
  judgeSecurityGroups,
  judgeWebAcl,
} from '../../../src/drift/balancer.ts';
import { judgeCertificate } from '../../../src/drift/certificates.ts';
import type { Sighting } from '../../../src/drift/item.ts';
import { judgeRules } from '../../../src/drift/rules.ts';
import { judgeTargetGroup } from '../../../src/drift/target-groups.ts';
import type { ListenerRule } from '../../../src/gateway/alb-rules.ts';
import { configurationFor } from '../../../src/gateway/load-balancer-configuration.ts';
import { candidatesOf } from '../../../src/gateway/route-requests.ts';

const at = new Date('2026-11-25T12:00:00Z');
const gateway: KubernetesObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra' },
  spec: {
    listeners: [
      { name: 'https', protocol: 'HTTPS', port: 443 },
      { name: 'http', protocol: 'HTTP', port: 80 },
    ],
  },
  status: {
    listeners: [
      { name: 'https', attachedRoutes: 1 },
      { name: 'http', attachedRoutes: 0 },
    ],
  },
};
const controller: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'lbc', namespace: 'infra' },
  spec: { template: { spec: { containers: [{ name: 'lbc', args: ['--sync-period=2h'] }] } } },
  status: { conditions: [{ type: 'Available', status: 'True' }] },
};
const asked = (configuration: JsonObject = {}): Asked => ({
  gateway,
  configuration,
  lbc: { namespace: 'infra', name: 'lbc', deployment: controller },
  at,
});
const state = {
  arn: 'arn:lb',
  name: 'k8s-infra-public',
  scheme: 'internet-facing',
  ipAddressType: 'ipv4',
  securityGroups: ['sg-1'],
};
const said = (sightings: readonly Sighting[]): string[] =>
  sightings.map(
    ({ path, found, heals }) => `${path}: ${found ?? 'nothing'}; ${heals === false ? 'stays' : heals.until}`,
  );
const mended = '2026-11-25T14:00:00.000Z';

test('the controller mends at its next full look, by its own flag; one that is not there mends nothing', () => {
  const wanted = { ...asked(), configuration: { ipAddressType: 'dualstack' } };
  expect(said(judgeBalancer(wanted, state, undefined))).toEqual([`ipAddressType: ipv4; ${mended}`]);
  const { lbc: _, ...without } = wanted;
  expect(said(judgeBalancer(without, state, undefined))).toEqual(['ipAddressType: ipv4; stays']);
});

test('attributes and groups that are asked for are compared, others are not', () => {
  const configuration = {
    loadBalancerAttributes: [{ key: 'idle_timeout.timeout_seconds', value: '120' }],
    securityGroups: ['sg-2'],
  };
  const attributes = new Map([
    ['idle_timeout.timeout_seconds', '60'],
    ['routing.http2.enabled', 'false'],
  ]);
  expect(said(judgeBalancer(asked(configuration), state, attributes))).toEqual([
    `securityGroups: sg-1; ${mended}`,
    `attributes[idle_timeout.timeout_seconds]: 60; ${mended}`,
  ]);
});

describe('listeners', () => {
  const good = {
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-2016-08',
    defaultCertificate: 'arn:a',
    otherCertificates: [],
  };
  const configuration = {
    listenerConfigurations: [{ protocolPort: 'HTTPS:443', defaultCertificate: 'arn:a' }],
  };

  test('as asked for; a port without routes needs none, and a listener there is no drift', () => {
    const http = { port: 80, protocol: 'HTTP', otherCertificates: [] };
    expect(judgeListeners(asked(configuration), state, [good])).toEqual([]);
    expect(judgeListeners(asked(configuration), state, [good, http])).toEqual([]);
  });

  test.each([
    ['gone', [], [`listeners[443]: nothing; ${mended}`]],
    [
      'one more',
      [good, { port: 8443, protocol: 'HTTP', otherCertificates: [] }],
      [`listeners[8443]: HTTP; ${mended}`],
    ],
    ['another policy', [{ ...good, sslPolicy: 'other' }], [`listeners[443].sslPolicy: other; ${mended}`]],
    [
      'another certificate',
      [{ ...good, defaultCertificate: 'arn:b' }],
      [`listeners[443].defaultCertificate: arn:b; ${mended}`],
    ],
    [
      'a certificate more',
      [{ ...good, otherCertificates: ['arn:c'] }],
      [`listeners[443].certificates[arn:c]: arn:c; ${mended}`],
    ],
  ])('%s', (_what, listeners, expected) => {
    expect(said(judgeListeners(asked(configuration), state, listeners))).toEqual(expected);
  });

  test('certificates that the controller finds by itself are not compared', () => {
    expect(
      judgeListeners(asked(), state, [
        { ...good, defaultCertificate: 'arn:z', otherCertificates: ['arn:y'] },
      ]),
    ).toEqual([]);
  });

  test('a port must be let in by one of the groups', () => {
    const closed = [{ id: 'sg-1', ingress: [{ from: 80, to: 80, sources: ['0.0.0.0/0'] }] }];
    expect(said(judgeSecurityGroups(asked(), state, [good], closed))).toEqual([
      `securityGroups.ingress[443]: nothing; ${mended}`,
    ]);
    const open = [{ id: 'sg-1', ingress: [{ sources: ['10.0.0.0/8'] }] }];
    expect(judgeSecurityGroups(asked(), state, [good], open)).toEqual([]);
    expect(said(judgeSecurityGroups(asked({ sourceRanges: ['192.0.2.0/24'] }), state, [good], open))).toEqual(
      [`securityGroups.ingress[443]: 10.0.0.0/8; ${mended}`],
    );
  });
});

test('a web ACL counts only where one is asked for', () => {
  expect(judgeWebAcl(asked(), state, 'arn:acl')).toEqual([]);
  expect(said(judgeWebAcl(asked({ wafV2: { webACL: 'arn:acl' } }), state, undefined))).toEqual([
    `webACL: nothing; ${mended}`,
  ]);
});

test.each([
  [80, []],
  [81, ['quota[rules-per-application-load-balancer]: 81; stays']],
  [100, ['quota[rules-per-application-load-balancer]: 100; stays']],
])('%i of 100 rules', (count, expected) => {
  const limits = new Map([['rules-per-application-load-balancer', 100]]);
  const used = { 'rules-per-application-load-balancer': count, 'unknown-quota': 5 };
  expect(said(judgeQuotas(asked(), state, used, limits))).toEqual(expected);
});

describe('certificates', () => {
  const days = (count: number): Date => new Date(at.getTime() + count * 86_400_000);
  const judge = (change: object) =>
    said(
      judgeCertificate(
        asked(),
        state,
        'listeners[443]',
        { arn: 'arn:a', status: 'ISSUED', names: [], type: 'AMAZON_ISSUED', validation: [], ...change },
        'arn:a',
      ),
    );
  const path = 'listeners[443].certificates[arn:a]';

  test.each<[string, object, string[]]>([
    ['has time', { notAfter: days(200) }, []],
    [
      'is renewed by ACM, which has begun',
      { notAfter: days(40), renewal: { eligible: true, status: 'PENDING_AUTO_RENEWAL' } },
      [],
    ],
    [
      'should have been renewed by now',
      { notAfter: days(10), renewal: { eligible: true } },
      [`${path}.notAfter: 2026-12-05 (in 10 days); 2026-12-05T12:00:00.000Z`],
    ],
    [
      'cannot be renewed',
      { notAfter: days(40), renewal: { eligible: false } },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    [
      'is stuck in its renewal',
      { notAfter: days(40), renewal: { eligible: true, status: 'PENDING_VALIDATION' } },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    [
      'was imported',
      { notAfter: days(40), type: 'IMPORTED' },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    ['is revoked', { status: 'REVOKED' }, [`${path}.status: REVOKED; stays`]],
  ])('one that %s', (_what, change, expected) => {
    expect(judge(change)).toEqual(expected);
  });
});

describe('rules', () => {
  const route = (name: string, rules: JsonObject[], born = '2026-01-01T00:00:00Z'): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'apps', creationTimestamp: born },
    spec: { rules },
  });
  const to = (path: string, ...services: [string, number?][]): JsonObject => ({
    matches: [{ path: { type: 'PathPrefix', value: path } }],
    backendRefs: services.map(([name, weight = 1]) => ({ name, port: 80, weight })),
  });
  const listener = { port: 443, protocol: 'HTTPS' };
  const rule = (
    priority: number,
    path: string[],
    groups: [string, number?][],
    host = 'a.example.com',
  ): ListenerRule => ({
    listener,
    priority,
    conditions: [
      { field: 'host-header', values: [host] },
      { field: 'path-pattern', values: path },
    ],
    action: { kind: 'forward', targetGroups: groups.map(([arn, weight = 1]) => ({ arn, weight })) },
  });
  const fallback: ListenerRule = {
    listener,
    priority: Number.POSITIVE_INFINITY,
    conditions: [],
    action: { kind: 'fixed', status: 404 },
  };
  const services = new Map([
    ['tg-web', 'apps/web'],
    ['tg-api', 'apps/api'],
  ]);
  const judge = (routes: KubernetesObject[], rules: ListenerRule[], refused = false) =>
    said(
      judgeRules(asked(), state, {
        candidates: routes.flatMap((each) =>
          candidatesOf(
            {
              route: each,
              namespace: 'apps',
              listener: { name: 'https', ...listener } as never,
              hosts: ['a.example.com'],
            },
            refused,
          ),
        ),
        rules: [...rules, fallback],
        services,
      }),
    );
  const both = [route('shop', [to('/api', ['api']), to('/', ['web'])])];
  const good = [rule(1, ['/api', '/api/*'], [['tg-api']]), rule(2, ['/*'], [['tg-web']])];

  test('as the routes want it, however the rules are laid out', () => {
    expect(judge(both, good)).toEqual([]);
    const split = [
      rule(5, ['/api'], [['tg-api']]),
      rule(6, ['/api/*'], [['tg-api']]),
      rule(9, ['/*'], [['tg-web', 7]]),
    ];
    expect(judge(both, split)).toEqual([]);
  });

  test.each<[string, ListenerRule[], string[]]>([
    [
      'a rule is gone',
      good.slice(1),
      [`listeners[443].rules[host=a.example.com,path=/api]: forward to apps/web; ${mended}`],
    ],
    [
      'two rules change places',
      [rule(2, ['/api', '/api/*'], [['tg-api']]), rule(1, ['/*'], [['tg-web']])],
      [`listeners[443].rules[host=a.example.com,path=/api]: forward to apps/web; ${mended}`],
    ],
    [
      'a rule sends elsewhere',
      [good[0] as ListenerRule, rule(2, ['/*'], [['tg-api']])],
      [`listeners[443].rules[host=a.example.com,path=/]: forward to apps/api; ${mended}`],
    ],
    [
      'a rule nobody asks for',
      [...good, rule(3, ['/*'], [['tg-web']], 'b.example.com')],
      [`listeners[443].rules[host=b.example.com,path=/*]: forward to apps/web; ${mended}`],
    ],
  ])('%s', (_what, rules, expected) => {
    expect(judge(both, rules)).toEqual(expected);
  });

  test('weights count by their proportion', () => {
    const canary = [route('shop', [to('/', ['web', 9], ['api', 1])])];
    expect(
      judge(canary, [
        rule(
          1,
          ['/*'],
          [
            ['tg-web', 90],
            ['tg-api', 10],
          ],
        ),
      ]),
    ).toEqual([]);
    expect(
      judge(canary, [
        rule(
          1,
          ['/*'],
          [
            ['tg-web', 50],
            ['tg-api', 50],
          ],
        ),
      ]),
    ).toEqual([
      `listeners[443].rules[host=a.example.com,path=/]: forward to apps/api (50 %), apps/web (50 %); ${mended}`,
    ]);
  });

  test('of two routes with the same match the older one speaks', () => {
    const young = route('young', [to('/', ['api'])], '2026-06-01T00:00:00Z');
    const old = route('old', [to('/', ['web'])]);
    expect(judge([young, old], [rule(1, ['/*'], [['tg-web']])])).toEqual([]);
  });

  test('of a route that the controller refuses, or that takes an expression, nothing is said', () => {
    expect(judge(both, [], true)).toEqual([]);
    const expression = route('shop', [
      {
        matches: [{ path: { type: 'RegularExpression', value: '/v[0-9]' } }],
        backendRefs: [{ name: 'web', port: 80 }],
      },
    ]);
    expect(judge([expression], [])).toEqual([]);
  });
});

describe('target groups', () => {
  const healthCheck = {
    healthCheckPath: '/',
    healthCheckPort: 'traffic-port',
    healthCheckProtocol: 'HTTP',
    healthCheckInterval: '15',
    healthCheckTimeout: '5',
    healthyThresholdCount: '3',
    unhealthyThresholdCount: '3',
    'matcher.httpCode': '200-399',
  };
  const group = {
    arn: 'tg',
    name: 'tg',
    targetType: 'ip',
    protocolVersion: 'HTTP1',
    healthCheck,
    attributes: new Map([['deregistration_delay.timeout_seconds', '300']]),
    targets: [
      { id: '10.0.0.1', state: 'healthy' },
      { id: '10.0.0.9', state: 'draining' },
    ],
  };
  const slices: KubernetesObject[] = [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'apps' },
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true } },
        { addresses: ['10.0.0.2'], conditions: { ready: false } },
      ],
    },
  ];
  const configuration = (spec: JsonObject): KubernetesObject => ({
    apiVersion: 'gateway.k8s.aws/v1',
    kind: 'TargetGroupConfiguration',
    metadata: { name: 'web', namespace: 'apps' },
    spec: { targetReference: { name: 'web' }, ...spec },
  });
  const judge = (change: object = {}, configurations: KubernetesObject[] = [], own = slices) =>
    said(
      judgeTargetGroup(asked(), state, {
        group: { ...group, ...change },
        service: 'apps/web',
        configurations,
        slices: own,
      }),
    );

  test("LBC's own defaults hold where nothing is said", () => {
    expect(judge()).toEqual([]);
    expect(judge({ healthCheck: { ...healthCheck, healthCheckPath: '/x' } })).toEqual([
      `targetGroups[apps/web].healthCheckConfig.healthCheckPath: /x; ${mended}`,
    ]);
  });

  test('a configuration is compared, but not where a route may have another', () => {
    const asks = configuration({
      defaultConfiguration: {
        healthCheckConfig: { healthCheckPath: '/health' },
        targetGroupAttributes: [{ key: 'deregistration_delay.timeout_seconds', value: '30' }],
      },
    });
    expect(judge({}, [asks])).toEqual([
      `targetGroups[apps/web].healthCheckConfig.healthCheckPath: /; ${mended}`,
      `targetGroups[apps/web].attributes[deregistration_delay.timeout_seconds]: 300; ${mended}`,
    ]);
    expect(judge({}, [configuration({ routeConfigurations: [{}] })])).toEqual([]);
  });

  test('targets are the ready endpoints; those on their way out do not count', () => {
    expect(judge({ targets: [] })).toEqual([`targetGroups[apps/web].targets[10.0.0.1]: nothing; ${mended}`]);
    const stranger = [...group.targets, { id: '10.0.0.7', state: 'healthy' }];
    expect(judge({ targets: stranger })).toEqual([
      `targetGroups[apps/web].targets[10.0.0.7]: healthy; ${mended}`,
    ]);
  });
});

test('class and Gateway are merged: the class wins unless it says otherwise, listeners by their port', () => {
  const named = (name: string, spec: JsonObject): KubernetesObject => ({
    apiVersion: 'gateway.k8s.aws/v1',
    kind: 'LoadBalancerConfiguration',
    metadata: { name, namespace: 'infra' },
    spec,
  });
  const own = {
    ...gateway,
    spec: { gatewayClassName: 'alb', infrastructure: { parametersRef: { name: 'own' } } },
  };
  const gatewayClass: KubernetesObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'alb' },
    spec: { parametersRef: { name: 'shared', namespace: 'infra' } },
  };
  const listeners = [{ protocolPort: 'HTTPS:443', sslPolicy: 'own' }];
  const merged = (mode: JsonObject) =>
    configurationFor(
      own,
      [gatewayClass],
      [
        named('own', { scheme: 'internal', listenerConfigurations: listeners }),
        named('shared', { scheme: 'internet-facing', ...mode }),
      ],
    );
  expect(merged({})).toMatchObject({ scheme: 'internet-facing', listenerConfigurations: listeners });
  expect(merged({ mergingMode: 'prefer-gateway' })['scheme']).toBe('internal');
});
