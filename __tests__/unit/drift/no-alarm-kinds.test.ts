// What real clusters do to Services, autoscalers, custom objects that nobody has edited: no drift; and beside it, what is.
import { describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/bundle/object.ts';
import type { Schema } from '../../../src/compare/schema.ts';
import { open, told } from './told.ts';

describe('other built-in kinds', () => {
  const service = ['v1', 'Service'] as const;
  const serviceSchema: Schema = {
    properties: {
      spec: {
        properties: {
          clusterIP: {},
          type: {},
          ports: {
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['port', 'protocol'],
            items: { properties: { port: {}, nodePort: {}, protocol: { default: 'TCP' }, targetPort: {} } },
          },
        },
      },
    },
  };
  const autoscaler = ['autoscaling/v2', 'HorizontalPodAutoscaler'] as const;
  const metric = (name: string, value: number): JsonObject => ({
    type: 'Resource',
    resource: { name, target: { type: 'Utilization', averageUtilization: value } },
  });
  const hook = (bundle?: string): JsonObject => ({
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: { service: { name: 'a' }, ...(bundle !== undefined && { caBundle: bundle }) },
      },
    ],
  });

  test.each<[string, readonly [string, string], JsonObject, JsonObject, Schema?]>([
    [
      'addresses, node ports and defaults that the server fills in',
      service,
      { spec: { clusterIP: '', type: '', ports: [{ port: 80, nodePort: 0 }] } },
      {
        spec: {
          clusterIP: '10.0.0.7',
          type: 'ClusterIP',
          ports: [{ port: 80, nodePort: 30080, protocol: 'TCP', targetPort: 80 }],
        },
      },
      serviceSchema,
    ],
    [
      'finalizers and annotations of LBC',
      service,
      { spec: {} },
      {
        metadata: { finalizers: ['service.k8s.aws/resources'], annotations: { 'service.k8s.aws/x': 'y' } },
        spec: { loadBalancerClass: 'service.k8s.aws/nlb' },
      },
    ],
    [
      'labels of Argo CD and Flux',
      service,
      { spec: {} },
      {
        metadata: {
          labels: { 'kustomize.toolkit.fluxcd.io/name': 'a' },
          annotations: { 'argocd.argoproj.io/tracking-id': 'a' },
        },
        spec: {},
      },
    ],
    [
      'metrics in another order',
      autoscaler,
      { spec: { metrics: [metric('cpu', 80), metric('memory', 70)] } },
      { spec: { metrics: [metric('memory', 70), metric('cpu', 80)] } },
    ],
    [
      "cert-manager's bundle",
      ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
      hook(''),
      hook('LS0t'),
    ],
    [
      'base64 with line breaks',
      ['v1', 'ConfigMap'],
      { binaryData: { a: 'YWJj\nZGVm\n' } },
      { binaryData: { a: 'YWJjZGVm' } },
    ],
    [
      'stringData, over data of the same key',
      ['v1', 'Secret'],
      { data: { a: 'b2xk' }, stringData: { a: 'new' } },
      { data: { a: 'bmV3' }, type: 'Opaque' },
    ],
    [
      'the group of a subject',
      ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
      { subjects: [{ kind: 'Group', name: 'a', apiGroup: '' }] },
      { subjects: [{ kind: 'Group', name: 'a', apiGroup: 'rbac.authorization.k8s.io' }] },
    ],
    [
      'what a claim template gets',
      ['apps/v1', 'StatefulSet'],
      { spec: { volumeClaimTemplates: [{ metadata: { name: 'a', creationTimestamp: null }, spec: {} }] } },
      {
        spec: {
          volumeClaimTemplates: [
            {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              metadata: { name: 'a' },
              spec: { volumeMode: 'Filesystem' },
              status: { phase: 'Pending' },
            },
          ],
        },
      },
    ],
    [
      'secrets of a service account of old clusters',
      ['v1', 'ServiceAccount'],
      {},
      { secrets: [{ name: 'shop-token-x' }] },
    ],
  ])('%s: no drift', (_what, kind, wanted, live, ...[schema]) => {
    expect(told(kind, wanted, live, schema)).toEqual([]);
  });

  test.each<[string, readonly [string, string], JsonObject, JsonObject, string]>([
    [
      'another metric',
      autoscaler,
      { spec: { metrics: [metric('cpu', 80)] } },
      { spec: { metrics: [metric('cpu', 50)] } },
      '.spec.metrics[0].resource.target.averageUtilization',
    ],
    [
      'one metric more',
      autoscaler,
      { spec: { metrics: [metric('cpu', 80)] } },
      { spec: { metrics: [metric('memory', 1), metric('cpu', 80)] } },
      '.spec.metrics[0].resource.name',
    ],
    [
      'an empty text of a ConfigMap that has got a value',
      ['v1', 'ConfigMap'],
      { data: { type: '' } },
      { data: { type: 'x' } },
      '.data.type',
    ],
    [
      'an empty label that has got a value',
      ['v1', 'ConfigMap'],
      { metadata: { labels: { type: '' } } },
      { metadata: { labels: { type: 'x' } } },
      '.metadata.labels.type',
    ],
    [
      "a durations' look-alike in a ConfigMap",
      ['v1', 'ConfigMap'],
      { data: { wait: '60s' } },
      { data: { wait: '1m' } },
      '.data.wait',
    ],
  ])('%s: drift', (_what, kind, wanted, live, path) => {
    expect(told(kind, wanted, live)[0]).toBe(path);
  });
});

describe('custom kinds', () => {
  const route = ['gateway.networking.k8s.io/v1', 'HTTPRoute'] as const;
  const certificate = ['cert-manager.io/v1', 'Certificate'] as const;
  const schema = (spec: Schema): Schema => ({ properties: { spec: { properties: spec } } });
  test.each<[string, readonly [string, string], Json, Json, Schema?]>([
    [
      'defaults of Gateway API',
      route,
      { parentRefs: [{ name: 'public' }], rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }] },
      {
        parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ group: '', kind: 'Service', name: 'shop', port: 80, weight: 1 }],
          },
        ],
      },
    ],
    [
      'a duration that its controller has written back',
      certificate,
      { duration: '2160h', renewBefore: '1h30m' },
      { duration: '2160h0m0s', renewBefore: '1h30m0s' },
    ],
    [
      'a quantity of a custom kind',
      ['argoproj.io/v1alpha1', 'Rollout'],
      { cpu: '100m' },
      { cpu: 0.1 },
      schema({ cpu: { 'x-kubernetes-int-or-string': true } }),
    ],
    [
      'a field that an older definition does not have',
      certificate,
      { dnsNames: ['a'], newest: true },
      { dnsNames: ['a'] },
      schema({ dnsNames: { type: 'array' } }),
    ],
  ])('%s: no drift', (_what, kind, wanted, live, ...[given]) => {
    expect(told(kind, { spec: wanted }, { spec: live }, given)).toEqual([]);
  });

  test.each<[string, readonly [string, string], Json, Json, string, Schema?]>([
    ['another duration', certificate, { duration: '2160h' }, { duration: '2161h0m0s' }, '.spec.duration'],
    ['a host more', route, { hostnames: ['a'] }, { hostnames: ['a', 'b'] }, '.spec.hostnames'],
    [
      'a field that the definition has, and that is gone',
      certificate,
      { isCA: true },
      {},
      '.spec.isCA',
      schema({ isCA: { type: 'boolean' } }),
    ],
    [
      'a field of what may hold anything',
      certificate,
      { any: { a: 1 } },
      { any: {} },
      '.spec.any.a',
      schema({ any: open }),
    ],
  ])('%s: drift', (_what, kind, wanted, live, path, ...[given]) => {
    expect(told(kind, { spec: wanted }, { spec: live }, given)).toEqual([path]);
  });
});
