// A controller that switched its gate for ALB Gateways off when it started, and those that did not.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { judgeGate, observeGate } from '../../../src/chain/gate.ts';
import { judgeRelease, observeRelease } from '../../../src/chain/release.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:01:00Z');
const all = 'ALBGatewayAPI=true,NLBGatewayAPI=false,GatewayListenerSet=false';

const deployment = (version: string, gates?: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'lbc', namespace: 'infra', generation: 1 },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'lbc' } },
    template: {
      spec: {
        containers: [
          {
            image: `aws-load-balancer-controller:v${version}`,
            args: gates === undefined ? [] : [`--feature-gates=${gates}`],
          },
        ],
      },
    },
  },
  status: {
    observedGeneration: 1,
    updatedReplicas: 1,
    conditions: [{ type: 'Available', status: 'True', reason: 'x' }],
  },
});

const pod = (name: string, startedAt: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'infra', labels: { app: 'lbc' } },
  status: { phase: 'Running', containerStatuses: [{ state: { running: { startedAt } } }] },
});

const crd = (name: string, creationTimestamp: string, served: readonly string[]): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name, creationTimestamp },
  spec: { versions: served.map((each) => ({ name: each, served: true })) },
});

interface Cluster {
  readonly lbc: KubernetesObject;
  readonly pods: readonly KubernetesObject[];
  /** When the definitions were made; absent: they do not exist. */
  readonly crds?: string;
  /** Versions that LBC's own serve; default v1. */
  readonly served?: readonly string[];
  readonly log?: string;
}

const reader = ({ lbc, pods, crds, served = ['v1'], log = '' }: Cluster): ClusterReader => ({
  get: async (_kind, _namespace, name) => ({
    at,
    value:
      crds === undefined ? undefined : crd(name, crds, name.endsWith('gateway.k8s.aws') ? served : ['v1']),
  }),
  list: async (kind) => ({ at, value: kind.kind === 'Pod' ? pods : [lbc] }),
  log: async () => ({ at, value: log }),
});

const judged = async (cluster: Cluster) => judgeGate(await observeGate(reader(cluster), signal));
const early = [pod('lbc-1', '2026-11-22T23:00:00Z')];

describe('what the controller found when it started', () => {
  test('definitions that came later: named, with the restart that mends it', async () => {
    const verdict = await judged({ lbc: deployment('3.5.0'), pods: early, crds: '2026-11-22T23:00:30Z' });
    expect(verdict).toMatchObject({ state: 'broken', code: 'controller/gate-off' });
    expect(verdict?.evidence[0]).toEqual({
      from: 'CustomResourceDefinition gateways.gateway.networking.k8s.io',
      saw: 'made 2026-11-22T23:00:30.000Z, after the controller started (2026-11-22T23:00:00.000Z)',
    });
    expect(verdict?.hint).toContain('kubectl --namespace infra rollout restart deployment lbc');
  });

  test('definitions that never came', async () => {
    const verdict = await judged({ lbc: deployment('3.2.0'), pods: early });
    expect(verdict?.evidence[0]?.saw).toBe('does not exist');
  });

  test('definitions of an older release, which do not serve what it reads', async () => {
    const verdict = await judged({
      lbc: deployment('3.5.0'),
      pods: early,
      crds: '2026-11-22T22:00:00Z',
      served: ['v1beta1'],
    });
    expect(verdict?.evidence[0]).toEqual({
      from: 'CustomResourceDefinition targetgroupconfigurations.gateway.k8s.aws',
      saw: 'serves v1beta1, not v1',
    });
  });

  test('its own word counts, whatever the times say', async () => {
    const log =
      '{"msg":"Disabling ALBGatewayAPI: missing standard Gateway API CRDs","missing":["GRPCRoute"]}';
    const verdict = await judged({
      lbc: deployment('3.2.0'),
      pods: early,
      crds: '2026-11-22T22:00:00Z',
      log: `{"msg":"starting"}\n${log}\n`,
    });
    expect(verdict?.evidence[0]).toEqual({ from: 'log of Deployment infra/lbc', saw: log });
  });

  test.each<[string, Cluster]>([
    ['were there before', { lbc: deployment('3.5.0'), pods: early, crds: '2026-11-22T22:00:00Z' }],
    [
      'only versions are served that it does not look for',
      { lbc: deployment('3.2.2'), pods: early, crds: '2026-11-22T22:00:00Z', served: ['v1beta1'] },
    ],
    [
      'are of a version that nobody knows, and serve something else',
      { lbc: deployment('latest'), pods: early, crds: '2026-11-22T22:00:00Z', served: ['v1beta1'] },
    ],
    [
      'both gates of 3.2.0 are given',
      { lbc: deployment('3.2.0', 'ALBGatewayAPI=true,NLBGatewayAPI=false'), pods: early },
    ],
    ['all three gates are given', { lbc: deployment('3.5.0', all), pods: early }],
    ['before 3.2 nothing is detected', { lbc: deployment('3.1.0'), pods: early }],
    [
      'one pod started later',
      {
        lbc: deployment('3.5.0'),
        pods: [...early, pod('lbc-2', '2026-11-22T23:00:45Z')],
        crds: '2026-11-22T23:00:30Z',
      },
    ],
    ['no pod is there to have decided', { lbc: deployment('3.5.0'), pods: [] }],
  ])('nothing is said where they %s', async (_what, cluster) => {
    expect(await judged(cluster)).toBeUndefined();
  });
});

describe('what its flags say, at the link `release`', () => {
  test.each<[string, string | undefined, string]>([
    ['3.5.0', undefined, 'ok'],
    ['3.5.0', all, 'ok'],
    ['3.5.0', 'ALBGatewayAPI=false', 'controller/gate-off'],
    ['3.1.0', undefined, 'controller/gate-off'],
    ['2.14.0', 'ALBGatewayAPI=true', 'ok'],
  ])('%s with %s: %s', async (version, gates, code) => {
    const seen = await observeRelease(reader({ lbc: deployment(version, gates), pods: early }), signal);
    const verdict = judgeRelease({ externalDns: false }, seen);
    expect(verdict.state === 'ok' ? 'ok' : verdict.code).toBe(code);
  });
});
