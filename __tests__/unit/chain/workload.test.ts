// The link `workload`: rollout, endpoints, and the Service's port against the containers'.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { judgeWorkload, observeWorkload } from '../../../src/chain/workload.ts';
import type { BackendRef } from '../../../src/gateway/backend-refs.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:00:00Z');
const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

const namespace = 'apps';
const labels = { app: 'web' };

const service = (spec: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});
const deployment = (
  rest: { readonly spec?: JsonObject; readonly status?: JsonObject; readonly metadata?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace, generation: 2, ...rest.metadata },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels } },
    ...rest.spec,
  },
  status: {
    observedGeneration: 2,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    ...rest.status,
  },
});
const ready = { type: 'Ready', status: 'True' };
const notReady = { type: 'Ready', status: 'False', reason: 'ContainersNotReady' };
const container = (ports: readonly JsonObject[], rest: JsonObject = {}): JsonObject => ({
  name: 'web',
  image: 'nginx:1.29',
  ports,
  ...rest,
});
const pod = (
  rest: { readonly spec?: JsonObject; readonly status?: JsonObject; readonly metadata?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace, labels, ...rest.metadata },
  spec: { containers: [container([{ name: 'http', containerPort: 8080 }])], ...rest.spec },
  status: { phase: 'Running', conditions: [ready], ...rest.status },
});
const slice = (endpoints: readonly JsonObject[], name = 'web'): KubernetesObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-x`, namespace, labels: { 'kubernetes.io/service-name': name } },
  endpoints,
});
const endpoint = (address: string, isReady?: boolean): JsonObject => ({
  addresses: [address],
  conditions: isReady === undefined ? {} : { ready: isReady },
});

interface World {
  readonly services?: readonly KubernetesObject[];
  readonly deployments?: readonly KubernetesObject[];
  readonly pods?: readonly KubernetesObject[];
  readonly slices?: readonly KubernetesObject[];
  /** Kinds that may not be read. */
  readonly denied?: readonly string[];
}

const look = async (
  world: World = {},
  backends: readonly BackendRef[] = [{ namespace, name: 'web', port: 80 }],
) => {
  const { denied = [] } = world;
  const all: Readonly<Record<string, readonly KubernetesObject[]>> = {
    Service: world.services ?? [service()],
    Deployment: world.deployments ?? [deployment()],
    Pod: world.pods ?? [pod()],
    EndpointSlice: world.slices ?? [slice([endpoint('10.0.0.1', true)])],
  };
  const seen = <Value>(kind: string, value: Value): Seen<Value> =>
    denied.includes(kind) ? { at, denied: `list ${kind}` } : { at, value };
  const inside = (kind: string, where: string | undefined) =>
    (all[kind] ?? []).filter(({ metadata }) => metadata.namespace === where);
  const reader: ClusterReader = {
    get: async ({ kind }, where, name) =>
      seen(
        kind,
        inside(kind, where).find(({ metadata }) => metadata.name === name),
      ),
    list: async ({ kind }, where) => seen(kind, inside(kind, where)),
    log: async () => ({ at, value: '' }),
  };
  return judgeWorkload(await observeWorkload(reader, { backends }, signal));
};
const failing = (containerStatus: JsonObject, more: JsonObject = {}): World => ({
  deployments: [deployment({ status: { availableReplicas: 0 } })],
  pods: [
    pod({
      status: {
        conditions: [notReady],
        containerStatuses: [{ name: 'web', image: 'nginx:nope', ready: false, ...containerStatus }],
        ...more,
      },
    }),
  ],
  slices: [slice([endpoint('10.0.0.1', false)])],
});
const waits = (reason: string, message?: string): JsonObject => ({
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
});

describe('rollout and endpoints', () => {
  test.each<[string, World, string]>([
    ['all is well', {}, 'ok'],
    [
      'an older generation',
      { deployments: [deployment({ status: { observedGeneration: 1 } })] },
      'waiting workload/rolling-out',
    ],
    [
      'old pods beside new ones',
      { deployments: [deployment({ status: { replicas: 2 } })] },
      'waiting workload/rolling-out',
    ],
    [
      'paused half way',
      { deployments: [deployment({ spec: { paused: true }, status: { updatedReplicas: 0 } })] },
      'waiting workload/rolling-out',
    ],
    [
      'a Deployment that the Service does not select',
      {
        deployments: [
          deployment({ spec: { template: { metadata: { labels: { app: 'b' } } } }, status: { replicas: 2 } }),
        ],
      },
      'ok',
    ],
    ['crash loop', failing({ restartCount: 4, ...waits('CrashLoopBackOff') }), 'broken workload/crash-loop'],
    [
      'between two crashes',
      failing({
        restartCount: 2,
        state: { running: {} },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      }),
      'broken workload/crash-loop',
    ],
    [
      'one restart is no loop',
      failing({ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }),
      'waiting workload/rolling-out',
    ],
    [
      'image',
      failing(waits('ImagePullBackOff', 'Back-off pulling image "nginx:nope"')),
      'broken workload/image-pull',
    ],
    [
      'a missing ConfigMap',
      failing(waits('CreateContainerConfigError', 'configmap "x" not found')),
      'broken workload/rollout-stuck',
    ],
    ['starting', failing(waits('ContainerCreating')), 'waiting workload/rolling-out'],
    [
      'no node',
      failing(
        {},
        {
          conditions: [
            { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
          ],
        },
      ),
      'broken workload/not-scheduled',
    ],
    [
      'a quota',
      {
        deployments: [
          deployment({
            status: {
              replicas: 0,
              updatedReplicas: 0,
              conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }],
            },
          }),
        ],
        pods: [],
      },
      'broken workload/rollout-stuck',
    ],
    [
      'past its deadline',
      {
        deployments: [
          deployment({
            status: {
              availableReplicas: 0,
              conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
            },
          }),
        ],
      },
      'broken workload/rollout-stuck',
    ],
    ['pods without a Deployment', { deployments: [] }, 'ok'],
    [
      'such pods, ending again and again',
      { ...failing({ restartCount: 4, ...waits('CrashLoopBackOff') }), deployments: [] },
      'broken workload/crash-loop',
    ],
    [
      'such pods, not ready',
      { ...failing({ state: { running: {} } }), deployments: [] },
      'waiting workload/not-ready',
    ],
    [
      'a selector that nothing has',
      { services: [service({ selector: { app: 'wbe' } })], slices: [slice([])] },
      'broken workload/no-pods',
    ],
    [
      'scaled to zero',
      {
        deployments: [
          deployment({
            spec: { replicas: 0 },
            status: { replicas: 0, updatedReplicas: 0, availableReplicas: 0 },
          }),
        ],
        pods: [],
        slices: [slice([])],
      },
      'broken workload/scaled-to-zero',
    ],
    ['endpoints by hand', { services: [service({ selector: {} })], deployments: [], pods: [] }, 'ok'],
    [
      'no endpoints by hand',
      { services: [service({ selector: {} })], deployments: [], pods: [], slices: [] },
      'waiting workload/not-ready',
    ],
    ['an endpoint without the condition', { slices: [slice([endpoint('10.0.0.1')])] }, 'ok'],
    [
      "another Service's endpoints",
      { slices: [slice([endpoint('10.0.0.1', true)], 'other')] },
      'waiting workload/not-ready',
    ],
    ['no Service', { services: [] }, 'broken route/backend-not-found'],
    ['ExternalName', { services: [service({ type: 'ExternalName' })] }, 'skipped look/not-used'],
    ['Deployments may not be read', { denied: ['Deployment'] }, 'unknown look/denied'],
    [
      'nothing may be read',
      { denied: ['Service', 'Deployment', 'Pod', 'EndpointSlice'] },
      'unknown look/denied',
    ],
    [
      'what may be read is bad',
      { denied: ['Deployment'], slices: [slice([])], services: [service({ selector: { app: 'b' } })] },
      'broken workload/no-pods',
    ],
  ])('%s', async (_what, world, expected) => {
    expect(say((await look(world)).verdict)).toBe(expected);
  });

  test('a crash says how it ended and how to read why', async () => {
    const { verdict } = await look(
      failing({
        restartCount: 4,
        ...waits('CrashLoopBackOff', 'back-off 40s'),
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      }),
    );
    expect(verdict.message).toBe(
      'Container web of Pod apps/web-1 has ended 4 times, last with exit code 137 (OOMKilled).',
    );
    expect(verdict.state !== 'ok' && verdict.hint).toContain('logs web-1 --container web --previous');
  });
});

describe('ports', () => {
  const declares = (...ports: readonly JsonObject[]): World => ({
    pods: [pod({ spec: { containers: [container(ports)] } })],
  });

  test.each<[string, World, string, boolean]>([
    ['declared', {}, 'ok', false],
    ['not declared: a suspicion', declares({ name: 'http', containerPort: 80 }), 'ok', true],
    ['nothing is declared', declares(), 'ok', false],
    [
      'declared by a sidecar',
      {
        pods: [
          pod({
            spec: {
              containers: [container([{ containerPort: 80 }])],
              initContainers: [container([{ containerPort: 8080 }], { restartPolicy: 'Always' })],
            },
          }),
        ],
      },
      'ok',
      false,
    ],
    [
      'declared by an init container, which is over',
      {
        pods: [
          pod({
            spec: {
              containers: [container([{ containerPort: 80 }])],
              initContainers: [container([{ containerPort: 8080 }])],
            },
          }),
        ],
      },
      'ok',
      true,
    ],
    [
      'the new pods have it, the old ones not',
      { pods: [pod(), pod({ spec: { containers: [container([{ containerPort: 80 }])] } })] },
      'ok',
      false,
    ],
    ['by name', { services: [service({ ports: [{ port: 80, targetPort: 'http' }] })] }, 'ok', false],
    [
      'by a name that no container has',
      { services: [service({ ports: [{ port: 80, targetPort: 'web' }] })], slices: [slice([])] },
      'broken workload/port-name-unknown',
      false,
    ],
    ['without targetPort: its own number', { services: [service({ ports: [{ port: 80 }] })] }, 'ok', true],
  ])('%s', async (_what, world, expected, suspected) => {
    const { verdict, suspicion } = await look(world);
    expect(say(verdict)).toBe(expected);
    expect(suspicion !== undefined).toBe(suspected);
  });

  test('the suspicion names both', async () => {
    const { suspicion } = await look(declares({ name: 'http', containerPort: 80 }));
    expect(suspicion).toMatchObject({
      state: 'broken',
      code: 'workload/port-mismatch',
      message:
        'Service apps/web sends its port 80 to port 8080 of the pods, whose containers declare 80 (http), container web.',
    });
  });
});

test('of several backends the worst speaks, also in another namespace', async () => {
  const other = { namespace: 'shared', name: 'api', port: 80 };
  const there: KubernetesObject = {
    ...service({ selector: { app: 'api' } }),
    metadata: { name: 'api', namespace: 'shared' },
  };
  const both = await look({ services: [service(), there] }, [{ namespace, name: 'web', port: 80 }, other]);
  expect(say(both.verdict)).toBe('broken workload/no-pods');
  expect(both.verdict.message).toContain(
    'Service shared/api selects app=api, which no pod in namespace shared',
  );
  const none = await look({}, []);
  expect(say(none.verdict)).toBe('skipped look/not-used');
});
