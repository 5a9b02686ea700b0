// The wiring of the inventory: written wider before anything is applied, cut to what was applied when the rest is removed.
import {
  asMember,
  type Contents,
  contentsOf,
  isMember,
  parentOf,
  readParent,
  runOf,
  same,
  union,
} from '../../apply/inventory.ts';
import { prune } from '../../apply/prune.ts';
import type { KubernetesObject, Sourced } from '../../bundle/object.ts';
import { inventoryMembers } from '../../kube/members.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { Writer } from './write.ts';

export interface Keeper {
  /** The objects as members, ready to be applied. */
  members(objects: readonly Sourced[]): readonly Sourced[];
  /** Removes what left the repository; false where that failed or was refused. */
  prune(): Promise<boolean>;
}

const none: Keeper = { members: (objects) => objects, prune: async () => true };

/**
 * Without `prune: true` nothing is kept. With it the parent object now names, besides what it did, all kinds and
 * namespaces that this run is going to write: a run that dies on the way leaves nothing that the next one cannot find.
 * @throws Problem `inventory/*`, `cluster/forbidden`, `apply/rejected`.
 */
export async function keepInventory(
  run: Run,
  cluster: Cluster,
  writer: Writer,
  objects: readonly Sourced[],
): Promise<Keeper> {
  const { inputs, environment, draft, runner, signal } = run;
  if (!inputs.prune) return none;
  const { inventory, applier } = writer;
  const places = await Promise.all(
    objects
      .filter(({ object }) => isMember(object))
      .map(async (each) => ({ object: each.object, namespace: await writer.namespaceOf(each) })),
  );
  const wanted = contentsOf(inventory, places);
  const name = environment.runUrl ?? 'a run without address';

  const read = async (): Promise<KubernetesObject | undefined> => {
    const seen = await applier.read(parentOf(inventory, wanted, name), signal);
    if ('value' in seen) return seen.value;
    const why = 'denied' in seen ? `the role may not ${seen.denied}` : seen.failed;
    throw new Problem('inventory/prune-failed', `The inventory cannot be read: ${why}.`, {
      hint: 'Give the role that permission, or run without `prune`.',
    });
  };
  const write = async (contents: Contents, at: unknown): Promise<KubernetesObject | 'stale'> => {
    const parent = parentOf(inventory, contents, name);
    const answer = await applier.write(parent, typeof at === 'string' ? { at } : {}, signal);
    if ('live' in answer) return answer.live;
    if (answer.refusal.stale) return 'stale';
    throw new Problem(
      'inventory/prune-failed',
      `The inventory cannot be written: ${answer.refusal.message}`,
      {
        hint: answer.refusal.hint ?? '',
      },
    );
  };
  const otherRun =
    (parent: KubernetesObject | undefined): Keeper['prune'] =>
    async () => {
      const who = parent === undefined ? 'another run' : runOf(parent);
      draft.findings([
        finding(
          'warning',
          'inventory/other-run',
          `${who} keeps the inventory by now, so this run removes nothing.`,
          { hint: 'Nothing has to be done: that run removes what left the repository.' },
        ),
      ]);
      return true;
    };

  const members = (stage: readonly Sourced[]): readonly Sourced[] =>
    stage.map((each) => asMember(each, inventory));
  const before = await read();
  const old = readParent(inventory, before);
  const all = union(old, wanted);
  const begun = before && same(all, old) ? before : await write(all, before?.metadata['resourceVersion']);
  if (begun === 'stale') return { members, prune: otherRun(await read()) };

  return {
    members,
    prune: async () => {
      const now = await read();
      if (now?.metadata['resourceVersion'] !== begun.metadata['resourceVersion']) return otherRun(now)();
      const patience = { milliseconds: 30_000 };
      const options = { contents: all, applied: writer.uids, limit: inputs.pruneLimit / 100 };
      const pruned = await prune(
        inventory,
        options,
        inventoryMembers(cluster.kube, cluster.discovery, patience),
        signal,
      );
      draft.objects(pruned.objects);
      draft.findings(pruned.findings);
      for (const { ref, result, message } of pruned.objects)
        runner.info(`${ref} ${result}${message === undefined ? '' : `: ${message}`}`);
      if (!pruned.complete) return false;
      if (!same(all, wanted)) await write(wanted, begun.metadata['resourceVersion']);
      return true;
    },
  };
}
