// Which Deployments are not rolled out, and what is said about each.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { stuckRollouts } from '../../../src/chain/rollout.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-23T00:00:00Z');

const deployment = (status: JsonObject, replicas = 1): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', generation: 2 },
  spec: { replicas, selector: { matchLabels: { app: 'web' } } },
  status: { observedGeneration: 2, ...status },
});
const fine = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

const ofKind = (kind: string, status: JsonObject): KubernetesObject => ({
  ...deployment({}),
  kind,
  status: { observedGeneration: 2, ...status },
});
const daemonSet = (status: JsonObject): KubernetesObject =>
  ofKind('DaemonSet', {
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    ...status,
  });
const statefulSet = (readyReplicas: number): KubernetesObject => ofKind('StatefulSet', { readyReplicas });

const pod = (status: JsonObject, metadata: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', labels: { app: 'web' }, ...metadata },
  status,
});
const container = (rest: JsonObject): JsonObject => ({
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [{ name: 'main', ready: false, restartCount: 0, ...rest }],
});

const stuck = async (found: KubernetesObject | undefined, ...pods: KubernetesObject[]) => {
  const reader: ClusterReader = {
    get: async () => ({ at, value: found }),
    list: async () => ({ at, value: pods }),
    log: async () => ({ at, value: '' }),
  };
  return stuckRollouts(
    reader,
    [{ kind: found?.kind ?? 'Deployment', namespace: 'shop', name: 'web' }],
    signal,
  );
};

describe('is it rolled out', () => {
  test.each<[string, KubernetesObject | undefined, boolean]>([
    ['all replicas new and available', deployment(fine), true],
    ['scaled to none', deployment({}, 0), true],
    ['it does not exist', undefined, true],
    ['its change was not looked at yet', deployment({ ...fine, observedGeneration: 1 }), false],
    ['not all are new', deployment({ ...fine, replicas: 2, updatedReplicas: 1 }, 2), false],
    ['an old one still serves', deployment({ ...fine, replicas: 2 }), false],
    ['the new one is not available', deployment({ ...fine, availableReplicas: 0 }), false],
    ['a pod on each node', daemonSet({}), true],
    ['a node without the new pod', daemonSet({ updatedNumberScheduled: 1 }), false],
    ['a pod of a node is not available', daemonSet({ numberAvailable: 1 }), false],
    ['a StatefulSet with a pod that is not ready', statefulSet(0), false],
    ['a StatefulSet that is ready', statefulSet(1), true],
  ])('%s: %#', async (_what, found, rolledOut) => {
    expect(await stuck(found)).toHaveLength(rolledOut ? 0 : 1);
  });

  test('one that may not be read is left out', async () => {
    const denied: ClusterReader = {
      get: async () => ({ at, denied: 'get deployments.apps in namespace shop' }),
      list: async () => ({ at, value: [] }),
      log: async () => ({ at, value: '' }),
    };
    expect(
      await stuckRollouts(denied, [{ kind: 'Deployment', namespace: 'shop', name: 'web' }], signal),
    ).toEqual([]);
  });
});

describe('what its pods say', () => {
  const loop = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
  const one = { lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
  test.each<[string, JsonObject, string, string]>([
    [
      'crashing',
      container({ state: { waiting: loop }, restartCount: 2, ...one }),
      'CrashLoopBackOff, ended with exit code 137 (OOMKilled), 2 restarts',
      'CrashLoopBackOff, ended with exit code 137 (OOMKilled), 2 restarts: back-off 10s',
    ],
    [
      'no image',
      container({ state: { waiting: { reason: 'ImagePullBackOff' } } }),
      'ImagePullBackOff',
      'ImagePullBackOff',
    ],
    [
      'ended',
      container({ state: { terminated: { exitCode: 1 } } }),
      'ended with exit code 1',
      'ended with exit code 1',
    ],
    ['never ready', container({ state: { running: {} } }), 'runs, not ready', 'runs, not ready'],
    [
      'without a node',
      {
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available',
          },
        ],
      },
      'not scheduled (Unschedulable)',
      'not scheduled (Unschedulable): 0/3 nodes are available',
    ],
    ['nothing yet', { phase: 'Pending' }, 'Pending, not ready', 'Pending, not ready'],
  ])('%s', async (_what, status, why, saw) => {
    const [found] = await stuck(deployment({ replicas: 1, updatedReplicas: 1 }), pod(status));
    expect(found).toMatchObject({ ref: 'Deployment shop/web', why });
    expect(found?.evidence.map((fact) => fact.saw)).toEqual([saw]);
    expect(found?.evidence[0]?.from).toMatch(/^Pod shop\/web-1( container main)?$/);
  });

  test('ready ones, ones that go, and those of others say nothing; then the Deployment speaks', async () => {
    const quota = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota',
    };
    const [found] = await stuck(
      deployment({ conditions: [{ type: 'Available', status: 'False', reason: 'Minimum' }, quota] }),
      pod({ conditions: [{ type: 'Ready', status: 'True' }] }),
      pod({ phase: 'Pending' }, { deletionTimestamp: '2026-11-23T00:00:00Z' }),
      pod({ phase: 'Pending' }, { labels: { app: 'other' } }),
    );
    expect(found?.why).toBe('FailedCreate');
    expect(found?.evidence.map(({ saw }) => saw)).toEqual([
      'ReplicaFailure=True FailedCreate: exceeded quota',
    ]);
  });
});
