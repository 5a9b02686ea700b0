// The links `class`, `gateway` and `route`, where the recordings do not go: age of a complaint, denial, other parents.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { type ClassWant, judgeClass, observeClass } from '../../../src/chain/class.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { stripIds } from '../../../src/chain/events.ts';
import { foundGateway, type GatewayWant, judgeGateway, observeGateway } from '../../../src/chain/gateway.ts';
import { judgeRoute, observeRoute, type RouteWant } from '../../../src/chain/route.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const since = new Date('2026-11-22T23:00:00Z');
const at = new Date('2026-11-22T23:00:20Z');
const before = '2026-11-22T22:00:00Z';
const after = '2026-11-22T23:00:05Z';
const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

type Objects = Readonly<
  Record<string, KubernetesObject | { readonly denied: string } | { readonly failed: string }>
>;

/** Objects by `Kind namespace/name`. */
const readerOf = (
  objects: Objects,
  events: Seen<readonly KubernetesObject[]> = { at, value: [] },
): ClusterReader => ({
  get: async (kind, namespace, name) => {
    const found = objects[`${kind.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`];
    return found !== undefined && ('denied' in found || 'failed' in found)
      ? ({ at, ...found } as Seen<never>)
      : { at, value: found as KubernetesObject | undefined };
  },
  list: async () => events,
  log: async () => ({ at, value: '' }),
});

const condition = (type: string, status: string, rest: JsonObject = {}): JsonObject => ({
  type,
  status,
  reason: type,
  message: '',
  observedGeneration: 1,
  lastTransitionTime: after,
  ...rest,
});
const arn = 'arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/a/b';
const good = [condition('Accepted', 'True'), condition('Programmed', 'True', { message: arn })];
const gateway = (
  conditions: readonly JsonObject[],
  rest: { status?: JsonObject; metadata?: JsonObject; spec?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra', generation: 1, uid: 'u1', ...rest.metadata },
  spec: {
    gatewayClassName: 'alb',
    listeners: [
      {
        name: 'https',
        port: 443,
        protocol: 'HTTPS',
        hostname: '*.example.com',
        allowedRoutes: { namespaces: { from: 'All' } },
      },
    ],
    ...rest.spec,
  },
  status: { conditions, addresses: [{ type: 'Hostname', value: 'A.elb.amazonaws.com' }], ...rest.status },
});
const event = (reason: string, message: string, lastTimestamp: string, uid = 'u1'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${reason}${lastTimestamp}` },
  involvedObject: { kind: 'Gateway', name: 'public', uid },
  reason,
  message,
  lastTimestamp,
});

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

describe('class', () => {
  const gatewayClass = (conditions: readonly JsonObject[], spec: JsonObject = {}): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'alb', generation: 1 },
    spec: { controllerName: 'gateway.k8s.aws/alb', ...spec },
    status: { conditions },
  });
  const refused = (reason: string, lastTransitionTime = after) => [
    condition('Accepted', 'False', { reason, lastTransitionTime }),
  ];

  test.each<[string, Objects, string]>([
    ['accepted', { 'GatewayClass alb': gatewayClass([condition('Accepted', 'True')]) }, 'ok'],
    [
      'not seen by a controller',
      { 'GatewayClass alb': gatewayClass([condition('Accepted', 'Unknown')]) },
      'waiting class/pending',
    ],
    [
      'accepted at an earlier generation',
      {
        'GatewayClass alb': {
          ...gatewayClass([condition('Accepted', 'True')]),
          metadata: { name: 'alb', generation: 2 },
        },
      },
      'waiting class/pending',
    ],
    [
      'parameters without a namespace',
      { 'GatewayClass alb': gatewayClass(refused('InvalidParametersRef')) },
      'broken class/invalid-parameters',
    ],
    [
      'parameters that are missing',
      { 'GatewayClass alb': gatewayClass(refused('NotFound')) },
      'broken class/invalid-parameters',
    ],
    [
      'the same, before this run',
      { 'GatewayClass alb': gatewayClass(refused('NotFound', before)) },
      'waiting class/invalid-parameters',
    ],
    [
      'the same, before this run, and they are missing still',
      {
        'GatewayClass alb': gatewayClass(refused('NotFound', before), {
          parametersRef: { name: 'tuned', namespace: 'infra' },
        }),
      },
      'broken class/invalid-parameters',
    ],
    [
      'the same, before this run, and they have come',
      {
        'GatewayClass alb': gatewayClass(refused('NotFound', before), {
          parametersRef: { name: 'tuned', namespace: 'infra' },
        }),
        'LoadBalancerConfiguration infra/tuned': gatewayClass([]),
      },
      'waiting class/invalid-parameters',
    ],
    [
      'refused for another reason',
      { 'GatewayClass alb': gatewayClass(refused('Other')) },
      'broken class/not-accepted',
    ],
    [
      'of another controller',
      { 'GatewayClass alb': gatewayClass([], { controllerName: 'istio.io/x' }) },
      'broken class/other-controller',
    ],
    ['missing', {}, 'broken class/missing'],
    ['denied', { 'GatewayClass alb': { denied: 'get gatewayclasses' } }, 'unknown look/denied'],
  ])('%s', async (_what, objects, expected) => {
    const reader = readerOf({ 'Gateway infra/public': gateway(good), ...objects });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, since };
    expect(say(judgeClass(want, await observeClass(reader, want, signal), at))).toBe(expected);
  });

  test.each([
    ['2.14.0', 'ok'],
    ['2.14.1', 'waiting class/pending'],
  ])('a class that was changed, and the controller is %s: %s', async (version, expected) => {
    const accepted = gatewayClass([condition('Accepted', 'True')]);
    const changed = { ...accepted, metadata: { ...accepted.metadata, generation: 2 } };
    const reader = readerOf({ 'Gateway infra/public': gateway(good), 'GatewayClass alb': changed });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, since };
    const seen = await observeClass(reader, want, signal);
    expect(say(judgeClass(want, seen, at, rulesFor(version)))).toBe(expected);
  });

  test('a class that is known by name needs no Gateway', async () => {
    const reader = readerOf({ 'GatewayClass alb': gatewayClass([condition('Accepted', 'True')]) });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, className: 'alb', since };
    expect(say(judgeClass(want, await observeClass(reader, want, signal), at))).toBe('ok');
  });
});

describe('route', () => {
  const parentRef = { name: 'public', namespace: 'infra', sectionName: 'https' };
  const entry = (conditions: readonly JsonObject[], rest: JsonObject = {}): JsonObject => ({
    controllerName: 'gateway.k8s.aws/alb',
    parentRef,
    conditions,
    ...rest,
  });
  const admitted = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')];
  const route = (
    parents: readonly JsonObject[],
    rest: { spec?: JsonObject; metadata?: JsonObject } = {},
  ): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: 'apps', generation: 1, ...rest.metadata },
    spec: {
      hostnames: ['app.example.com'],
      parentRefs: [parentRef],
      rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
      ...rest.spec,
    },
    status: { parents },
  });
  const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...parentRef };
  const judge = async (
    objects: Objects,
    want: Partial<RouteWant> = {},
    version?: string,
    events?: Seen<readonly KubernetesObject[]>,
  ) => {
    const whole: RouteWant = {
      kind: 'HTTPRoute',
      namespace: 'apps',
      name: 'web',
      host: 'app.example.com',
      parents: [parent],
      since,
      ...want,
    };
    const seen = await observeRoute(readerOf(objects, events), whole, signal);
    return judgeRoute(whole, seen, at, rulesFor(version));
  };
  const healthy = { 'Gateway infra/public': gateway(good) };
  const refused = (reason: string, lastTransitionTime = after) => [
    condition('Accepted', 'False', { reason, lastTransitionTime }),
    condition('ResolvedRefs', 'True'),
  ];
  const unresolved = (reason: string, lastTransitionTime = after) => [
    condition('Accepted', 'True'),
    condition('ResolvedRefs', 'False', { reason, lastTransitionTime }),
  ];

  test.each<[string, KubernetesObject | { denied: string } | undefined, Objects, string]>([
    ['admitted', route([entry(admitted)]), healthy, 'ok'],
    ['missing', undefined, healthy, 'broken route/missing'],
    ['denied', { denied: 'get httproutes' }, healthy, 'unknown look/denied'],
    [
      'an earlier generation',
      route([entry(admitted)], { metadata: { generation: 2 } }),
      healthy,
      'waiting route/pending',
    ],
    [
      'by another controller',
      route([entry(admitted, { controllerName: 'istio.io/x' })]),
      healthy,
      'broken class/missing',
    ],
    ['pending', route([entry(refused('Pending'))]), healthy, 'waiting route/pending'],
    ['not allowed', route([entry(refused('NotAllowedByListeners'))]), healthy, 'broken route/not-allowed'],
    [
      'not allowed, before this run',
      route([entry(refused('NotAllowedByListeners', before))]),
      healthy,
      'waiting route/not-allowed',
    ],
    [
      'reference not permitted',
      route([entry(unresolved('RefNotPermitted'))]),
      healthy,
      'broken route/reference-not-permitted',
    ],
    ['kind', route([entry(unresolved('InvalidKind'))]), healthy, 'broken route/invalid-kind'],
    ['value', route([entry(refused('UnsupportedValue'))]), healthy, 'broken route/unsupported-value'],
    ['something new', route([entry(refused('Other'))]), healthy, 'broken route/not-accepted'],
    [
      'an old complaint of a Service that is still missing',
      route([entry(unresolved('BackendNotFound', before))]),
      healthy,
      'broken route/backend-not-found',
    ],
    [
      'an old complaint of a Service that is there now',
      route([entry(unresolved('BackendNotFound', before))]),
      { ...healthy, 'Service apps/web': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } } },
      'waiting route/backend-not-found',
    ],
    [
      'silence, the Gateway may not be read',
      route([]),
      { 'Gateway infra/public': { denied: 'get gateways' } },
      'waiting route/pending',
    ],
    [
      'admitted, the Gateway may not be read',
      route([entry(admitted)]),
      { 'Gateway infra/public': { denied: 'get gateways' } },
      'ok',
    ],
    [
      'silence, the Gateway is not ready',
      route([]),
      {
        'Gateway infra/public': gateway([condition('Accepted', 'True'), condition('Programmed', 'Unknown')]),
        'GatewayClass alb': { denied: 'x' },
      },
      'waiting route/pending',
    ],
  ])('%s', async (_what, seen, objects, expected) => {
    expect(say(await judge({ ...objects, ...(seen && { 'HTTPRoute apps/web': seen }) }))).toBe(expected);
  });

  test('silence at a healthy Gateway: first a moment of patience, then the controller has given up', async () => {
    const alb: KubernetesObject = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'alb' },
      spec: { controllerName: 'gateway.k8s.aws/alb' },
    };
    const objects = { ...healthy, 'GatewayClass alb': alb, 'HTTPRoute apps/web': route([]) };
    expect(say(await judge(objects, { since: new Date(at.getTime() - 10_000) }))).toBe(
      'waiting route/pending',
    );
    expect(say(await judge(objects, { since: new Date(at.getTime() - 20_000) }))).toBe(
      'broken route/no-status',
    );
  });

  test("a change that the controller does not take up: another team's route stops it", async () => {
    const theirs = route([], {
      metadata: { namespace: 'shop', name: 'cart' },
      spec: {
        parentRefs: [parentRef],
        rules: [{ backendRefs: [{ name: 'cart', port: 80, weight: 1000 }] }],
      },
    });
    const objects = {
      ...healthy,
      'HTTPRoute apps/web': route([entry(admitted)], { metadata: { generation: 2 } }),
    };
    const verdict = await judge(objects, {}, undefined, { at, value: [theirs] });
    expect(say(verdict)).toBe('broken route/blocked-by-other');
    expect(verdict.message).toContain('HTTPRoute shop/cart');
  });

  test('a route that was just made gets its moment of patience, however long the run lasts', async () => {
    const made = { generation: 1, creationTimestamp: new Date(at.getTime() - 10_000).toISOString() };
    const objects = {
      ...healthy,
      'GatewayClass alb': { denied: 'get gatewayclasses' },
      'HTTPRoute apps/web': route([], { metadata: made }),
    };
    const since = new Date(at.getTime() - 60_000);
    expect(say(await judge(objects, { since }))).toBe('waiting route/pending');
  });

  describe('LBC before 2.15 does not write conditions again that stay as they are', () => {
    const written = '2026-11-22T23:00:04Z';
    const stale = (conditions: readonly JsonObject[], spec: JsonObject = {}): KubernetesObject =>
      route([entry(conditions)], {
        metadata: {
          generation: 2,
          managedFields: [
            { manager: 'eks-gateway-action', operation: 'Apply', time: written },
            { manager: 'lbc', operation: 'Update', subresource: 'status', time: '2026-11-22T23:00:09Z' },
          ],
        },
        spec,
      });
    const look = (seen: KubernetesObject, succeeded: string, want: Partial<RouteWant>, version: string) =>
      judge({ ...healthy, 'HTTPRoute apps/web': seen }, want, version, {
        at,
        value: [event('SuccessfullyReconciled', '', succeeded)],
      });
    const written2 = { appliedGeneration: 2 };

    test.each<[string, string, Partial<RouteWant>, string, string]>([
      ['no success since', before, written2, '2.14.1', 'waiting route/pending'],
      ['a success since', after, written2, '2.14.1', 'ok'],
      ['this run did not change it', before, {}, '2.14.1', 'ok'],
      ['later versions do', after, {}, '2.15.0', 'waiting route/pending'],
    ])('%s', async (_what, succeeded, want, version, expected) => {
      expect(say(await look(stale(admitted), succeeded, want, version))).toBe(expected);
    });

    test('what route and Gateway show needs no new condition', async () => {
      const seen = stale(refused('NoMatchingListenerHostname', before), { hostnames: ['app.example.org'] });
      const want = { host: 'app.example.org', ...written2 };
      expect(say(await look(seen, before, want, '2.14.0'))).toBe('broken route/hostname-outside-listener');
    });

    test('a refusal that outlives a success since this run is news', async () => {
      const seen = stale(refused('RefNotPermitted', before));
      expect(say(await look(seen, after, written2, '2.14.0'))).toBe('broken route/reference-not-permitted');
    });
  });

  test('an old complaint that route and Gateway themselves prove', async () => {
    const seen = route([entry(refused('NoMatchingListenerHostname', before))], {
      spec: { hostnames: ['app.example.org'] },
    });
    const verdict = await judge({ ...healthy, 'HTTPRoute apps/web': seen }, { host: 'app.example.org' });
    expect(say(verdict)).toBe('broken route/hostname-outside-listener');
    expect(verdict.evidence.map(({ from }) => from)).toContain('Gateway infra/public listener https');
  });

  test('one hostname of an admitted route that fits no listener', async () => {
    const seen = route([entry(admitted)], { spec: { hostnames: ['app.example.com', 'app.example.org'] } });
    expect(say(await judge({ ...healthy, 'HTTPRoute apps/web': seen }))).toBe('ok');
    const verdict = await judge({ ...healthy, 'HTTPRoute apps/web': seen }, { host: 'app.example.org' });
    expect(verdict.message).toBe(
      'HTTPRoute apps/web asks for "app.example.org", and Gateway infra/public, listener https listens for "*.example.com" (listener "https"); only its other hostnames are served.',
    );
  });

  test('the worst of two parents speaks', async () => {
    const other = { ...parent, name: 'internal' };
    const seen = route([entry(admitted)]);
    const verdict = await judge({ ...healthy, 'HTTPRoute apps/web': seen }, { parents: [parent, other] });
    expect(say(verdict)).toBe('broken route/parent-missing');
    expect(verdict.message).toMatch(/Gateway infra\/internal/);
  });

  test('before 2.17 one entry stands for all parentRefs to the Gateway', async () => {
    const other = { ...parent, sectionName: 'http' };
    const http = { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } };
    const objects = {
      'Gateway infra/public': gateway(good, { spec: { listeners: [http] } }),
      'HTTPRoute apps/web': route([entry(admitted)]),
    };
    expect(say(await judge(objects, { parents: [other] }, '2.14.0'))).toBe('ok');
    expect(say(await judge(objects, { parents: [other] }, '3.5.0'))).not.toBe('ok');
  });

  test("the route's namespace is read where a listener selects by its labels", async () => {
    const selecting = {
      name: 'https',
      port: 443,
      protocol: 'HTTPS',
      allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { public: 'yes' } } } },
    };
    const objects = {
      'Gateway infra/public': gateway(good, { spec: { listeners: [selecting] } }),
      'Namespace apps': {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'apps', labels: { public: 'no' } },
      },
      'HTTPRoute apps/web': route([entry(refused('NotAllowedByListeners', before))]),
    };
    const verdict = await judge(objects);
    expect(say(verdict)).toBe('broken route/not-allowed');
    expect(verdict.message).toMatch(/admits routes of namespaces with certain labels, which apps lacks/);
  });
});
