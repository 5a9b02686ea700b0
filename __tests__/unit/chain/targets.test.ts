// The link `targets`: what the health of target groups means.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import type { FoundTargetGroup } from '../../../src/chain/link.ts';
import type { Target, TargetGroupHealth } from '../../../src/chain/load-balancer.ts';
import { judgeTargets, observeTargets } from '../../../src/chain/targets.ts';
import type { Freshness } from '../../../src/gateway/conditions.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:00:00Z');
const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

const group = (name: string): FoundTargetGroup => ({
  arn: `arn:${name}`,
  service: { namespace: 'apps', name },
  binding: `k8s-${name}`,
});
const target = (state: string, rest: Partial<Target> = {}): Target => ({
  id: '10.0.0.1',
  port: 8080,
  state,
  ...rest,
});
const is = (...targets: readonly Target[]): Seen<TargetGroupHealth> => ({ at, value: { targets } });

const look = async (
  health: Readonly<Record<string, Seen<TargetGroupHealth | undefined>>>,
  events: readonly KubernetesObject[] = [],
  freshness: Pick<Freshness, 'since' | 'nudged'> = { since: new Date(0) },
) => {
  const reader: ClusterReader = {
    get: async () => ({ at, value: undefined }),
    list: async () => ({ at, value: events }),
    log: async () => ({ at, value: '' }),
  };
  const loadBalancers = {
    rules: () => Promise.reject(new Error('asked')),
    health: async (arn: string) => health[arn.replace('arn:', '')] ?? { at, value: undefined },
  };
  const groups = Object.keys(health).map(group);
  return judgeTargets(await observeTargets(loadBalancers, reader, { groups }, signal), () => freshness);
};

const mismatch = target('unhealthy', {
  reason: 'Target.ResponseCodeMismatch',
  description: 'Health checks failed with these codes: [404]',
});

test.each<[string, Readonly<Record<string, Seen<TargetGroupHealth | undefined>>>, string]>([
  ['healthy', { web: is(target('healthy')) }, 'ok'],
  ['one of two', { web: is(mismatch, target('healthy')) }, 'ok'],
  ['not checked', { web: is(target('unavailable')) }, 'ok'],
  ['being checked', { web: is(target('initial')) }, 'waiting targets/initial'],
  ['unhealthy', { web: is(mismatch) }, 'broken targets/unhealthy'],
  [
    'unhealthy beside one that is being checked',
    { web: is(target('initial'), mismatch) },
    'waiting targets/initial',
  ],
  ['draining', { web: is(target('draining')) }, 'waiting targets/draining'],
  ['not in use', { web: is(target('unused')) }, 'waiting targets/initial'],
  ['none', { web: is() }, 'waiting targets/none'],
  ['the group is gone', { web: { at, value: undefined } }, 'waiting targets/none'],
  [
    'denied',
    { web: { at, denied: 'elasticloadbalancing:DescribeTargetHealth on *' } },
    'unknown look/denied',
  ],
  ['one group of two', { web: is(target('healthy')), api: is(mismatch) }, 'broken targets/unhealthy'],
  [
    'what may not be read does not hide what can',
    { web: { at, denied: 'x' }, api: is(target('initial')) },
    'waiting targets/initial',
  ],
  ['no group', {}, 'skipped look/not-used'],
])('%s', async (_what, health, expected) => {
  expect(say(await look(health))).toBe(expected);
});

test('the reason code, the answer and the check are shown', async () => {
  const verdict = await look({
    web: { at, value: { targets: [mismatch], check: 'HTTP GET / on traffic-port, expecting 200-399' } },
  });
  expect(verdict.message).toBe(
    'The only target of Service apps/web is not healthy: 10.0.0.1:8080 is unhealthy, Target.ResponseCodeMismatch, Health checks failed with these codes: [404].',
  );
  expect(verdict.evidence.at(-1)).toEqual({
    from: 'health check of Service apps/web',
    saw: 'HTTP GET / on traffic-port, expecting 200-399',
  });
  expect(verdict.state !== 'ok' && verdict.hint).toMatch(/ask a path that answers/);
});

describe("the controller's complaint about the binding", () => {
  const event = (reason: string, message: string, lastTimestamp: string, name = 'k8s-web') => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${reason}${lastTimestamp}` },
    involvedObject: { kind: 'TargetGroupBinding', name },
    reason,
    message,
    lastTimestamp,
  });
  const when = '2026-11-22T22:59:00Z';
  const twoGroups = event(
    'FailedNetworkReconcile',
    'expected exactly one securityGroup tagged with kubernetes.io/cluster/main for eni eni-1, got: [sg-1 sg-2] (clusterName: main)',
    when,
  );
  const denied = event(
    'FailedReconcile',
    'Failed reconcile due to operation error Elastic Load Balancing v2: RegisterTargets, api error AccessDenied: User: a is not authorized to perform: elasticloadbalancing:RegisterTargets on resource: b',
    when,
  );
  const throttled = event(
    'FailedReconcile',
    'Failed reconcile due to api error Throttling: Rate exceeded',
    when,
  );
  const notFound = event('BackendNotFound', 'backend not found: Service "web" not found', when);
  const elsewhere = event('FailedNetworkReconcile', 'other', '2026-11-22T22:59:30Z', 'k8s-api');
  const requeue = event(
    'FailedReconcile',
    'Failed reconcile due to requeue needed after 15s: monitor targetHealth',
    '2026-11-22T22:59:20Z',
  );
  const done = event('SuccessfullyReconciled', 'ok', '2026-11-22T22:59:10Z');
  const timedOut = target('unhealthy', { reason: 'Target.Timeout' });

  test.each<[string, readonly Target[], readonly KubernetesObject[], string]>([
    ['closed, no target', [], [twoGroups, elsewhere], 'broken targets/refused'],
    ['closed, being checked', [target('initial')], [twoGroups], 'waiting targets/refused'],
    ['closed, and the checks time out', [timedOut], [twoGroups], 'broken targets/refused'],
    ['closed, and healthy all the same', [target('healthy')], [twoGroups], 'ok'],
    ['not registered', [], [denied], 'broken targets/refused'],
    ['a later one not registered, the first unhealthy', [mismatch], [denied], 'broken targets/unhealthy'],
    ['throttled', [], [throttled], 'waiting targets/refused'],
    ['no Service', [], [notFound], 'waiting targets/none'],
    ['mended', [], [twoGroups, done], 'waiting targets/none'],
    ['mended, and unhealthy', [timedOut], [twoGroups, done], 'broken targets/unhealthy'],
    ['a look again is no complaint', [timedOut], [twoGroups, done, requeue], 'broken targets/unhealthy'],
  ])('%s', async (_what, targets, events, expected) => {
    expect(say(await look({ web: is(...targets) }, events))).toBe(expected);
  });

  test.each<[string, KubernetesObject, Pick<Freshness, 'since' | 'nudged'>, string]>([
    ['older than this run', denied, { since: new Date('2026-11-22T22:59:30Z') }, 'waiting, asleep'],
    ['after the nudge', denied, { since: new Date('2026-11-22T22:59:00Z'), nudged: true }, 'broken'],
    [
      'soon after a nudge',
      denied,
      { since: new Date('2026-11-22T22:59:45Z'), nudged: true },
      'waiting, asleep',
    ],
    ['long after a nudge', denied, { since: new Date('2026-11-22T22:59:10Z'), nudged: true }, 'broken'],
    // Looked at again every 15 s, whoever waits.
    ['of a security group, just before', twoGroups, { since: new Date('2026-11-22T22:59:45Z') }, 'waiting'],
    ['of a security group, long before', twoGroups, { since: new Date('2026-11-22T22:59:10Z') }, 'broken'],
  ])('%s', async (_what, complaint, freshness, expected) => {
    const verdict = await look({ web: is() }, [complaint], freshness);
    const asleep = verdict.state !== 'ok' && verdict.old === true;
    expect(`${verdict.state}${asleep ? ', asleep' : ''}`).toBe(expected);
    expect(verdict.state !== 'ok' && /annotate targetgroupbinding k8s-web/.test(verdict.hint)).toBe(asleep);
  });

  test('is shown', async () => {
    const verdict = await look({ web: is(timedOut) }, [twoGroups]);
    expect(verdict.message).toMatch(
      /cannot open the pods .* Service apps\/web: expected exactly one securityGroup/,
    );
    expect(verdict.evidence[0]?.from).toBe('TargetGroupBinding apps/k8s-web event FailedNetworkReconcile');
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/sg-1 sg-2.*leave it on one/);
    expect((await look({ web: is() }, [notFound])).message).toMatch(
      /yet: backend not found: Service "web" not found/,
    );
  });
});
