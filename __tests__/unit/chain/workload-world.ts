// A namespace with a Service and what stands behind it, each to be varied, and what the link `workload` says of it.
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { observeWorkload } from '../../../src/chain/observe-workload.ts';
import { judgeWorkload } from '../../../src/chain/workload.ts';
import type { BackendRef } from '../../../src/gateway/backend-refs.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:00:00Z');
export const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

export const namespace = 'apps';
export const labels = { app: 'web' };

export const service = (spec: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});
export const deployment = (
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
export const notReady = { type: 'Ready', status: 'False', reason: 'ContainersNotReady' };
export const container = (ports: readonly JsonObject[], rest: JsonObject = {}): JsonObject => ({
  name: 'web',
  image: 'nginx:1.29',
  ports,
  ...rest,
});
export const pod = (
  rest: { readonly spec?: JsonObject; readonly status?: JsonObject; readonly metadata?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace, labels, ...rest.metadata },
  spec: { containers: [container([{ name: 'http', containerPort: 8080 }])], ...rest.spec },
  status: { phase: 'Running', conditions: [ready], ...rest.status },
});
export const slice = (endpoints: readonly JsonObject[], name = 'web'): KubernetesObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-x`, namespace, labels: { 'kubernetes.io/service-name': name } },
  endpoints,
});
export const endpoint = (address: string, isReady?: boolean): JsonObject => ({
  addresses: [address],
  conditions: isReady === undefined ? {} : { ready: isReady },
});

export interface World {
  readonly services?: readonly KubernetesObject[];
  readonly deployments?: readonly KubernetesObject[];
  readonly pods?: readonly KubernetesObject[];
  readonly slices?: readonly KubernetesObject[];
  readonly sets?: readonly KubernetesObject[];
  readonly events?: readonly KubernetesObject[];
  /** Kinds that may not be read. */
  readonly denied?: readonly string[];
}

export const look = async (
  world: World = {},
  backends: readonly BackendRef[] = [{ namespace, name: 'web', port: 80 }],
) => {
  const { denied = [] } = world;
  const all: Readonly<Record<string, readonly KubernetesObject[]>> = {
    Service: world.services ?? [service()],
    Deployment: world.deployments ?? [deployment()],
    Pod: world.pods ?? [pod()],
    EndpointSlice: world.slices ?? [slice([endpoint('10.0.0.1', true)])],
    StatefulSet: (world.sets ?? []).filter(({ kind }) => kind === 'StatefulSet'),
    DaemonSet: (world.sets ?? []).filter(({ kind }) => kind === 'DaemonSet'),
    Event: world.events ?? [],
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
export const failing = (containerStatus: JsonObject, more: JsonObject = {}): World => ({
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
export const waits = (reason: string, message?: string): JsonObject => ({
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
});
