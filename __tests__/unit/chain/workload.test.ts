// The link `workload`: rollout, endpoints, and the Service's port against the containers'.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import {
  container,
  deployment,
  endpoint,
  failing,
  look,
  namespace,
  pod,
  say,
  service,
  slice,
  type World,
  waits,
} from './workload-world.ts';

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
      'broken workload/rollout-stuck',
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
    ['ExternalName', { services: [service({ type: 'ExternalName' })] }, 'broken workload/no-pods'],
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
