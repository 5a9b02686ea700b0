// Everything the controller knows of the cluster: one cache for each resource it watches.
import type { KubeApi } from './kube/api.ts';
import { ApiError, isConflict, isNotFound, type KubeObject } from './kube/api.ts';
import { Cache, type Change, keyOf } from './kube/cache.ts';
import {
  type EndpointSlice,
  GATEWAY_GROUP,
  type Gateway,
  type GatewayClass,
  type LoadBalancerConfiguration,
  type Namespace,
  type ReferenceGrant,
  type Route,
  type Service,
  type TargetGroupBinding,
  type TargetGroupConfiguration,
} from './objects.ts';

const GATEWAY = `${GATEWAY_GROUP}/v1`;
const AWS = 'gateway.k8s.aws/v1';

export class World {
  readonly api: KubeApi;
  readonly classes: Cache<GatewayClass>;
  readonly gateways: Cache<Gateway>;
  readonly httpRoutes: Cache<Route>;
  readonly grpcRoutes: Cache<Route>;
  readonly grants: Cache<ReferenceGrant>;
  readonly services: Cache<Service>;
  readonly slices: Cache<EndpointSlice>;
  readonly namespaces: Cache<Namespace>;
  readonly configurations: Cache<LoadBalancerConfiguration>;
  readonly targetConfigurations: Cache<TargetGroupConfiguration>;
  readonly bindings: Cache<TargetGroupBinding>;

  constructor(api: KubeApi) {
    this.api = api;
    this.classes = new Cache(api, GATEWAY, 'gatewayclasses');
    this.gateways = new Cache(api, GATEWAY, 'gateways');
    this.httpRoutes = new Cache(api, GATEWAY, 'httproutes');
    this.grpcRoutes = new Cache(api, GATEWAY, 'grpcroutes');
    this.grants = new Cache(api, `${GATEWAY_GROUP}/v1beta1`, 'referencegrants');
    this.services = new Cache(api, 'v1', 'services');
    this.slices = new Cache(api, 'discovery.k8s.io/v1', 'endpointslices');
    this.namespaces = new Cache(api, 'v1', 'namespaces');
    this.configurations = new Cache(api, AWS, 'loadbalancerconfigurations');
    this.targetConfigurations = new Cache(api, AWS, 'targetgroupconfigurations');
    this.bindings = new Cache(api, 'elbv2.k8s.aws/v1beta1', 'targetgroupbindings');
  }

  get routeCaches(): { kind: 'HTTPRoute' | 'GRPCRoute'; cache: Cache<Route> }[] {
    return [
      { kind: 'HTTPRoute', cache: this.httpRoutes },
      { kind: 'GRPCRoute', cache: this.grpcRoutes },
    ];
  }

  async start(signal: AbortSignal, trouble: (resource: string, error: unknown) => void): Promise<void> {
    const caches: { resource: string; start: Cache<KubeObject>['start'] }[] = [
      this.classes,
      this.namespaces,
      this.services,
      this.slices,
      this.configurations,
      this.targetConfigurations,
      this.grants,
      this.bindings,
      this.httpRoutes,
      this.grpcRoutes,
      this.gateways,
    ];
    for (const cache of caches) await cache.start(signal, (error) => trouble(cache.resource, error));
  }

  async addFinalizer<T extends KubeObject>(cache: Cache<T>, object: T, finalizer: string): Promise<T> {
    if (object.metadata.finalizers?.includes(finalizer)) return object;
    return await this.#setFinalizers(cache, object, [...(object.metadata.finalizers ?? []), finalizer]);
  }

  async removeFinalizer<T extends KubeObject>(cache: Cache<T>, object: T, finalizer: string): Promise<void> {
    if (!object.metadata.finalizers?.includes(finalizer)) return;
    try {
      await this.#setFinalizers(
        cache,
        object,
        object.metadata.finalizers.filter((name) => name !== finalizer),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The resource version goes along, so that a finalizer which somebody else added meanwhile is not lost. */
  async #setFinalizers<T extends KubeObject>(cache: Cache<T>, object: T, finalizers: string[]): Promise<T> {
    const patch = (current: T): Promise<T> =>
      this.api.merge<T>(cache.path(current), {
        metadata: { finalizers, resourceVersion: current.metadata.resourceVersion },
      });
    try {
      const written = await patch(object);
      cache.remember(written);
      return written;
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new ApiError(409, 'Conflict', `finalizers of ${keyOf(object)} changed meanwhile`);
    }
  }
}

export type { Change };
