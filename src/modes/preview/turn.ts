// The Lease by which two runs of one preview wait for each other: in its own namespace, or in the one that previews share.
import { type Inventory, inventoryOf } from '../../apply/inventory.ts';
import { freeIn } from '../../apply/lease.ts';
import { leaseStore } from '../../kube/lease.ts';
import type { Standing } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { PreviewOf } from './pull-request.ts';

/** policy/previews.yaml lets the role of previews touch no other Lease of a shared namespace. */
const prefix = 'eks-gateway-preview-';

/** What names the Lease of a preview. */
export const turnName = ({ repository, name }: PreviewOf, { namespace, preview }: Run['inputs']): Inventory =>
  inventoryOf(repository, '', namespace, preview.shared === undefined ? 'preview' : `${prefix}${name}`);

/** A run that was killed has left its Lease in the namespace that it shares: nothing else takes that away. */
export async function forgetTurn(
  { signal }: Run,
  { kube }: Cluster,
  { namespace, name }: Standing,
): Promise<void> {
  const store = leaseStore(kube, namespace, `${prefix}${name}`);
  const seen = await store.read(signal);
  if (!('lease' in seen) || seen.lease === undefined) return;
  if (freeIn(seen.lease, { identity: '' }, kube.clock.now(), 0) === 0)
    await store.remove(seen.lease.version, signal);
}
