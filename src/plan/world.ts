// The Gateways, routes and Services of the cluster as they are, and as they would be after a deploy.

import { groupKindOf } from '../apply/inventory.ts';
import { text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import type { NamespaceLabels } from '../gateway/attachment.ts';
import { hostsOf } from '../gateway/hosts.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { albController } from '../gateway/versions.ts';

/** Objects carry their namespace. */
export interface World {
  readonly gateways: readonly KubernetesObject[];
  /** Absent: they may not be read, and every Gateway counts as an ALB's. */
  readonly classes?: readonly KubernetesObject[];
  /** HTTPRoutes and GRPCRoutes. */
  readonly routes: readonly KubernetesObject[];
  /** Absent: they may not be read. */
  readonly services?: readonly KubernetesObject[];
  readonly labelsOf: NamespaceLabels;
}

/** One object before and after; without `after` it goes. */
export interface Step {
  readonly before?: KubernetesObject;
  readonly after?: KubernetesObject;
}

const keyOf = (object: KubernetesObject): string => `${groupKindOf(object)} ${refOf(object)}`;

const overlay = (
  objects: readonly KubernetesObject[],
  steps: readonly Step[],
  kinds: readonly string[],
): readonly KubernetesObject[] => {
  const all = new Map(objects.map((object) => [keyOf(object), object]));
  for (const { before, after } of steps) {
    if (before !== undefined && after === undefined) all.delete(keyOf(before));
    if (after !== undefined && kinds.includes(after.kind)) {
      const live = all.get(keyOf(after));
      // What a manifest does not say stays: when it was made, and the address that its controller found.
      const kept = live && { status: live['status'], metadata: { ...live.metadata, ...after.metadata } };
      all.set(keyOf(after), { ...after, ...kept });
    }
  }
  return [...all.values()];
};

/** The world with what the steps make of it. */
export const afterSteps = (world: World, steps: readonly Step[]): World => ({
  ...world,
  gateways: overlay(world.gateways, steps, ['Gateway']),
  ...(world.classes && { classes: overlay(world.classes, steps, ['GatewayClass']) }),
  routes: overlay(world.routes, steps, ['HTTPRoute', 'GRPCRoute']),
  ...(world.services && { services: overlay(world.services, steps, ['Service']) }),
});

/** The class of a Gateway that another controller serves: no rule of ALBs holds for it. */
export const foreignClass = (
  { classes = [] }: World,
  gateway: KubernetesObject | undefined,
): KubernetesObject | undefined =>
  classes.find(
    (each) =>
      each.metadata.name === text(gateway, 'spec', 'gatewayClassName') &&
      text(each, 'spec', 'controllerName') !== albController,
  );

export const isRoute = ({ kind }: KubernetesObject): boolean => kind === 'HTTPRoute' || kind === 'GRPCRoute';

/** One route that publishes a host, with the Gateways at which it does. */
export interface Publication {
  readonly route: KubernetesObject;
  readonly gateways: readonly KubernetesObject[];
}

/** Every host that a route of the world publishes. */
export const publications = ({
  routes,
  gateways,
  labelsOf,
}: World): ReadonlyMap<string, readonly Publication[]> => {
  const sourced = routes.map((object) => ({ object, source: { file: '', line: 1 } }));
  const byHost = new Map<string, Publication[]>();
  for (const { host, route, parents } of hostsOf(sourced, gateways, { labelsOf })) {
    const named = gateways.filter((gateway) =>
      parents.some(
        ({ name, namespace }) => gateway.metadata.name === name && namespaceOf(gateway) === namespace,
      ),
    );
    byHost.set(host, [...(byHost.get(host) ?? []), { route: route.object, gateways: named }]);
  }
  return byHost;
};
