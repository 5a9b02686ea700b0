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
  if (!run.inputs.prune) return none;
  const { inventory } = writer;
  const places = await Promise.all(
    objects
      .filter(({ object }) => isMember(object))
      .map(async (each) => ({ object: each.object, namespace: await writer.namespaceOf(each) })),
  );
  const wanted = contentsOf(inventory, places);
  const parent = new Parent(run, writer);
  const before = await parent.read(wanted);
  const old = readParent(inventory, before);
  const all = union(old, wanted);
  const begun =
    before && same(all, old) ? before : await parent.write(all, before?.metadata['resourceVersion']);
  const members = (stage: readonly Sourced[]): readonly Sourced[] =>
    stage.map((each) => asMember(each, inventory));
  if (begun === 'stale') {
    const now = await parent.read(wanted);
    return { members, prune: async () => leftToOther(run, now) };
  }
  return {
    members,
    prune: async () => {
      const now = await parent.read(wanted);
      const version = begun.metadata['resourceVersion'];
      if (now?.metadata['resourceVersion'] !== version) return leftToOther(run, now);
      if (!(await pruned(run, cluster, writer, all))) return false;
      if (!same(all, wanted)) await parent.write(wanted, version);
      return true;
    },
  };
}

/** The parent object in the cluster. */
class Parent {
  readonly #run: Run;
  readonly #writer: Writer;

  constructor(run: Run, writer: Writer) {
    this.#run = run;
    this.#writer = writer;
  }

  async read(contents: Contents): Promise<KubernetesObject | undefined> {
    const seen = await this.#writer.applier.read(this.#with(contents), this.#run.signal);
    if ('value' in seen) return seen.value;
    const why = 'denied' in seen ? `the role may not ${seen.denied}` : seen.failed;
    throw new Problem('inventory/prune-failed', `The inventory cannot be read: ${why}.`, {
      hint: 'Give the role that permission, or run without `prune`.',
    });
  }

  /** @param at resourceVersion that it must still have */
  async write(contents: Contents, at: unknown): Promise<KubernetesObject | 'stale'> {
    const condition = typeof at === 'string' ? { at } : {};
    const answer = await this.#writer.applier.write(this.#with(contents), condition, this.#run.signal);
    if ('live' in answer) return answer.live;
    if (answer.refusal.stale) return 'stale';
    const { message, hint = '' } = answer.refusal;
    throw new Problem('inventory/prune-failed', `The inventory cannot be written: ${message}`, { hint });
  }

  #with(contents: Contents): KubernetesObject {
    const run = this.#run.environment.runUrl ?? 'a run without address';
    return parentOf(this.#writer.inventory, contents, run);
  }
}

function leftToOther({ draft }: Run, parent: KubernetesObject | undefined): true {
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
}

/** Whether all that had to go is gone. */
async function pruned(
  { inputs, draft, runner, signal }: Run,
  { kube, discovery }: Cluster,
  { inventory, uids }: Writer,
  contents: Contents,
): Promise<boolean> {
  const options = { contents, applied: uids, limit: inputs.pruneLimit / 100 };
  const members = inventoryMembers(kube, discovery, { milliseconds: 30_000 });
  const { objects, findings, complete } = await prune(inventory, options, members, signal);
  draft.objects(objects);
  draft.findings(findings);
  for (const { ref, result, message } of objects)
    runner.info(`${ref} ${result}${message === undefined ? '' : `: ${message}`}`);
  return complete;
}
