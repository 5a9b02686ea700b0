// A route whose parent is a ListenerSet: its listeners matter, and the Gateway behind it.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeRoute, observeRoute } from '../../../src/chain/route.ts';
import { excludedBy } from '../../../src/externaldns/excludes.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';
import { hostsOf } from '../../../src/gateway/hosts.ts';
import { followsListenerSets } from '../../../src/gateway/lbc-settings.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import { at, condition, gateway, good, type Objects, readerOf, say, signal, since } from './seen-objects.ts';

const parentRef = { group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: 'extra' };
const route = (parents: readonly JsonObject[] = []): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'apps', generation: 1 },
  spec: { hostnames: ['app.example.com'], parentRefs: [parentRef], rules: [] },
  status: { parents },
});
const set = (conditions: readonly JsonObject[] = [], hostname = '*.example.com'): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ListenerSet',
  metadata: { name: 'extra', namespace: 'apps', generation: 1 },
  spec: {
    parentRef: { name: 'public', namespace: 'infra' },
    listeners: [{ name: 'own', port: 443, protocol: 'HTTPS', hostname }],
  },
  status: { conditions },
});
const admitted = {
  controllerName: 'gateway.k8s.aws/alb',
  parentRef,
  conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')],
};
const ours = gateway(good);
const className = String((ours['spec'] as JsonObject)['gatewayClassName']);
const publicGateway: Objects = {
  'Gateway infra/public': ours,
  [`GatewayClass ${className}`]: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: className },
    spec: { controllerName: 'gateway.k8s.aws/alb' },
  },
};

const published = (listenerSets: readonly KubernetesObject[]) =>
  hostsOf([{ object: route(), source: { file: 'r.yaml', line: 1 } }], [gateway(good)], { listenerSets });

const judge = async (objects: Objects) => {
  const want = {
    kind: 'HTTPRoute' as const,
    namespace: 'apps',
    name: 'web',
    host: 'app.example.com',
    parents: published([set()])[0]?.parents ?? [],
    since,
  };
  const seen = await observeRoute(readerOf({ ...publicGateway, ...objects }), want, signal);
  return judgeRoute(want, seen, at, rulesFor('3.5.0'));
};

describe('which host it publishes', () => {
  test('at the Gateway of the ListenerSet, over its listener', () => {
    expect(published([set()])).toMatchObject([
      {
        host: 'app.example.com',
        secure: true,
        parents: [
          { kind: 'Gateway', namespace: 'infra', name: 'public', set: { namespace: 'apps', name: 'extra' } },
        ],
      },
    ]);
  });

  test('at none where ListenerSets are not followed', () => {
    expect(published([])).toMatchObject([{ host: 'app.example.com', parents: [] }]);
  });
});

describe('what is said of it', () => {
  test('admitted, by the status that names the ListenerSet', async () => {
    const verdict = await judge({ 'HTTPRoute apps/web': route([admitted]), 'ListenerSet apps/extra': set() });
    expect(verdict.message).toBe(
      'HTTPRoute apps/web is admitted by ListenerSet apps/extra of Gateway infra/public.',
    );
  });

  test.each<[string, Objects, string, RegExp]>([
    ['is not there', {}, 'broken route/parent-missing', /names ListenerSet apps\/extra as its parent/],
    [
      'is refused by the Gateway',
      { 'ListenerSet apps/extra': set([condition('Accepted', 'False', { reason: 'NotAllowed' })]) },
      'broken route/not-allowed',
      /^Gateway infra\/public does not admit ListenerSet apps\/extra/,
    ],
    [
      'has listeners that are wrong',
      { 'ListenerSet apps/extra': set([condition('Accepted', 'False', { reason: 'ListenersNotValid' })]) },
      'broken gateway/listener-invalid',
      /^The controller refuses ListenerSet apps\/extra/,
    ],
    [
      'was not looked at yet',
      { 'ListenerSet apps/extra': set([condition('Accepted', 'Unknown', { reason: 'Pending' })]) },
      'waiting route/pending',
      /no status for HTTPRoute apps\/web at ListenerSet apps\/extra of Gateway infra\/public yet/,
    ],
    [
      'listens for other names',
      { 'ListenerSet apps/extra': set([], '*.example.org') },
      'broken route/hostname-outside-listener',
      /ListenerSet apps\/extra listens for "\*\.example\.org"/,
    ],
  ])('the ListenerSet %s', async (_what, objects, said, message) => {
    const fresh = { ...route(), metadata: { ...route().metadata, creationTimestamp: at.toISOString() } };
    const verdict = await judge({ 'HTTPRoute apps/web': fresh, ...objects });
    expect(say(verdict)).toBe(said);
    expect(verdict.message).toMatch(message);
  });
});

const deployment = (image: string, args: readonly string[]): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'controller', namespace: 'infra' },
  spec: { template: { spec: { containers: [{ image, args }] } } },
});

test.each<[string, string, boolean]>([
  ['3.5.0', 'ALBGatewayAPI=true', true],
  ['3.5.0', 'ALBGatewayAPI=true,GatewayListenerSet=true', true],
  ['3.5.0', 'ALBGatewayAPI=true,GatewayListenerSet=false', false],
  ['3.2.1', 'ALBGatewayAPI=true', false],
  ['2.14.0', 'ALBGatewayAPI=true', false],
])('LBC %s with %s', (version, gates, follows) => {
  expect(followsListenerSets(deployment('lbc', [`--feature-gates=${gates}`]), version)).toBe(follows);
});

test.each<[string, readonly string[], boolean]>([
  ['0.19.0', [], true],
  ['0.22.0', [], true],
  ['0.22.0', ['--gateway-listener-sets'], false],
  ['0.22.0', ['--no-gateway-listener-sets'], true],
])('ExternalDNS %s with %j leaves it out: %s', (version, more, leavesOut) => {
  const args = ['--source=gateway-httproute', '--provider=aws', ...more];
  const settings = settingsOf(deployment('external-dns', args), version);
  const excluded = excludedBy(settings, {
    host: 'app.example.com',
    route: route(),
    gateways: [gateway(good)],
  });
  expect(excluded !== undefined).toBe(leavesOut);
  if (leavesOut) expect(excluded).toMatch(/^ExternalDNS runs without --gateway-listener-sets/);
});
