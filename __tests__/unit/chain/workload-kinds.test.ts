// The link `workload` behind other kinds than a Deployment that runs: StatefulSets, paused rollouts, nodes that are on their way.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeWorkload } from '../../../src/chain/workload.ts';
import {
  container,
  deployment,
  endpoint,
  labels,
  look,
  namespace,
  notReady,
  pod,
  say,
  slice,
  type World,
  waits,
} from './workload-world.ts';

const set = (status: JsonObject = {}, spec: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace, generation: 2 },
  spec: { replicas: 2, template: { metadata: { labels } }, ...spec },
  status: {
    observedGeneration: 2,
    readyReplicas: 2,
    updatedReplicas: 2,
    currentRevision: 'web-1',
    updateRevision: 'web-1',
    ...status,
  },
});
const ofSet = (name: string, status: JsonObject = {}): KubernetesObject =>
  pod({ metadata: { name, ownerReferences: [{ kind: 'StatefulSet', name: 'web' }] }, status });
const event = (about: JsonObject, reason: string, message: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace },
  involvedObject: about,
  reason,
  message,
  lastTimestamp: '2026-11-22T22:59:00Z',
});
const world = (of: KubernetesObject, more: World = {}): World => ({
  deployments: [],
  sets: [of],
  pods: [ofSet('web-0')],
  ...more,
});

describe('a StatefulSet', () => {
  test.each<[string, World, string]>([
    ['is rolled out', world(set()), 'ok'],
    [
      'was changed, and its controller has not looked',
      world(set({ observedGeneration: 1 })),
      'waiting workload/rolling-out',
    ],
    [
      'still has pods of the version before',
      world(set({ updateRevision: 'web-2' })),
      'waiting workload/rolling-out',
    ],
    ['has a pod that is not ready', world(set({ readyReplicas: 1 })), 'waiting workload/rolling-out'],
    [
      'is rolled out as far as its partition says',
      world(
        set(
          { updateRevision: 'web-2', updatedReplicas: 1 },
          { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
        ),
      ),
      'ok',
    ],
    [
      'is only changed as its pods are deleted',
      world(set({ updateRevision: 'web-2' }, { updateStrategy: { type: 'OnDelete' } })),
      'ok',
    ],
    [
      'whose new pod ends again and again, while the others serve',
      world(set({ updateRevision: 'web-2', readyReplicas: 1 }), {
        pods: [
          ofSet('web-0'),
          ofSet('web-1', {
            conditions: [notReady],
            containerStatuses: [{ name: 'web', ready: false, restartCount: 3, ...waits('CrashLoopBackOff') }],
          }),
        ],
      }),
      'broken workload/crash-loop',
    ],
    [
      'is scaled to zero',
      world(set({ readyReplicas: 0, updatedReplicas: 0 }, { replicas: 0 }), {
        pods: [],
        slices: [slice([])],
      }),
      'broken workload/scaled-to-zero',
    ],
    ['may not be read', world(set({ updateRevision: 'web-2' }), { denied: ['StatefulSet'] }), 'ok'],
    [
      'of another Service',
      world(set({ updateRevision: 'web-2' }, { template: { metadata: { labels: { app: 'other' } } } })),
      'ok',
    ],
  ])('that %s', async (_, given, said) => {
    expect(say((await look(given)).verdict)).toBe(said);
  });

  test('that gets no pods says why', async () => {
    const message =
      'create Pod web-1 in StatefulSet web failed error: pods "web-1" is forbidden: exceeded quota: small';
    const about = { kind: 'StatefulSet', name: 'web' };
    const given = world(set({ readyReplicas: 1 }), { events: [event(about, 'FailedCreate', message)] });
    expect((await look(given)).verdict).toMatchObject({
      state: 'broken',
      code: 'workload/rollout-stuck',
      message: `StatefulSet apps/web gets no pods: ${message}.`,
      evidence: expect.arrayContaining([{ from: 'StatefulSet apps/web event FailedCreate', saw: message }]),
    });
    const later = event(about, 'SuccessfulCreate', 'create Pod web-1 in StatefulSet web successful');
    const mended = world(set({ readyReplicas: 1 }), {
      events: [event(about, 'FailedCreate', message), { ...later, lastTimestamp: '2026-11-22T22:59:30Z' }],
    });
    expect(say((await look(mended)).verdict)).toBe('waiting workload/rolling-out');
  });
});

describe('a DaemonSet', () => {
  const daemons = (status: JsonObject = {}, spec: JsonObject = {}): KubernetesObject => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'web', namespace, generation: 2 },
    spec: { template: { metadata: { labels } }, ...spec },
    status: {
      observedGeneration: 2,
      desiredNumberScheduled: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
      ...status,
    },
  });
  const ofDaemons = (status: JsonObject): KubernetesObject =>
    pod({ metadata: { name: 'web-x', ownerReferences: [{ kind: 'DaemonSet', name: 'web' }] }, status });

  test.each<[string, World, string]>([
    ['has its pod on each node', world(daemons()), 'ok'],
    [
      'was changed, and its controller has not looked',
      world(daemons({ observedGeneration: 1 })),
      'waiting workload/rolling-out',
    ],
    [
      'has an old pod on a node',
      world(daemons({ updatedNumberScheduled: 1 })),
      'waiting workload/rolling-out',
    ],
    [
      'has a pod that is not available',
      world(daemons({ numberAvailable: 1 })),
      'waiting workload/rolling-out',
    ],
    [
      'is only changed as its pods are deleted',
      world(daemons({ updatedNumberScheduled: 0 }, { updateStrategy: { type: 'OnDelete' } })),
      'ok',
    ],
    [
      'whose new pod ends again and again, while the others serve',
      world(daemons({ numberAvailable: 1 }), {
        pods: [
          ofDaemons({
            conditions: [notReady],
            containerStatuses: [{ name: 'web', ready: false, restartCount: 3, ...waits('CrashLoopBackOff') }],
          }),
        ],
      }),
      'broken workload/crash-loop',
    ],
    [
      'fits no node',
      world(daemons({ desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0 }), {
        pods: [],
        slices: [slice([])],
      }),
      'broken workload/not-scheduled',
    ],
    ['may not be read', world(daemons({ numberAvailable: 1 }), { denied: ['DaemonSet'] }), 'ok'],
  ])('that %s', async (_, given, said) => {
    expect(say((await look(given)).verdict)).toBe(said);
  });

  test('says how far it is', async () => {
    expect((await look(world(daemons({ numberAvailable: 1 })))).verdict.message).toBe(
      'The rollout of DaemonSet apps/web is not finished: 1 of 2 pods available, 2 updated.',
    );
  });
});

test('a paused rollout is not waited for', async () => {
  const { verdict } = await look({
    deployments: [deployment({ spec: { paused: true }, status: { updatedReplicas: 0 } })],
  });
  expect(verdict).toMatchObject({
    state: 'broken',
    code: 'workload/rollout-stuck',
    hint: expect.stringContaining('kubectl --namespace apps rollout resume deployment web'),
  });
});

describe('a pod without a node', () => {
  const unscheduled = pod({
    spec: { containers: [container([])] },
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: 'no nodes available to schedule pods',
        },
      ],
    },
  });
  const waiting: World = {
    deployments: [deployment({ status: { availableReplicas: 0 } })],
    pods: [unscheduled],
    slices: [slice([endpoint('10.0.0.1', false)])],
  };

  test('does not get one by waiting', async () => {
    expect((await look(waiting)).verdict).toMatchObject({
      state: 'broken',
      code: 'workload/not-scheduled',
      message: 'No node takes Pod apps/web-1: no nodes available to schedule pods.',
    });
  });

  test.each([
    ['TriggeredScaleUp', 'pod triggered scale-up: [{workers 1->2 (max: 10)}]'],
    ['Nominated', 'Pod should schedule on: nodeclaim/default-7xk2p'],
  ])('waits for the one that an autoscaler brings (%s)', async (reason, message) => {
    const { verdict } = await look({
      ...waiting,
      events: [event({ kind: 'Pod', name: 'web-1' }, reason, message)],
    });
    expect(verdict).toMatchObject({
      state: 'waiting',
      code: 'workload/not-scheduled',
      message: `No node takes Pod apps/web-1: no nodes available to schedule pods. A node is on its way: ${message}.`,
    });
  });

  test('is not helped by what the autoscaler says of another', async () => {
    const other = event({ kind: 'Pod', name: 'api-1' }, 'Nominated', 'Pod should schedule on: node/a');
    const none = event({ kind: 'Pod', name: 'web-1' }, 'NotTriggerScaleUp', "pod didn't trigger scale-up");
    expect(say((await look({ ...waiting, events: [other, none] })).verdict)).toBe(
      'broken workload/not-scheduled',
    );
  });
});

test('routes that send nowhere are not waited for', () => {
  const { verdict } = judgeWorkload([], { nowhere: ['HTTPRoute apps/web'] });
  expect(verdict).toMatchObject({
    state: 'broken',
    code: 'route/no-backend',
    message:
      'No rule of HTTPRoute apps/web has a backend with a weight: the load balancer answers every request with an error.',
  });
  expect(say(judgeWorkload([], { nowhere: [] }).verdict)).toBe('skipped look/not-used');
});
