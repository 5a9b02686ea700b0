// What others still need of what is to be removed: their routes on our Gateways, their Gateways of our classes.
import { text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { namespaceOf, parentRefsOf } from '../gateway/shapes.ts';

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

const isLeaving = ({ metadata }: KubernetesObject): boolean => metadata['deletionTimestamp'] !== undefined;

const othersOn = (gateway: KubernetesObject, removed: Removal, routes: readonly KubernetesObject[]) =>
  routes.filter(
    (route) =>
      !isOneOf(removed.routes, route) &&
      !isLeaving(route) &&
      parentRefsOf(route).some(
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
  return used.filter(({ by }) => by.length > 0).map(({ of, by }) => ({ ref: refOf(of), by: by.map(refOf) }));
};
