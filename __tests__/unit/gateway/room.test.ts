// The budget of a load balancer: what is taken, what routes need, what is lacking.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ListenerRule } from '../../../src/gateway/alb-rules.ts';
import { isEnough, lack, neededBy, takenBesides, takenBy } from '../../../src/gateway/room.ts';

const rule = (host: string | undefined, group: string | undefined, priority = 1): ListenerRule => ({
  listener: { port: 443, protocol: 'HTTPS' },
  priority,
  conditions: host === undefined ? [] : [{ field: 'host-header', values: [host] }],
  action:
    group === undefined
      ? { kind: 'fixed', status: 404 }
      : { kind: 'forward', targetGroups: [{ arn: group, weight: 1 }] },
});

const rules = [
  rule('pr-1.preview.example.com', 'a'),
  rule('pr-1.preview.example.com', 'a'),
  rule('pr-2.preview.example.com', 'b'),
  rule('*.preview.example.com', 'c'),
  rule(undefined, undefined, Number.POSITIVE_INFINITY),
];

describe('taken', () => {
  test('by others than this preview; the default action is no rule', () => {
    expect(takenBesides(rules, [])).toEqual({ rules: 4, targetGroups: 3 });
    expect(takenBesides(rules, ['PR-1.preview.example.com'])).toEqual({ rules: 2, targetGroups: 2 });
  });

  test('by the hosts of one preview; a wildcard is nobody’s', () => {
    expect(takenBy(rules, ['pr-1.preview.example.com'])).toEqual({ rules: 2, targetGroups: 1 });
    expect(takenBy(rules, ['pr-3.preview.example.com'])).toEqual({ rules: 0, targetGroups: 0 });
  });
});

const route = (spec: object): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'r', namespace: 'n' },
  spec: { hostnames: ['a.example.com'], ...spec },
});
const backend = (name: string, port = 80) => ({ name, port });
const match = { path: { value: '/' } };

test.each<[string, KubernetesObject[], number, { rules: number; targetGroups: number }]>([
  ['no rules: one for all paths', [route({})], 1, { rules: 1, targetGroups: 0 }],
  [
    'a rule without matches',
    [route({ rules: [{ backendRefs: [backend('web')] }] })],
    1,
    { rules: 1, targetGroups: 1 },
  ],
  [
    'each match, each hostname, each listener',
    [
      route({
        hostnames: ['a.x', 'b.x'],
        rules: [{ matches: [match, match], backendRefs: [backend('web')] }, {}],
      }),
    ],
    2,
    { rules: 12, targetGroups: 1 },
  ],
  [
    'each Service and port once a route',
    [
      route({
        rules: [{ backendRefs: [backend('web'), backend('web'), backend('web', 81), backend('api')] }],
      }),
      route({ rules: [{ backendRefs: [backend('web')] }] }),
    ],
    1,
    { rules: 2, targetGroups: 4 },
  ],
])('needed: %s', (_what, routes, listeners, wanted) => {
  expect(neededBy(routes, listeners)).toEqual(wanted);
});

test.each([
  [98, 1, 0, 0],
  [99, 1, 0, 0],
  [100, 1, 1, 0],
  [40, 61, 1, 0],
])('%i rules taken and %i needed of 100: %i lack', (taken, needed, lacking, groups) => {
  const found = lack(
    { rules: taken, targetGroups: 1 },
    { rules: needed, targetGroups: 1 },
    { rules: 100, targetGroups: 100 },
  );
  expect(found).toEqual({ rules: lacking, targetGroups: groups });
  expect(isEnough(found)).toBe(lacking === 0);
});

test('target groups run out by themselves', () => {
  const found = lack(
    { rules: 1, targetGroups: 99 },
    { rules: 1, targetGroups: 2 },
    { rules: 100, targetGroups: 100 },
  );
  expect(found).toEqual({ rules: 0, targetGroups: 1 });
});
