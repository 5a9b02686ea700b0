// Objects that an earlier deploy made and the repository no longer has, where deploys keep an inventory.
import { fieldManager } from '../../apply/applier.ts';
import { groupKindOf, type Inventory, readParent } from '../../apply/inventory.ts';
import { membersOf } from '../../apply/prune.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
import type { Kind } from '../../chain/cluster.ts';
import { appliedBy } from '../../compare/managed-fields.ts';
import type { Sighting } from '../../drift/item.ts';
import { inventoryMembers } from '../../kube/members.ts';
import { clusterReader } from '../../kube/reader.ts';
import { Problem } from '../../verdict/problem.ts';
import { type LayerSeen, notChecked } from './layer.ts';
import type { LookedAtCluster } from './objects.ts';

const configMap: Kind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const patience = { milliseconds: 15_000 };

const nothing: LayerSeen = { sightings: [], unchecked: [] };

export interface MembersLook {
  readonly inventory: Inventory;
  readonly own: readonly Sourced[];
  /** Of objects that name none. */
  readonly namespace: string;
}

/** Nothing without `prune: true` at deploys: then there is no inventory. */
export async function lookAtMembers(
  { kube, discovery }: LookedAtCluster,
  { inventory, own, namespace }: MembersLook,
  signal: AbortSignal,
): Promise<LayerSeen> {
  const unread = (seen: Parameters<typeof notChecked>[1]): LayerSeen => ({
    sightings: [],
    unchecked: [notChecked('The inventory', seen)],
  });
  const parent = await clusterReader(kube).get(configMap, inventory.namespace, inventory.name, signal);
  if (!('value' in parent)) return unread(parent);
  if (parent.value === undefined) return nothing;
  try {
    const contents = readParent(inventory, parent.value);
    const found = await membersOf(inventory, contents, inventoryMembers(kube, discovery, patience), signal);
    if ('unread' in found) return unread(found.unread);
    const isOwn = (live: KubernetesObject): boolean =>
      own.some(
        ({ object }) =>
          groupKindOf(object) === groupKindOf(live) &&
          object.metadata.name === live.metadata.name &&
          [undefined, object.metadata.namespace ?? namespace].includes(live.metadata.namespace),
      );
    return { sightings: found.standing.filter((live) => !isOwn(live)).map(leftOf), unchecked: [] };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'inventory/not-ours') throw error;
    return unread({ at: kube.clock.now(), failed: error.message });
  }
}

const leftOf = (live: KubernetesObject): Sighting => {
  const since = appliedBy(live, fieldManager)?.since;
  return {
    layer: 'kubernetes',
    ref: refOf(live),
    path: '',
    wanted: null,
    found: 'an object',
    by: fieldManager,
    ...(since && { since: since.toISOString() }),
    heals: false,
    severity: 'warning',
    remedy: 'Deploy with `prune: true` to remove it, or write it into the repository.',
  };
};
