// Rules by what they answer, and target groups, against what the routes ask for.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeTargetGroup } from '../../../src/drift/target-groups.ts';
import type { ListenerRule } from '../../../src/gateway/alb-rules.ts';
import { asked, mended, said, state } from './balancer-setting.ts';
import { judge, route, rule, to } from './rules-setting.ts';

describe('rules', () => {
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
      [`listeners[443].rules[host=a.example.com,path=/api]: forward to apps/web:80; ${mended}`],
    ],
    [
      'two rules change places',
      [rule(2, ['/api', '/api/*'], [['tg-api']]), rule(1, ['/*'], [['tg-web']])],
      [`listeners[443].rules[host=a.example.com,path=/api]: forward to apps/web:80; ${mended}`],
    ],
    [
      'a rule sends elsewhere',
      [good[0] as ListenerRule, rule(2, ['/*'], [['tg-api']])],
      [`listeners[443].rules[host=a.example.com,path=/]: forward to apps/api:80; ${mended}`],
    ],
    [
      'a rule nobody asks for',
      [...good, rule(3, ['/*'], [['tg-web']], 'b.example.com')],
      [`listeners[443].rules[host=b.example.com,path=/*]: forward to apps/web:80; ${mended}`],
    ],
  ])('%s', (_what, rules, expected) => {
    expect(judge(both, rules)).toEqual(expected);
  });

  test('a gRPC service is called by its methods, and an exact path may hold wildcards', () => {
    const grpc: KubernetesObject = {
      ...route('grpc', [
        { matches: [{ method: { service: 'shop.Cart' } }], backendRefs: [{ name: 'api', port: 80 }] },
      ]),
      kind: 'GRPCRoute',
    };
    const wild = route('wild', [
      {
        matches: [{ path: { type: 'Exact', value: '/img*' } }],
        backendRefs: [{ name: 'web', port: 80 }],
      },
    ]);
    const rules = [rule(1, ['/img*'], [['tg-web']]), rule(2, ['/shop.Cart/*'], [['tg-api']])];
    expect(judge([grpc, wild], rules)).toEqual([]);
    expect(judge([grpc, wild], rules.slice(0, 1))).toEqual([
      `listeners[443].rules[host=a.example.com,path=/shop.Cart]: nothing; ${mended}`,
    ]);
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
      `listeners[443].rules[host=a.example.com,path=/]: forward to apps/api:80 (50 %), apps/web:80 (50 %); ${mended}`,
    ]);
  });

  test('of two routes with the same match the older one speaks', () => {
    const young = route('young', [to('/', ['api'])], '2026-06-01T00:00:00Z');
    const old = route('old', [to('/', ['web'])]);
    expect(judge([young, old], [rule(1, ['/*'], [['tg-web']])])).toEqual([]);
  });

  test("rules that no route of the Gateway asks for may be a ListenerSet's, where there is one", () => {
    const strange = [...good, rule(9, ['/*'], [['tg-web']], 'other.example.com')];
    expect(judge(both, strange)).toHaveLength(1);
    expect(judge(both, strange, false, { shared: true })).toEqual([]);
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
      { id: '10.0.0.1', port: 80, state: 'healthy' },
      { id: '10.0.0.9', port: 80, state: 'draining' },
    ],
  };
  const slices: KubernetesObject[] = [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'apps' },
      ports: [{ name: 'http', port: 80 }],
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
  const sightings = (change: object = {}, configurations: KubernetesObject[] = [], own = slices) =>
    judgeTargetGroup(asked(), state, {
      group: { ...group, ...change },
      service: 'apps/web',
      binding: { namespace: 'apps', name: 'k8s-apps-web' },
      configurations,
      slices: own,
    });
  const judge = (...how: Parameters<typeof sightings>) => said(sightings(...how));
  /** After the second period: within the first the binding may be passed over. */
  const refilled = '2026-11-25T16:00:00.000Z';

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
    expect(judge({ targets: [] })).toEqual([
      `targetGroups[apps/web].targets[10.0.0.1]: nothing; ${refilled}`,
    ]);
    expect(sightings({ targets: [] })[0]?.remedy).toContain(
      'kubectl --namespace apps annotate targetgroupbinding k8s-apps-web elbv2.k8s.aws/checkpoint-',
    );
    const stranger = [...group.targets, { id: '10.0.0.7', state: 'healthy' }];
    expect(judge({ targets: stranger })).toEqual([
      `targetGroups[apps/web].targets[10.0.0.7]: healthy; ${refilled}`,
    ]);
  });

  test('a target at another port of the same address is none', () => {
    const moved = [{ id: '10.0.0.1', port: 9000, state: 'healthy' }];
    expect(judge({ targets: moved })).toEqual([
      `targetGroups[apps/web].targets[10.0.0.1]: nothing; ${refilled}`,
      `targetGroups[apps/web].targets[10.0.0.1:9000]: healthy; ${refilled}`,
    ]);
    expect(judge({ targets: [...group.targets, ...moved] })).toEqual([
      `targetGroups[apps/web].targets[10.0.0.1:9000]: healthy; ${refilled}`,
    ]);
  });

  test('a pod that waits for its readiness gate is registered before it is ready', () => {
    const early = [...group.targets, { id: '10.0.0.2', port: 80, state: 'initial' }];
    expect(judge({ targets: early })).toEqual([]);
  });

  test('the health check speaks what the traffic speaks, truth values are in lower case', () => {
    const https = { protocol: 'HTTPS', healthCheck: { ...healthCheck, healthCheckProtocol: 'HTTPS' } };
    expect(judge(https)).toEqual([]);
    expect(judge({ protocol: 'HTTPS' })).toHaveLength(1);
    const attributes = new Map([['stickiness.enabled', 'true']]);
    const asks = configuration({
      defaultConfiguration: { targetGroupAttributes: [{ key: 'stickiness.enabled', value: 'True' }] },
    });
    expect(judge({ attributes }, [asks])).toEqual([]);
  });

  test('addresses of the other family are no targets, and those of other clusters no strangers', () => {
    const v6: KubernetesObject = {
      ...(slices[0] as KubernetesObject),
      addressType: 'IPv6',
      endpoints: [{ addresses: ['fd00::1'], conditions: { ready: true } }],
    };
    expect(judge({}, [], [...slices, v6])).toEqual([]);
    const stranger = [...group.targets, { id: '10.9.0.7', state: 'healthy' }];
    const shared = configuration({ defaultConfiguration: { enableMultiCluster: true } });
    expect(judge({ targets: stranger }, [shared])).toEqual([]);
    expect(judge({ targets: [] }, [shared])).toHaveLength(1);
  });
});
