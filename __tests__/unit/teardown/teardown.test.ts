// What a teardown may remove, in which order, and what others still need.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { stillInUse } from '../../../src/teardown/in-use.ts';
import { doomedByHelm, stepsOf } from '../../../src/teardown/order.ts';
import { type Named, whyNotOurs } from '../../../src/teardown/ours.ts';
import { protectedGateways } from '../../../src/teardown/protected.ts';

const gatewayApi = 'gateway.networking.k8s.io/v1';
const object = (
  kind: string,
  name: string,
  more: { apiVersion?: string; metadata?: object; spec?: object } = {},
): KubernetesObject =>
  ({
    apiVersion: more.apiVersion ?? 'v1',
    kind,
    metadata: { name, namespace: 'shop', ...more.metadata },
    ...(more.spec && { spec: more.spec }),
  }) as KubernetesObject;
const named = (each: KubernetesObject, release?: Named['release']): Named => ({
  object: each,
  source: { file: 'a.yaml', line: 1 },
  ...(release && { release }),
});
const release = { name: 'infra', namespace: 'shop' };

describe('whose it is', () => {
  const owners = { inventory: 'applyset-ours', takeOver: [] };
  const applied = { managedFields: [{ manager: 'eks-gateway-action', operation: 'Apply', fieldsV1: {} }] };
  const ofRelease = (name: string) => ({
    annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': 'shop' },
  });

  test.each<[string, Named, object, string | undefined]>([
    ['what we applied', named(object('Service', 'a')), applied, undefined],
    [
      'what somebody else applied',
      named(object('Service', 'a')),
      { managedFields: [{ manager: 'kubectl', operation: 'Apply', fieldsV1: {} }] },
      'this action did not apply it',
    ],
    [
      'of another inventory',
      named(object('Service', 'a')),
      { ...applied, labels: { 'applyset.kubernetes.io/part-of': 'applyset-theirs' } },
      'it belongs to another inventory (applyset.kubernetes.io/part-of: applyset-theirs)',
    ],
    [
      'a manifest that a release holds by now',
      named(object('Service', 'a')),
      { ...applied, ...ofRelease('infra') },
      'it belongs to the Helm release shop/infra',
    ],
    ['of our release', named(object('Service', 'a'), release), ofRelease('infra'), undefined],
    [
      'of another release',
      named(object('Service', 'a'), release),
      ofRelease('other'),
      'it does not belong to the release shop/infra',
    ],
  ])('%s', (_what, each, metadata, why) => {
    expect(whyNotOurs(each, object('Service', 'a', { metadata }), owners)).toBe(why);
  });
});

test('routes, Gateways, classes, configurations, the rest; definitions and namespaces never', () => {
  const steps = stepsOf(
    [
      object('Namespace', 'shop'),
      object('CustomResourceDefinition', 'x'),
      object('Service', 'web'),
      object('Deployment', 'web', { apiVersion: 'apps/v1' }),
      object('ConfigMap', 'c'),
      object('LoadBalancerConfiguration', 'l', { apiVersion: 'gateway.k8s.aws/v1' }),
      object('GatewayClass', 'k', { apiVersion: gatewayApi }),
      object('Gateway', 'g', { apiVersion: gatewayApi }),
      // Istio's has the same name.
      object('Gateway', 'istio', { apiVersion: 'networking.istio.io/v1' }),
      object('HTTPRoute', 'r', { apiVersion: gatewayApi }),
    ].map((each) => named(each)),
  );
  const names = (step: readonly Named[]) => step.map((each) => each.object.metadata.name);
  expect({
    routes: names(steps.routes),
    gateways: names(steps.gateways),
    classes: names(steps.classes),
    configurations: names(steps.configurations),
    rest: steps.rest.map(names),
  }).toEqual({
    routes: ['r'],
    gateways: ['g'],
    classes: ['k'],
    configurations: ['l'],
    rest: [['istio'], ['web'], ['web'], ['c']],
  });
});

test('of a release only what needs an order: the rest goes with helm uninstall', () => {
  const all = [object('Service', 'web'), object('Gateway', 'g', { apiVersion: gatewayApi })];
  const steps = stepsOf(all.map((each) => named(each, release)));
  expect({ gateways: steps.gateways.length, rest: steps.rest }).toEqual({ gateways: 1, rest: [] });
});

test('definitions and namespaces in templates, unless they are kept', () => {
  const keep = { metadata: { annotations: { 'helm.sh/resource-policy': 'keep' } } };
  const found = doomedByHelm(
    [
      object('Namespace', 'a'),
      object('Namespace', 'b', keep),
      object('CustomResourceDefinition', 'c'),
      object('Service', 'd'),
    ].map((each) => named(each, release)),
  );
  expect(found.map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
});

describe('still in use', () => {
  const gateway = object('Gateway', 'public', { apiVersion: gatewayApi, spec: { gatewayClassName: 'alb' } });
  const gatewayClass = object('GatewayClass', 'alb', {
    apiVersion: gatewayApi,
    metadata: { namespace: undefined },
  });
  const route = (name: string, parent: object, metadata = {}) =>
    object('HTTPRoute', name, { apiVersion: gatewayApi, metadata, spec: { parentRefs: [parent] } });
  const ours = route('ours', { name: 'public' });
  const removed = { gateways: [gateway], classes: [gatewayClass], routes: [ours] };

  test.each<[string, KubernetesObject, boolean]>([
    [
      'a route of another namespace',
      route('r', { name: 'public', namespace: 'shop' }, { namespace: 'b' }),
      true,
    ],
    ['a route on another Gateway', route('r', { name: 'private' }), false],
    ['a route on a Gateway of its own namespace', route('r', { name: 'public' }, { namespace: 'b' }), false],
    ['a route that is leaving', route('r', { name: 'public' }, { deletionTimestamp: 'now' }), false],
    ['a route of a Service', route('r', { name: 'public', kind: 'Service', group: '' }), false],
    ['our own', ours, false],
  ])('%s', (_what, other, used) => {
    expect(stillInUse(removed, { routes: [other], gateways: [gateway] }).length > 0).toBe(used);
  });

  const attached = (kind: string, spec: object) =>
    object(kind, 'theirs', { apiVersion: gatewayApi, metadata: { namespace: 'b' }, spec });
  const theirGateway = { name: 'public', namespace: 'shop' };

  test.each<[string, KubernetesObject, boolean]>([
    ['a TLSRoute', attached('TLSRoute', { parentRefs: [theirGateway] }), true],
    ['a ListenerSet', attached('ListenerSet', { parentRef: theirGateway }), true],
    ['a ListenerSet of another Gateway', attached('ListenerSet', { parentRef: { name: 'public' } }), false],
    ['a ListenerSet without a parent', attached('ListenerSet', {}), false],
  ])('%s of others, seen in two versions, counts once: %#', (_what, other, used) => {
    const found = stillInUse(removed, { routes: [other, other], gateways: [gateway] });
    expect(found.map(({ by }) => by.length)).toEqual(used ? [1] : []);
  });

  test('a Gateway of others of our class', () => {
    const other = object('Gateway', 'other', {
      apiVersion: gatewayApi,
      metadata: { namespace: 'b' },
      spec: { gatewayClassName: 'alb' },
    });
    expect(stillInUse(removed, { routes: [], gateways: [gateway, other] })).toEqual([
      { ref: 'GatewayClass alb', by: ['Gateway b/other'] },
    ]);
  });
});

describe('protected against deletion', () => {
  const configuration = (name: string, value: string, more = {}) =>
    object('LoadBalancerConfiguration', name, {
      spec: { ...more, loadBalancerAttributes: [{ key: 'deletion_protection.enabled', value }] },
    });
  const gateway = object('Gateway', 'public', {
    spec: { gatewayClassName: 'alb', infrastructure: { parametersRef: { name: 'own' } } },
  });
  const gatewayClass = object('GatewayClass', 'alb', {
    metadata: { namespace: undefined },
    spec: { parametersRef: { name: 'of-class', namespace: 'shop' } },
  });

  test.each<[string, KubernetesObject[], boolean]>([
    ['by the Gateway’s own', [configuration('own', 'true')], true],
    ['by that of its class', [configuration('of-class', 'true')], true],
    ['by another one', [configuration('other', 'true')], false],
    ['no more', [configuration('own', 'false')], false],
    [
      'by its own, and the class says no',
      [configuration('own', 'true'), configuration('of-class', 'false')],
      false,
    ],
    [
      'by its own, which wins',
      [configuration('own', 'true'), configuration('of-class', 'false', { mergingMode: 'prefer-gateway' })],
      true,
    ],
  ])('%s', (_how, configurations, is) => {
    const found = protectedGateways([gateway], [gatewayClass], configurations);
    expect(found.map(({ code, ref }) => [code, ref])).toEqual(
      is ? [['teardown/protected', 'Gateway shop/public']] : [],
    );
  });
});
