// The routes of a Gateway that stop the controller for all of them, whoever's they are.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { fatalIn } from '../gateway/fatal.ts';
import { namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { type ClusterReader, kinds } from './cluster.ts';

export interface Blocker {
  /** `HTTPRoute shop/cart` */
  readonly ref: string;
  /** `the weight of backend web is 1000, and 999 is the most` */
  readonly why: string;
}

const isAt = (
  route: KubernetesObject,
  gateway: { readonly namespace: string; readonly name: string },
): boolean =>
  parentRefsOf(route, namespaceOf(route)).some(
    ({ namespace, name }) => namespace === gateway.namespace && name === gateway.name,
  );

/** Routes that may not be read are left out: this is asked to explain a silence, not to prove health. */
export const observeBlockers = async (
  reader: ClusterReader,
  gateway: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<readonly Blocker[]> => {
  const blockers: Blocker[] = [];
  for (const kind of [kinds.httpRoute, kinds.grpcRoute]) {
    const seen = await reader.list(kind, undefined, signal);
    for (const route of 'value' in seen ? seen.value : []) {
      const why = fatalIn(route);
      if (why !== undefined && isAt(route, gateway)) blockers.push({ ref: refOf(route), why });
    }
  }
  return blockers;
};
