// What people add to objects by hand, and what is gone that nobody would miss at first sight: drift; and what only looks like it.
import { describe, expect, test } from '@jest/globals';
import type { Json, JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import {
  type Difference,
  deletedOf,
  differencesOf,
  type Expected,
  isAsApplied,
  isAutoscaled,
  sightingOf,
} from '../../../src/drift/live-object.ts';

const source = { file: 'a.yaml', line: 1 };
const object = (apiVersion: string, kind: string, rest: JsonObject): KubernetesObject => ({
  ...rest,
  apiVersion,
  kind,
  metadata: { ...(rest['metadata'] as JsonObject | undefined), name: 'shop' },
});
const expected = (of: KubernetesObject, layer: Expected['layer'] = 'kubernetes'): Expected => ({
  layer,
  object: of,
  namespace: undefined,
  source,
  manager: layer === 'helm' ? 'helm' : 'eks-gateway-action',
});
const entry = (manager: string, fieldsV1: JsonObject, rest: JsonObject = {}): JsonObject => ({
  manager,
  operation: 'Update',
  apiVersion: 'gateway.networking.k8s.io/v1',
  time: '2026-11-25T10:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...rest,
});
const owned = (live: KubernetesObject, ...managedFields: readonly JsonObject[]): KubernetesObject => ({
  ...live,
  metadata: { ...live.metadata, managedFields },
});

const version = 'gateway.networking.k8s.io/v1';
const https = { name: 'https', port: 443, protocol: 'HTTPS' };
const plain = { name: 'plain', port: 80, protocol: 'HTTP' };
const schema = {
  properties: {
    spec: {
      properties: {
        listeners: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
      },
    },
  },
};
const gateway = object(version, 'Gateway', { spec: { listeners: [https] } });
const opened = object(version, 'Gateway', { spec: { listeners: [https, plain] } });
const listener = {
  'f:spec': { 'f:listeners': { 'k:{"name":"plain"}': { '.': {}, 'f:name': {}, 'f:port': {} } } },
};
const told = (wanted: KubernetesObject, live: KubernetesObject): readonly Difference[] =>
  differencesOf(expected(wanted), live, schema);
const paths = (differences: readonly Difference[]): string[] => differences.map(({ path }) => path);

describe('an item that somebody has added to a list', () => {
  const live = owned(opened, entry('kubectl-edit', listener));

  test('is told, with who and since when, and stays', () => {
    const [difference, ...rest] = told(gateway, live);
    expect(rest).toEqual([]);
    expect(difference && sightingOf(expected(gateway), live, difference)).toMatchObject({
      path: '.spec.listeners[name="plain"]',
      wanted: null,
      found: JSON.stringify(plain),
      by: 'kubectl-edit',
      since: '2026-11-25T10:00:00.000Z',
      heals: false,
      severity: 'error',
      remedy: expect.stringContaining('Remove it by hand'),
    });
    expect(difference && isAsApplied(difference, expected(gateway))).toBe(false);
  });

  test.each<[string, JsonObject]>([
    ['a controller has', entry('operator', listener)],
    ['an applier has', entry('kubectl-edit', listener, { operation: 'Apply' })],
    ['whoever made the object has', entry('kubectl-create', listener)],
    ['people have, in another version of the kind', entry('kubectl-edit', listener, { apiVersion: 'x/v1' })],
  ])('is none where %s', (_what, fields) => {
    expect(told(gateway, owned(opened, fields))).toEqual([]);
  });

  test('is told once where two people own it, and not where a controller owns it as well', () => {
    const two = [entry('kubectl-edit', listener), entry('kubectl-patch', listener)];
    expect(paths(told(gateway, owned(opened, ...two)))).toEqual(['.spec.listeners[name="plain"]']);
    expect(told(gateway, owned(opened, ...two, entry('operator', listener)))).toEqual([]);
  });
});

test.each<[string, JsonObject, JsonObject, string[]]>([
  ['a rollout that was paused', { paused: true }, { 'f:paused': {} }, ['.spec.paused']],
  [
    'a restart',
    { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } },
    {
      'f:template': {
        'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {} } },
      },
    },
    [],
  ],
  [
    'a restart beside another annotation',
    { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x', a: 'b' } } } },
    {
      'f:template': {
        'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {}, 'f:a': {} } },
      },
    },
    ['.spec.template.metadata.annotations.a'],
  ],
  ['an injected certificate', { caBundle: 'x' }, { 'f:caBundle': {} }, []],
])('%s', (_what, spec, fields, expectedPaths) => {
  const wanted = object(version, 'Gateway', { spec: { template: { metadata: { name: 'a' } } } });
  const metadata = {
    name: 'a',
    ...((spec['template'] as { metadata: JsonObject } | undefined)?.metadata ?? {}),
  };
  const live = object(version, 'Gateway', { spec: { ...spec, template: { metadata } } });
  expect(paths(told(wanted, owned(live, entry('kubectl-rollout', { 'f:spec': fields }))))).toEqual(
    expectedPaths,
  );
});

test("labels and annotations of the object itself are everybody's", () => {
  const live = object(version, 'Gateway', { metadata: { labels: { a: 'b' } }, spec: { listeners: [https] } });
  const fields = { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } };
  expect(told(gateway, owned(live, entry('kubectl-edit', fields)))).toEqual([]);
});

test.each<[string, string, string[]]>([
  ['a dry run of the load balancer controller', 'gateway.k8s.aws/dry-run', ['gateway.k8s.aws/dry-run']],
  [
    'hands off for ExternalDNS',
    'external-dns.alpha.kubernetes.io/controller',
    ['external-dns.alpha.kubernetes.io/controller'],
  ],
  ['whatever else', 'touched', []],
])('an annotation by which people steer controllers is told: %s', (_what, key, expectedKeys) => {
  const annotated = { ...gateway, metadata: { ...gateway.metadata, annotations: { [key]: 'true' } } };
  const fields = { 'f:metadata': { 'f:annotations': { '.': {}, [`f:${key}`]: {} } } };
  const [difference, ...rest] = told(gateway, owned(annotated, entry('kubectl-annotate', fields)));
  expect(rest).toEqual([]);
  expect(difference === undefined ? [] : [difference.path]).toEqual(
    expectedKeys.map((each) => `.metadata.annotations[${each}]`),
  );
  expect(difference && sightingOf(expected(gateway), annotated, difference).severity).toBe(
    difference && 'error',
  );
  // Not where a controller has written it.
  expect(told(gateway, owned(annotated, entry('controller', fields)))).toEqual([]);
});

test('a key of a Secret is told without its value', () => {
  const wanted = object('v1', 'Secret', { data: { a: 'YQ==' } });
  const live = owned(
    object('v1', 'Secret', { data: { a: 'YQ==', b: 'c2VjcmV0' } }),
    entry('kubectl-edit', { 'f:data': { 'f:b': {} } }, { apiVersion: 'v1' }),
  );
  const [difference] = told(wanted, live);
  expect(difference && sightingOf(expected(wanted), live, difference)).toMatchObject({
    path: '.data.b',
    found: '*** (a value of a Secret)',
  });
});

describe('an empty value that the API server keeps is missed when it is gone', () => {
  const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
  test.each<[string, readonly [string, string], JsonObject, JsonObject, string[]]>([
    [
      'no token for the pods',
      ['apps/v1', 'Deployment'],
      pod({ automountServiceAccountToken: false }),
      pod({}),
      ['.spec.template.spec.automountServiceAccountToken'],
    ],
    [
      'no token',
      ['v1', 'ServiceAccount'],
      { automountServiceAccountToken: false },
      {},
      ['.automountServiceAccountToken'],
    ],
    [
      'no more rights than the process has',
      ['apps/v1', 'Deployment'],
      pod({
        containers: [{ name: 'a', securityContext: { allowPrivilegeEscalation: false, privileged: false } }],
      }),
      pod({ containers: [{ name: 'a', securityContext: {} }] }),
      ['.spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation'],
    ],
    [
      'a volume that became one of the host',
      ['apps/v1', 'Deployment'],
      pod({ volumes: [{ name: 'tmp', emptyDir: {} }] }),
      pod({ volumes: [{ name: 'tmp', hostPath: { path: '/' } }] }),
      ['.spec.template.spec.volumes[0].emptyDir'],
    ],
    [
      'no pod may be missed',
      ['policy/v1', 'PodDisruptionBudget'],
      { spec: { maxUnavailable: 0 } },
      { spec: {} },
      ['.spec.maxUnavailable'],
    ],
    ['a key that a user has called so', ['v1', 'ConfigMap'], { data: { emptyDir: '' } }, { data: {} }, []],
  ])('%s', (_what, [apiVersion, kind], wanted, live, expectedPaths) => {
    const differences = differencesOf(
      expected(object(apiVersion, kind, wanted)),
      object(apiVersion, kind, live),
    );
    expect(paths(differences)).toEqual(expectedPaths);
  });
});

describe('replicas under an autoscaler', () => {
  const deployment = {
    ...object('apps/v1', 'Deployment', {}),
    metadata: { name: 'shop', namespace: 'apps' },
  };
  const autoscaler = (spec: JsonObject, metadata: JsonObject = {}): KubernetesObject => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'shop', namespace: 'apps', ...metadata },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'shop' }, ...spec },
  });
  const replicas = (found: Json): Difference => ({ path: '.spec.replicas', wanted: 2, found, owners: [] });

  test.each<[string, Json, KubernetesObject, boolean]>([
    ['are its work', 5, autoscaler({}), true],
    ['at zero are not: it does nothing there', 0, autoscaler({}), false],
    ['at zero are where it may go there', 0, autoscaler({ minReplicas: 0 }), true],
    [
      "at zero are KEDA's",
      0,
      autoscaler({}, { ownerReferences: [{ kind: 'ScaledObject', name: 'a' }] }),
      true,
    ],
  ])('%s', (_what, found, scaler, expectedAnswer) => {
    expect(isAutoscaled(replicas(found), deployment, [scaler])).toBe(expectedAnswer);
  });

  const owned = (subresource: string): Difference => ({
    ...replicas(5),
    owners: [
      {
        manager: 'kube-controller-manager',
        operation: 'Update',
        apiVersion: 'apps/v1',
        subresource,
        fields: {},
      },
    ],
  });

  test.each<[string, Difference, readonly KubernetesObject[] | undefined, boolean]>([
    ['of one that is gone are not', owned('scale'), [], false],
    ['are told by their owner where autoscalers may not be read', owned('scale'), undefined, true],
    ['are nobody else’s where autoscalers may not be read', replicas(5), undefined, false],
  ])('%s', (_what, difference, scalers, expectedAnswer) => {
    expect(isAutoscaled(difference, deployment, scalers)).toBe(expectedAnswer);
  });
});

test('what a webhook made of an object of Helm 3, which updates, may be its work', () => {
  const by = (manager: string): Difference => ({
    path: '.spec.a',
    wanted: 1,
    found: 2,
    owners: [{ manager, operation: 'Update', apiVersion: 'v1', fields: {} }],
  });
  expect(isAsApplied(by('helm'), expected(gateway, 'helm'))).toBe(true);
  expect(isAsApplied(by('kubectl-edit'), expected(gateway, 'helm'))).toBe(false);
});

test('an object that somebody has deleted, and that is held back', () => {
  const live = {
    ...gateway,
    metadata: {
      name: 'shop',
      deletionTimestamp: '2026-11-25T10:00:00Z',
      finalizers: ['gateway.k8s.aws/alb'],
    },
  };
  expect(deletedOf(expected(gateway), live)).toMatchObject({
    path: '.metadata.deletionTimestamp',
    wanted: null,
    found: '2026-11-25T10:00:00Z',
    severity: 'error',
    passing: true,
    remedy: expect.stringContaining('held by gateway.k8s.aws/alb'),
  });
});
