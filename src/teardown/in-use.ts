// What others still need of what is to be removed: their routes and ListenerSets on our Gateways, their Gateways of our classes.
import { field, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { gatewayGroup, namespaceOf, type ParentRef, parentRefOf, parentRefsOf } from '../gateway/shapes.ts';

const kindOf = (kind: string, version: string) => ({
  apiVersion: `${gatewayGroup}/${version}`,
  kind,
  plural: `${kind.toLowerCase()}s`,
});

/** What besides HTTPRoutes and GRPCRoutes hangs on a Gateway, in the versions that Gateway API 1.2 to 1.6 serve. */
export const rarelyAttached = [
  kindOf('TLSRoute', 'v1'),
  kindOf('TLSRoute', 'v1alpha2'),
  kindOf('TCPRoute', 'v1alpha2'),
  kindOf('UDPRoute', 'v1alpha2'),
  kindOf('ListenerSet', 'v1'),
] as const;

export interface InUse {
  /** Of ours: `Gateway infra/public`. */
  readonly ref: string;
  /** Of the others: `HTTPRoute shop/web`. */
  readonly by: readonly string[];
}

/** All live objects: those to be removed, and everything of their kinds that the cluster has. */
export interface Removal {
  readonly gateways: readonly KubernetesObject[];
  readonly classes: readonly KubernetesObject[];
  readonly routes: readonly KubernetesObject[];
}

const isOneOf = (objects: readonly KubernetesObject[], wanted: KubernetesObject): boolean =>
  objects.some((each) => refOf(each) === refOf(wanted));

/** A ListenerSet has one parent. */
const parentsOf = (object: KubernetesObject): readonly ParentRef[] =>
  object.kind === 'ListenerSet'
    ? [parentRefOf(field(object, 'spec', 'parentRef') ?? null, namespaceOf(object))]
    : parentRefsOf(object);

const isLeaving = ({ metadata }: KubernetesObject): boolean => metadata['deletionTimestamp'] !== undefined;

const othersOn = (gateway: KubernetesObject, removed: Removal, routes: readonly KubernetesObject[]) =>
  routes.filter(
    (route) =>
      !isOneOf(removed.routes, route) &&
      !isLeaving(route) &&
      parentsOf(route).some(
        ({ kind, name, namespace }) =>
          kind === 'Gateway' && name === gateway.metadata.name && namespace === namespaceOf(gateway),
      ),
  );

const othersOf = (gatewayClass: KubernetesObject, removed: Removal, gateways: readonly KubernetesObject[]) =>
  gateways.filter(
    (gateway) =>
      !isOneOf(removed.gateways, gateway) &&
      !isLeaving(gateway) &&
      text(gateway, 'spec', 'gatewayClassName') === gatewayClass.metadata.name,
  );

/**
 * @param removed what is to go, as the cluster has it
 * @param all every route and every Gateway of the cluster
 */
export const stillInUse = (removed: Removal, all: Omit<Removal, 'classes'>): readonly InUse[] => {
  const used = [
    ...removed.gateways.map((gateway) => ({ of: gateway, by: othersOn(gateway, removed, all.routes) })),
    ...removed.classes.map((each) => ({ of: each, by: othersOf(each, removed, all.gateways) })),
  ];
  return used
    .filter(({ by }) => by.length > 0)
    .map(({ of, by }) => ({ ref: refOf(of), by: [...new Set(by.map(refOf))] }));
};
