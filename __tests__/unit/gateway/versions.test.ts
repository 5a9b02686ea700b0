// What depends on the controller's version, and which conditions are news.
import { describe, expect, test } from '@jest/globals';
import { type Condition, conditionsOf, isNews, sayCondition } from '../../../src/gateway/conditions.ts';
import { failureOf } from '../../../src/gateway/failure.ts';
import { isAtLeast, lbcRows, rulesFor } from '../../../src/gateway/versions.ts';

test.each<[string | undefined, string, boolean]>([
  ['2.14.0', '2.14.1', false],
  ['v2.14.1', '2.14.1', true],
  ['2.9.9', '2.14.0', false],
  ['3.5.0-eks.1', '3.1.0', true],
  ['3.5', '3.5.0', true],
  ['latest', '3.5.0', true],
  [undefined, '3.5.0', true],
])('isAtLeast %s %s: %s', (version, from, is) => {
  expect(isAtLeast(version, from)).toBe(is);
});

test.each<[string | undefined, string[]]>([
  ['v2.14.0', []],
  ['2.14.1', ['raisesObservedGeneration']],
  [
    '2.17.1',
    [
      'raisesObservedGeneration',
      'raisesRouteGeneration',
      'saysProvisioning',
      'statusPerParent',
      'missingBackendKeepsAccepted',
      'saysNoMatchingParent',
    ],
  ],
  ['3.5.0', lbcRows.map(({ rule }) => rule)],
  [undefined, lbcRows.map(({ rule }) => rule)],
])('rulesFor %s', (version, on) => {
  const rules = rulesFor(version);
  expect(lbcRows.map(({ rule }) => rule).filter((rule) => rules[rule])).toEqual(on);
});

describe('conditions', () => {
  const since = new Date('2026-11-22T22:00:10.700Z');
  const base: Condition = {
    type: 'Accepted',
    status: 'False',
    reason: 'Invalid',
    message: 'no',
    observedGeneration: 1,
  };
  const at = (second: number): Date => new Date(since.getTime() + second * 1000);

  test.each<[string, Partial<Condition>, { appliedGeneration?: number; nudged?: boolean }, number, boolean]>([
    ['later', { changedAt: new Date('2026-11-22T22:00:11Z') }, {}, 1, true],
    ['the same second', { changedAt: new Date('2026-11-22T22:00:10Z') }, {}, 1, true],
    ['before', { changedAt: new Date('2026-11-22T22:00:09Z') }, {}, 1, false],
    ['of the generation that this run made', { observedGeneration: 2 }, { appliedGeneration: 2 }, 1, true],
    ['of the generation before it', {}, { appliedGeneration: 2 }, 1, false],
    ['still standing long after a nudge', {}, { nudged: true }, 31, true],
    ['soon after a nudge', {}, { nudged: true }, 5, false],
    ['long after, without a nudge', {}, {}, 3600, false],
  ])('%s', (_what, condition, freshness, seconds, news) => {
    expect(isNews({ ...base, ...condition }, { since, ...freshness }, at(seconds))).toBe(news);
  });

  test('are read as they are, whatever is missing', () => {
    expect(
      conditionsOf({ status: { conditions: [{ type: 'A', status: 'Sure' }, 'x'] } }, 'status', 'conditions'),
    ).toEqual([
      { type: 'A', status: 'Unknown', reason: '', message: '' },
      { type: '', status: 'Unknown', reason: '', message: '' },
    ]);
    expect(sayCondition(base)).toBe('Accepted=False Invalid at generation 1: no');
  });
});

test.each<[string, string, boolean]>([
  [
    'operation error … CertificateNotFound: Supplied certificate was not found',
    'gateway/certificate-not-found',
    false,
  ],
  ['no certificate found for host: a.example.com', 'gateway/certificate-not-found', false],
  ['LoadBalancerConfiguration.gateway.k8s.aws "lbc" not found', 'gateway/configuration-missing', false],
  ['api error Throttling: Rate exceeded', 'gateway/deploy-failed', true],
  [
    'failed calling webhook "mtargetgroupbinding.elbv2.k8s.aws": no endpoints available for service',
    'gateway/deploy-failed',
    true,
  ],
  ['User: x is not authorized to perform: elasticloadbalancing:CreateRule', 'gateway/deploy-failed', false],
  ['something new', 'gateway/deploy-failed', false],
])('%s', (message, code, passing) => {
  expect(failureOf('gateway/deploy-failed', message)).toMatchObject({ code, passing });
});
