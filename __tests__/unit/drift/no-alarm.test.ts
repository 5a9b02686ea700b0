// What real clusters do to objects that nobody has edited: none of it is drift; and beside it, what looks alike and is.
import { describe, expect, test } from '@jest/globals';
import type { Json, JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { Schema } from '../../../src/compare/schema.ts';
import { differencesOf } from '../../../src/drift/live-object.ts';

const quantity: Schema = { type: 'string', format: 'quantity' };
const named: Schema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const container: Schema = {
  properties: {
    name: {},
    image: {},
    imagePullPolicy: {},
    env: { ...named, items: { properties: { name: {}, value: {} } } },
    ports: {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      items: { properties: { containerPort: {}, protocol: { default: 'TCP' } } },
    },
    resources: { properties: { limits: { additionalProperties: quantity } } },
    livenessProbe: {
      properties: {
        timeoutSeconds: {},
        httpGet: { properties: { port: { 'x-kubernetes-int-or-string': true } } },
      },
    },
  },
};
const workload: Schema = {
  properties: {
    spec: {
      properties: {
        replicas: {},
        template: {
          properties: {
            metadata: open,
            spec: {
              properties: {
                containers: { ...named, items: container },
                initContainers: { ...named, items: container },
                tolerations: { 'x-kubernetes-list-type': 'atomic', items: open },
                automountServiceAccountToken: {},
              },
            },
          },
        },
      },
    },
  },
};

const object = (apiVersion: string, kind: string, rest: JsonObject): KubernetesObject => ({
  ...rest,
  apiVersion,
  kind,
  metadata: { ...(rest['metadata'] as JsonObject | undefined), name: 'shop' },
});

const told = (
  [apiVersion, kind]: readonly [string, string],
  wanted: JsonObject,
  live: JsonObject,
  schema?: Schema,
): string[] =>
  differencesOf(
    {
      layer: 'kubernetes',
      object: object(apiVersion, kind, wanted),
      namespace: undefined,
      source: { file: 'a.yaml', line: 1 },
      manager: 'eks-gateway-action',
    },
    object(apiVersion, kind, live),
    schema,
  ).map(({ path }) => path);

const deployment = ['apps/v1', 'Deployment'] as const;
const pod = (spec: JsonObject, annotations?: JsonObject): JsonObject => ({
  spec: { template: { ...(annotations && { metadata: { annotations } }), spec } },
});
const web = (more: JsonObject): JsonObject => pod({ containers: [{ name: 'web', image: 'web:1', ...more }] });

describe('workloads', () => {
  const restarted = 'kubectl.kubernetes.io/restartedAt';
  test.each<[string, JsonObject, JsonObject]>([
    [
      'quantities as the server writes them',
      web({ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }),
      web({ resources: { limits: { cpu: '500m', memory: '1Gi' } } }),
    ],
    ['a policy that was left empty', web({ imagePullPolicy: '' }), web({ imagePullPolicy: 'IfNotPresent' })],
    [
      'a time-out of zero, which is the default',
      web({ livenessProbe: { timeoutSeconds: 0 } }),
      web({ livenessProbe: { timeoutSeconds: 1 } }),
    ],
    [
      'a port as text and as number',
      web({ livenessProbe: { httpGet: { port: '8080' } } }),
      web({ livenessProbe: { httpGet: { port: 8080 } } }),
    ],
    [
      'a port without its protocol',
      web({ ports: [{ containerPort: 80 }] }),
      web({ ports: [{ containerPort: 80, protocol: 'TCP' }] }),
    ],
    ['an empty value of a variable', web({ env: [{ name: 'A', value: '' }] }), web({ env: [{ name: 'A' }] })],
    [
      'variables that an operator has added',
      web({ env: [{ name: 'A', value: '1' }] }),
      web({
        env: [
          { name: 'X', value: '0' },
          { name: 'A', value: '1' },
        ],
      }),
    ],
    [
      'a variable that a chart names twice',
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
    ],
    [
      'a variable named twice, of which the last was kept',
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
      web({ env: [{ name: 'A', value: '2' }] }),
    ],
    [
      'a sidecar',
      web({}),
      pod({
        containers: [
          { name: 'proxy', image: 'envoy' },
          { name: 'web', image: 'web:1' },
        ],
        initContainers: [{ name: 'init', image: 'x' }],
      }),
    ],
    [
      'kubectl rollout restart',
      web({}),
      pod({ containers: [{ name: 'web', image: 'web:1' }] }, { [restarted]: '2026-11-25T12:00:00Z' }),
    ],
    [
      'kubectl rollout restart over a moment in the manifest',
      pod({ containers: [] }, { [restarted]: '2026-01-01T00:00:00Z', team: 'shop' }),
      pod({ containers: [] }, { [restarted]: '2026-11-25T12:00:00Z', team: 'shop' }),
    ],
    [
      'empty maps and lists, and a null',
      pod({ containers: [], tolerations: [], nodeSelector: {}, affinity: null }),
      pod({ containers: [] }),
    ],
    ['a field that the API server does not know and has dropped', web({ imagePolicy: 'x' }), web({})],
    [
      'tolerations with defaults',
      pod({ tolerations: [{ key: 'a' }] }),
      pod({ tolerations: [{ key: 'a', operator: 'Exists' }] }),
    ],
  ])('%s: no drift', (_what, wanted, live) => {
    expect(told(deployment, wanted, live, workload)).toEqual([]);
  });

  test.each<[string, JsonObject, JsonObject, string]>([
    [
      'another limit',
      web({ resources: { limits: { cpu: '500m' } } }),
      web({ resources: { limits: { cpu: '1' } } }),
      '.spec.template.spec.containers[name="web"].resources.limits.cpu',
    ],
    [
      'the last of two twins',
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '3' },
        ],
      }),
      '.spec.template.spec.containers[name="web"].env[name="A"].value',
    ],
    [
      'twins that are gone, once',
      web({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
      web({ env: [] }),
      '.spec.template.spec.containers[name="web"].env[name="A"]',
    ],
    [
      'a policy that somebody has chosen',
      web({ imagePullPolicy: 'Always' }),
      web({ imagePullPolicy: 'Never' }),
      '.spec.template.spec.containers[name="web"].imagePullPolicy',
    ],
    [
      'a truth value',
      pod({ automountServiceAccountToken: false }),
      pod({ automountServiceAccountToken: true }),
      '.spec.template.spec.automountServiceAccountToken',
    ],
    [
      'one toleration more',
      pod({ tolerations: [{ key: 'a' }] }),
      pod({ tolerations: [{ key: 'a' }, { key: 'b' }] }),
      '.spec.template.spec.tolerations[1]',
    ],
    [
      'another annotation of the pods',
      pod({}, { team: 'shop' }),
      pod({}, { team: 'other' }),
      '.spec.template.metadata.annotations.team',
    ],
  ])('%s: drift', (_what, wanted, live, path) => {
    expect(told(deployment, wanted, live, workload)).toEqual([path]);
  });
});

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
