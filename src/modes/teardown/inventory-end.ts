// After a teardown: the inventory's parent object goes too, once none of its members is left.
import type { Applier } from '../../apply/applier.ts';
import { type Inventory, parentOf, readParent, selectorOf } from '../../apply/inventory.ts';
import type { Members } from '../../apply/prune.ts';
import { refOf } from '../../bundle/object.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';

/** Where it cannot be read, is not ours, or still has members, it stays: the next deploy goes on with it. */
export async function endInventory(
  { draft, runner, signal }: Run,
  inventory: Inventory,
  applier: Applier,
  members: Members,
): Promise<void> {
  const nothing = { kinds: new Set<string>(), namespaces: new Set<string>() };
  const seen = await applier.read(parentOf(inventory, nothing, ''), signal);
  const parent = 'value' in seen ? seen.value : undefined;
  if (parent === undefined) return;
  try {
    const { kinds, namespaces } = readParent(inventory, parent);
    for (const kind of kinds) {
      const left = await members.list(kind, namespaces, selectorOf(inventory), signal);
      if (!('value' in left) || left.value.length > 0) return;
    }
  } catch (error) {
    if (error instanceof Problem) return;
    throw error;
  }
  if ((await members.remove(parent, signal)) !== undefined) return;
  draft.objects([{ ref: refOf(parent), result: 'pruned' }]);
  runner.info(`${refOf(parent)} removed: its inventory is empty`);
}
