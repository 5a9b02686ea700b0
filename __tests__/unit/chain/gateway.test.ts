// The link `gateway`, where the recordings do not go: age of a complaint, denial, events. Long, for it is one table.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { stripIds } from '../../../src/chain/events.ts';
import { foundGateway, type GatewayWant, judgeGateway, observeGateway } from '../../../src/chain/gateway.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import {
  after,
  arn,
  at,
  before,
  condition,
  event,
  gateway,
  good,
  readerOf,
  say,
  signal,
  since,
} from './seen-objects.ts';

describe('gateway', () => {
  const judge = async (
    seen: KubernetesObject | { denied: string } | { failed: string } | undefined,
    options: {
      events?: readonly KubernetesObject[] | { denied: string };
      version?: string;
      want?: Partial<GatewayWant>;
    } = {},
  ) => {
    const events = options.events ?? [];
    const reader = readerOf(
      seen === undefined ? {} : { 'Gateway infra/public': seen },
      'denied' in events ? { at, denied: events.denied } : { at, value: events },
    );
    const want: GatewayWant = { namespace: 'infra', name: 'public', since, ...options.want };
    return judgeGateway(want, await observeGateway(reader, want, signal), at, rulesFor(options.version));
  };
  const refused = (message: string, lastTransitionTime: string) =>
    gateway([
      condition('Accepted', 'False', { reason: 'Invalid', message, lastTransitionTime }),
      condition('Programmed', 'Unknown'),
    ]);
  const toldByEvent = 'Check Gateway Events for more information.';
  const failedNow = event('FailedDeployModel', 'Failed deploy model due to X', after);
  const succeededNow = event('SuccessfullyReconciled', 'Successfully reconciled', after);
  const revised = (of: KubernetesObject, resourceVersion: string): KubernetesObject => ({
    ...of,
    metadata: { ...of.metadata, name: `${of.metadata.name}-${resourceVersion}`, resourceVersion },
  });
  const failedBefore = event('FailedDeployModel', 'Failed deploy model due to X', before);

  test.each<
    [
      string,
      KubernetesObject | { denied: string } | { failed: string } | undefined,
      Parameters<typeof judge>[1],
      string,
    ]
  >([
    ['all well', gateway(good), {}, 'ok'],
    ['missing', undefined, {}, 'broken gateway/missing'],
    ['denied', { denied: 'get gateways.gateway.networking.k8s.io' }, {}, 'unknown look/denied'],
    ['failed', { failed: 'time-out' }, {}, 'waiting look/failed'],
    [
      'being deleted',
      gateway(good, { metadata: { deletionTimestamp: after } }),
      {},
      'waiting gateway/pending',
    ],
    ['no address', gateway(good, { status: { addresses: [] } }), {}, 'waiting gateway/no-address'],
    [
      'Programmed of an earlier generation',
      gateway([condition('Accepted', 'True', { observedGeneration: 2 }), condition('Programmed', 'True')], {
        metadata: { generation: 2 },
      }),
      {},
      'waiting gateway/provisioning',
    ],
    ['an old refusal is not believed', refused('no', before), {}, 'waiting gateway/not-accepted'],
    ['a refusal of now is', refused('no', after), {}, 'broken gateway/not-accepted'],
    [
      'an old refusal that stands long after a nudge',
      refused('no', before),
      { want: { since: new Date('2026-11-22T22:59:00Z'), nudged: true } },
      'broken gateway/not-accepted',
    ],
    [
      'an old refusal at the generation that this run made',
      refused('no', before),
      { want: { appliedGeneration: 1 } },
      'broken gateway/not-accepted',
    ],
    [
      'configuration missing',
      refused('LoadBalancerConfiguration.gateway.k8s.aws "lbc" not found', after),
      {},
      'broken gateway/configuration-missing',
    ],
    [
      'told by an event of now',
      refused(toldByEvent, before),
      { events: [failedNow] },
      'broken gateway/deploy-failed',
    ],
    [
      'of a failure and a success in one second the later written tells: the failure',
      gateway(good),
      { version: '2.14.0', events: [revised(succeededNow, '11'), revised(failedNow, '12')] },
      'broken gateway/deploy-failed',
    ],
    [
      'of a failure and a success in one second the later written tells: the success',
      gateway(good),
      { version: '2.14.0', events: [revised(succeededNow, '12'), revised(failedNow, '11')] },
      'ok',
    ],
    [
      'of a failure and a success in one second, nobody knows',
      gateway(good),
      { version: '2.14.0', events: [succeededNow, failedNow] },
      'ok',
    ],
    [
      'the event of an earlier failure does not tell of this one',
      refused(toldByEvent, after),
      { events: [event('FailedDeployModel', 'Failed deploy model due to X', '2026-11-22T22:30:00Z')] },
      'broken gateway/build-failed',
    ],
    [
      'told by an old event',
      refused(toldByEvent, before),
      { events: [failedBefore] },
      'waiting gateway/deploy-failed',
    ],
    [
      'told by events that may not be read',
      refused(toldByEvent, after),
      { events: { denied: 'list events' } },
      'broken gateway/build-failed',
    ],
    [
      'AWS throttles',
      refused(toldByEvent, after),
      { events: [event('FailedDeployModel', 'api error Throttling: Rate exceeded', after)] },
      'waiting gateway/deploy-failed',
    ],
    [
      'an event of a former Gateway of that name',
      gateway(good),
      { version: '2.14.0', events: [event('FailedBuildModel', 'x', after, 'u0')] },
      'ok',
    ],
    [
      'a listener in conflict',
      gateway(good, {
        status: { listeners: [{ name: 'https', conditions: [condition('Conflicted', 'True')] }] },
      }),
      {},
      'broken gateway/listener-invalid',
    ],
    [
      '2.15.0 to 3.1.0: a listener without a conflict, the wrong way round',
      gateway(good, {
        status: {
          listeners: [
            { name: 'https', conditions: [condition('Conflicted', 'True', { reason: 'NoConflicts' })] },
          ],
        },
      }),
      { version: '2.17.1' },
      'ok',
    ],
    [
      '2.15.0 to 3.1.0: a listener in conflict, the wrong way round',
      gateway(good, {
        status: {
          listeners: [
            { name: 'https', conditions: [condition('Conflicted', 'False', { reason: 'HostnameConflict' })] },
          ],
        },
      }),
      { version: '2.17.1' },
      'broken gateway/listener-invalid',
    ],
    [
      'a listener that does not matter',
      gateway(good, {
        status: { listeners: [{ name: 'http', conditions: [condition('Accepted', 'False')] }] },
      }),
      { want: { sections: ['https'] } },
      'ok',
    ],
    // Before 3.1 only events tell of failures.
    [
      '2.14.0: failure by event alone',
      gateway(good),
      { version: '2.14.0', events: [failedNow] },
      'broken gateway/deploy-failed',
    ],
    [
      '2.14.0: an old failure, and no success since',
      gateway(good),
      { version: '2.14.0', events: [failedBefore] },
      'waiting gateway/deploy-failed',
    ],
    [
      '2.14.0: success after failure',
      gateway(good),
      { version: '2.14.0', events: [failedNow, event('SuccessfullyReconciled', '', '2026-11-22T23:00:06Z')] },
      'ok',
    ],
    [
      '2.14.0: failure after success',
      gateway(good),
      { version: '2.14.0', events: [event('SuccessfullyReconciled', '', '2026-11-22T23:00:04Z'), failedNow] },
      'broken gateway/deploy-failed',
    ],
    [
      '3.5.0: conditions that are well outweigh events',
      gateway(good),
      { version: '3.5.0', events: [failedNow] },
      'ok',
    ],
    [
      '2.14.0: a generation behind, written by Helm in this run',
      gateway(good, {
        metadata: { generation: 3, managedFields: [{ manager: 'helm', operation: 'Apply', time: after }] },
      }),
      { version: '2.14.0' },
      'waiting gateway/pending',
    ],
    [
      '2.14.0: a generation behind, its status written in this run',
      gateway(good, {
        metadata: { generation: 3, managedFields: [{ manager: 'x', subresource: 'status', time: after }] },
      }),
      { version: '2.14.0' },
      'ok',
    ],
    [
      '2.14.0: a generation behind, written and done',
      gateway(good, { metadata: { generation: 3, managedFields: [{ manager: 'helm', time: after }] } }),
      { version: '2.14.0', events: [event('SuccessfullyReconciled', '', after)] },
      'ok',
    ],
    [
      '2.14.0: a generation behind, untouched by this run',
      gateway(good, { metadata: { generation: 3 } }),
      { version: '2.14.0' },
      'ok',
    ],
    [
      '3.5.0: a generation behind',
      gateway(good, { metadata: { generation: 3 } }),
      { version: '3.5.0' },
      'waiting gateway/pending',
    ],
  ])('%s', async (_what, seen, options, expected) => {
    expect(say(await judge(seen, options))).toBe(expected);
  });

  describe('a failure that may rest on what the controller read before a mend', () => {
    const stamp = (seconds: number): string => new Date(since.getTime() + seconds * 1000).toISOString();
    const missing = (seconds: number) =>
      event('FailedBuildModel', 'Failed build model due to no certificate found for host: a', stamp(seconds));
    const look = async (seconds: number, want: Partial<GatewayWant>, failedAt: number) => {
      const whole = { namespace: 'infra', name: 'public', since, ...want };
      const reader = readerOf(
        { 'Gateway infra/public': refused(toldByEvent, before) },
        { at, value: [missing(failedAt)] },
      );
      const seen = await observeGateway(reader, whole, signal);
      const verdict = judgeGateway(
        whole,
        seen,
        new Date(since.getTime() + seconds * 1000),
        rulesFor('3.5.0'),
      );
      return `${say(verdict)}${verdict.state !== 'ok' && verdict.old === true ? ', nudge' : ''}`;
    };
    const began = since;
    const nudgedAt = (seconds: number) => ({
      began,
      nudged: true,
      since: new Date(since.getTime() + seconds * 1000),
    });

    test.each<[string, number, Partial<GatewayWant>, number, string]>([
      ['fresh, soon', 5, { began }, 2, 'waiting gateway/certificate-not-found'],
      ['fresh, later', 61, { began }, 41, 'waiting gateway/certificate-not-found, nudge'],
      ['old', 5, { began }, -600, 'waiting gateway/certificate-not-found, nudge'],
      ['said anew soon after', 8, nudgedAt(5), 6, 'waiting gateway/certificate-not-found'],
      ['said anew, a minute later', 66, nudgedAt(5), 41, 'waiting gateway/certificate-not-found, nudge'],
      ['after a late nudge', 70, nudgedAt(66), 67, 'broken gateway/certificate-not-found'],
      ['where nothing may be touched', 5, {}, 2, 'broken gateway/certificate-not-found'],
    ])('%s', async (_what, seconds, want, failedAt, expected) => {
      expect(await look(seconds, want, failedAt)).toBe(expected);
    });
  });

  test('a Gateway that the controller does not let go', async () => {
    const going = gateway(good, { metadata: { deletionTimestamp: after } });
    const protects =
      'Failed build model due to Unable to delete gateway infra/public because deletion protection is enabled.';
    const verdict = await judge(going, { events: [event('FailedBuildModel', protects, after)] });
    expect(say(verdict)).toBe('waiting gateway/pending');
    expect(verdict.message).toMatch(/does not let it go: .*deletion protection is enabled\.$/);
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/deletion_protection/);
  });

  test('an old complaint says why it is not believed', async () => {
    const verdict = await judge(refused('no', before));
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(
      /older than this run.*until Gateway infra\/public is touched/,
    );
  });

  test('events that may not be read are named by their permission', async () => {
    const verdict = await judge(refused(toldByEvent, after), { events: { denied: 'list events' } });
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/could not be read \(list events\)/);
  });

  describe('a route at the bottom of a failure', () => {
    const route = (name: string, rule: JsonObject, hostname = 'a.example.com'): KubernetesObject => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name, namespace: 'shop' },
      spec: { hostnames: [hostname], parentRefs: [{ name: 'public', namespace: 'infra' }], rules: [rule] },
    });
    const headers = { filters: [{ type: 'RequestHeaderModifier' }] };
    const said = event(
      'FailedBuildModel',
      'Failed build model due to Unsupported filter type: RequestHeaderModifier. Only request redirect is supported. To specify header modification, please configure it through LoadBalancerConfiguration.',
      after,
    );
    const look = async (version: string, seen: KubernetesObject, ...routes: readonly KubernetesObject[]) => {
      const objects = Object.fromEntries(routes.map((each, index) => [`r${index}`, each]));
      const reader = readerOf({ 'Gateway infra/public': seen, ...objects }, { at, value: [said] });
      const want: GatewayWant = { namespace: 'infra', name: 'public', since };
      const verdict = judgeGateway(want, await observeGateway(reader, want, signal), at, rulesFor(version));
      return verdict.state === 'ok' ? 'ok' : `${say(verdict)}: ${verdict.message} ${verdict.hint}`;
    };
    const named =
      /^broken gateway\/blocked-by-route: HTTPRoute shop\/cart stops the controller for all of Gateway infra\/public: the filter RequestHeaderModifier .* Until then no change of any route/;
    const unnamed =
      /^broken gateway\/blocked-by-route: The controller fails on Gateway infra\/public: .*Unsupported filter type.* look for the route/;

    test.each<[string, string, KubernetesObject, readonly KubernetesObject[], RegExp]>([
      [
        '3.5.0: by a condition',
        '3.5.0',
        refused(toldByEvent, after),
        [route('a', {}), route('cart', headers)],
        named,
      ],
      ['2.14.0: by an event alone', '2.14.0', gateway(good), [route('cart', headers)], named],
      [
        'one that no listener admits',
        '3.5.0',
        refused(toldByEvent, after),
        [route('cart', headers, 'a.org')],
        unnamed,
      ],
      [
        'one that has something else',
        '3.5.0',
        refused(toldByEvent, after),
        [route('cart', { filters: [{ type: 'CORS' }] })],
        unnamed,
      ],
    ])('%s', async (_what, version, seen, routes, expected) => {
      expect(await look(version, seen, ...routes)).toMatch(expected);
    });

    test('what stops others with a word is not held against a Gateway of which nothing is said', async () => {
      const objects = { 'Gateway infra/public': gateway([]), r: route('cart', headers) };
      const want: GatewayWant = { namespace: 'infra', name: 'public', since };
      const seen = await observeGateway(readerOf(objects), want, signal);
      expect(say(judgeGateway(want, seen, at, rulesFor('3.5.0')))).toBe('waiting gateway/pending');
    });
  });

  test('what is handed on', () => {
    expect(foundGateway({ at, value: { gateway: gateway(good), events: [] } })).toEqual({
      loadBalancer: 'a.elb.amazonaws.com',
      loadBalancerArn: arn,
    });
    expect(foundGateway({ at, value: { events: [] } })).toEqual({});
    expect(foundGateway({ at, denied: 'x' })).toEqual({});
  });

  test.each([
    [
      '(combined from similar events): a, RequestID: x1Y, CertificateNotFound: b',
      'a, CertificateNotFound: b',
    ],
    ['api error, Request ID: 1-2-3', 'api error'],
  ])('stripIds %s', (message, expected) => {
    expect(stripIds(message)).toBe(expected);
  });
});
