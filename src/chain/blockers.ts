// The routes of a Gateway that stop the controller for all of them, whoever's they are.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { attach } from '../gateway/attachment.ts';
import { type Fatal, fatalsOf } from '../gateway/fatal.ts';
import { namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { type ClusterReader, kinds } from './cluster.ts';

export interface Blocker extends Pick<Fatal, 'why' | 'says' | 'hint'> {
  /** `HTTPRoute shop/cart` */
  readonly ref: string;
}

/** Whether it stops the controller without a word; of the others the controller's event tells. */
export const isSilent = ({ says }: Pick<Fatal, 'says'>): boolean => says === undefined;

/** A route that no listener admits is not loaded, and stops nobody. */
const isAdmitted = (route: KubernetesObject, gateway: KubernetesObject): boolean =>
  parentRefsOf(route, namespaceOf(route)).some(
    (parent) =>
      parent.kind === gateway.kind &&
      parent.namespace === namespaceOf(gateway) &&
      parent.name === gateway.metadata.name &&
      'attachments' in attach(route, parent, gateway, () => undefined),
  );

/** Routes that may not be read are left out: this is asked to explain a failure or a silence, not to prove health. */
export const observeBlockers = async (
  reader: ClusterReader,
  gateway: KubernetesObject,
  signal: AbortSignal,
): Promise<readonly Blocker[]> => {
  const blockers: Blocker[] = [];
  for (const kind of [kinds.httpRoute, kinds.grpcRoute]) {
    const seen = await reader.list(kind, undefined, signal);
    for (const route of 'value' in seen ? seen.value : []) {
      const fatals = fatalsOf(route);
      if (fatals.length === 0 || !isAdmitted(route, gateway)) continue;
      for (const { why, hint, says } of fatals)
        blockers.push({ ref: refOf(route), why, hint, ...(says !== undefined && { says }) });
    }
  }
  return blockers;
};
