// Objects that a reader of the cluster would see, and moments before and after this run's write.
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

export const { signal } = new AbortController();
export const since = new Date('2026-11-22T23:00:00Z');
export const at = new Date('2026-11-22T23:00:20Z');
export const before = '2026-11-22T22:00:00Z';
export const after = '2026-11-22T23:00:05Z';
export const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

export type Objects = Readonly<
  Record<string, KubernetesObject | { readonly denied: string } | { readonly failed: string }>
>;

/** Objects by `Kind namespace/name`. */
export const readerOf = (
  objects: Objects,
  events: Seen<readonly KubernetesObject[]> = { at, value: [] },
): ClusterReader => ({
  get: async (kind, namespace, name) => {
    const found = objects[`${kind.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`];
    return found !== undefined && ('denied' in found || 'failed' in found)
      ? ({ at, ...found } as Seen<never>)
      : { at, value: found as KubernetesObject | undefined };
  },
  list: async ({ kind }) =>
    kind === 'Event'
      ? events
      : {
          at,
          value: Object.values(objects).flatMap((each) =>
            'kind' in each && each.kind === kind ? [each as KubernetesObject] : [],
          ),
        },
  log: async () => ({ at, value: '' }),
});

export const condition = (type: string, status: string, rest: JsonObject = {}): JsonObject => ({
  type,
  status,
  reason: type,
  message: '',
  observedGeneration: 1,
  lastTransitionTime: after,
  ...rest,
});
export const arn = 'arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/a/b';
export const good = [condition('Accepted', 'True'), condition('Programmed', 'True', { message: arn })];
export const gateway = (
  conditions: readonly JsonObject[],
  rest: { status?: JsonObject; metadata?: JsonObject; spec?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra', generation: 1, uid: 'u1', ...rest.metadata },
  spec: {
    gatewayClassName: 'alb',
    listeners: [
      {
        name: 'https',
        port: 443,
        protocol: 'HTTPS',
        hostname: '*.example.com',
        allowedRoutes: { namespaces: { from: 'All' } },
      },
    ],
    ...rest.spec,
  },
  status: { conditions, addresses: [{ type: 'Hostname', value: 'A.elb.amazonaws.com' }], ...rest.status },
});
export const event = (
  reason: string,
  message: string,
  lastTimestamp: string,
  uid = 'u1',
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${reason}${lastTimestamp}` },
  involvedObject: { kind: 'Gateway', name: 'public', uid },
  reason,
  message,
  lastTimestamp,
});
