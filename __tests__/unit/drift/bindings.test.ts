// Target groups that have lost their TargetGroupBinding: told by themselves, and not as rules that lead elsewhere.
import { expect, test } from '@jest/globals';
import { judgeUnbound, unboundGroups } from '../../../src/drift/bindings.ts';
import type { TargetGroupState } from '../../../src/drift/load-balancer-state.ts';
import { judgeRules } from '../../../src/drift/rules.ts';
import { candidatesOf } from '../../../src/gateway/route-requests.ts';
import { asked, mended, said, state } from './balancer-setting.ts';
import { fallback, route, rule, to } from './rules-setting.ts';

const group = (arn: string): TargetGroupState => ({
  arn,
  name: `name-of-${arn}`,
  targetType: 'ip',
  protocolVersion: 'HTTP1',
  healthCheck: {},
  attributes: new Map(),
  targets: [],
});
const stack = (value: string) => new Map([['gateway.k8s.aws.alb/stack', value]]);
const groups = ['bound', 'own', 'other', 'stranger'].map(group);
const tags = new Map([
  ['bound', stack('infra/public')],
  ['own', stack('infra/public')],
  ['other', stack('infra/other')],
]);
const services = new Map([['bound', 'apps/web:80']]);

test('those of the Gateway alone, and the controller makes the binding anew when it looks', () => {
  const unbound = unboundGroups(asked(), groups, services, tags);
  expect(said(judgeUnbound(asked(), state, unbound))).toEqual([
    `targetGroups[name-of-own].binding: nothing; ${mended}`,
  ]);
});

test('a rule that sends to one says nothing of itself; one that sends to a stranger does', () => {
  const shop = route('shop', [to('/', ['web'])]);
  const candidates = candidatesOf(
    {
      route: shop,
      namespace: 'apps',
      listener: {
        ...fallback.listener,
        name: 'https',
        protocol: 'HTTPS',
        allowed: { from: 'All', kinds: [] },
      },
      hosts: ['a.example.com'],
    },
    false,
  );
  const judge = (arn: string): readonly string[] =>
    said(
      judgeRules(asked(), state, {
        candidates,
        rules: [rule(1, ['/*'], [[arn]]), fallback],
        services,
        unbound: new Set(['own']),
      }),
    );
  expect(judge('own')).toEqual([]);
  expect(judge('stranger')).toEqual([
    `listeners[443].rules[host=a.example.com,path=/]: forward to stranger; ${mended}`,
  ]);
});
