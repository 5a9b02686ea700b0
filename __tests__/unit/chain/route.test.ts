// The link `route`, where the recordings do not go: other parents, denial, routes that block others.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeRoute, observeRoute, type RouteWant } from '../../../src/chain/route.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import {
  after,
  at,
  before,
  condition,
  event,
  gateway,
  good,
  type Objects,
  readerOf,
  say,
  signal,
  since,
} from './seen-objects.ts';

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
      'HTTPRoute shop/cart': theirs,
    };
    const verdict = await judge(objects);
    expect(say(verdict)).toBe('broken route/blocked-by-other');
    expect(verdict.message).toContain('HTTPRoute shop/cart');

    const filtering = { parentRefs: [parentRef], rules: [{ filters: [{ type: 'RequestMirror' }] }] };
    const withAWord = route([], { metadata: { namespace: 'shop', name: 'cart' }, spec: filtering });
    expect(say(await judge({ ...objects, 'HTTPRoute shop/cart': withAWord }))).toBe('waiting route/pending');
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

  test('LBC before 2.17: the status of a listener that the route no longer names is no admission', async () => {
    const elsewhere = { ...parent, sectionName: 'htps' };
    const seen = route([entry(admitted)], { spec: { parentRefs: [{ ...parentRef, sectionName: 'htps' }] } });
    const objects = { ...healthy, 'HTTPRoute apps/web': seen };
    expect(say(await judge(objects, { parents: [elsewhere] }, '2.14.0'))).toBe(
      'broken route/no-matching-parent',
    );
    // Of several listeners there is one entry, whichever it names.
    const http = route([entry(admitted)], {
      spec: { parentRefs: [{ ...parentRef, sectionName: undefined }] },
    });
    const { sectionName: _none, ...whole } = parent;
    expect(say(await judge({ ...healthy, 'HTTPRoute apps/web': http }, { parents: [whole] }, '2.14.0'))).toBe(
      'ok',
    );
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
