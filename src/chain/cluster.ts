// The chain's port to a cluster: read one object, read all of a kind, read a pod's log.
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Lower-case plural as in the URL: `httproutes`. */
  readonly plural: string;
}

export interface ClusterReader {
  /** `undefined` when the object (or its kind) does not exist: a 404 is a value. */
  get(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<Seen<KubernetesObject | undefined>>;
  /** All objects of a kind, in one namespace or in all; empty when the kind does not exist. */
  list(
    kind: Kind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>>;
  /** The last `lines` lines of a pod's first container. */
  log(namespace: string, pod: string, lines: number, signal: AbortSignal): Promise<Seen<string>>;
}

const gateway = 'gateway.networking.k8s.io/v1';

export const kinds = {
  crd: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
  },
  gatewayClass: { apiVersion: gateway, kind: 'GatewayClass', plural: 'gatewayclasses' },
  gateway: { apiVersion: gateway, kind: 'Gateway', plural: 'gateways' },
  loadBalancerConfiguration: {
    apiVersion: 'gateway.k8s.aws/v1beta1',
    kind: 'LoadBalancerConfiguration',
    plural: 'loadbalancerconfigurations',
  },
  listenerSet: { apiVersion: gateway, kind: 'ListenerSet', plural: 'listenersets' },
  httpRoute: { apiVersion: gateway, kind: 'HTTPRoute', plural: 'httproutes' },
  grpcRoute: { apiVersion: gateway, kind: 'GRPCRoute', plural: 'grpcroutes' },
  deployment: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' },
  statefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' },
  daemonSet: { apiVersion: 'apps/v1', kind: 'DaemonSet', plural: 'daemonsets' },
  namespace: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces' },
  service: { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  pod: { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  event: { apiVersion: 'v1', kind: 'Event', plural: 'events' },
  endpointSlice: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices' },
  targetGroupBinding: {
    apiVersion: 'elbv2.k8s.aws/v1beta1',
    kind: 'TargetGroupBinding',
    plural: 'targetgroupbindings',
  },
} as const satisfies Record<string, Kind>;
