// Removes what left the repository: members of its inventory that this run did not apply.
import { textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { appliedBy } from '../compare/managed-fields.ts';
import type { ReportedObject } from '../report/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { fieldManager, type Refusal } from './applier.ts';
import { type Contents, type Inventory, isMember, selectorOf } from './inventory.ts';
import { partOfLabel } from './ownership.ts';
import { ranked, stageIds, stageOf } from './stages.ts';

/** The port to whatever finds and deletes members. */
export interface Members {
  /** All objects of a group kind with the label, in the namespaces, or of the cluster where the kind has none. */
  list(
    groupKind: string,
    namespaces: ReadonlySet<string>,
    selector: string,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>>;
  /**
   * Deletes the object if it is still the one that was listed; gone already is as good. Where it was written since, it is
   * read again, and only deleted where `stillOurs` says so (default: whatever has its UID).
   */
  remove(
    object: KubernetesObject,
    signal: AbortSignal,
    stillOurs?: (now: KubernetesObject) => boolean,
  ): Promise<Refusal | undefined>;
}

export interface PruneOptions {
  /** Where members may be: all that this run and those before it wrote. */
  readonly contents: Contents;
  /** UIDs of what this run applied. */
  readonly applied: ReadonlySet<string>;
  /** The largest part of the inventory that may go at once, 0 to 1. */
  readonly limit: number;
}

export interface Pruned {
  readonly objects: readonly ReportedObject[];
  readonly findings: readonly Finding[];
  /** Whether nothing is left that should go: only then may the parent be cut to what was applied. */
  readonly complete: boolean;
}

const uidOf = ({ metadata }: KubernetesObject): string => String(metadata['uid']);

/** Looked at again, object by object: a label alone is easily copied. */
const isOurs = (object: KubernetesObject, { id }: Inventory): boolean =>
  isMember(object) &&
  textMap(object, 'metadata', 'labels')[partOfLabel] === id &&
  appliedBy(object, fieldManager) !== undefined;

const failed = (message: string, hint: string, ref?: string): Finding =>
  finding('error', 'inventory/prune-failed', message, { hint, ...(ref !== undefined && { ref }) });

const refused = (message: string, hint: string): Pruned => ({
  objects: [],
  findings: [finding('error', 'inventory/prune-refused', message, { hint })],
  complete: false,
});

/** What others refer to goes last: routes, then the rest against the order of its making, classes at the end. */
const inOrder = (objects: readonly KubernetesObject[]): readonly (readonly KubernetesObject[])[] =>
  stageIds.toReversed().flatMap((stage) => {
    const sourced = objects
      .filter((object) => stageOf(object) === stage)
      .map((object) => ({ object, source: { file: '', line: 0 } }));
    return ranked(sourced)
      .toReversed()
      .map((rank) => rank.map(({ object }) => object));
  });

interface Unread {
  readonly unread: Exclude<Seen<never>, { readonly value: never }>;
}

/** The members that would go; or that they cannot be found; or why none may. */
export type Leftovers =
  | { readonly open: readonly KubernetesObject[] }
  | Unread
  | { readonly refused: Pruned };

/** What stands in the cluster of the inventory, but for what is being deleted. @throws what ends the whole run. */
export const membersOf = async (
  inventory: Inventory,
  contents: Contents,
  members: Pick<Members, 'list'>,
  signal: AbortSignal,
): Promise<{ readonly standing: readonly KubernetesObject[] } | Unread> => {
  const found: KubernetesObject[] = [];
  for (const groupKind of contents.kinds) {
    const seen = await members.list(groupKind, contents.namespaces, selectorOf(inventory), signal);
    if (!('value' in seen)) return { unread: seen };
    found.push(...seen.value);
  }
  const standing = found.filter(
    (object) => isOurs(object, inventory) && object.metadata['deletionTimestamp'] === undefined,
  );
  return { standing };
};

/** Members of the inventory that this run has not applied. @throws what ends the whole run. */
export const leftoversOf = async (
  inventory: Inventory,
  { contents, applied, limit }: PruneOptions,
  members: Pick<Members, 'list'>,
  signal: AbortSignal,
): Promise<Leftovers> => {
  const found = await membersOf(inventory, contents, members, signal);
  if ('unread' in found) return found;
  const open = found.standing.filter((object) => !applied.has(uidOf(object)));
  const list = open.map(refOf).join(', ');
  if (open.length > 0 && applied.size === 0) {
    const message = `The repository has nothing left of its inventory, so ${open.length} objects would be removed: ${list}.`;
    const hint = 'If that is meant, remove them by hand: the action never empties an inventory.';
    return { refused: refused(message, hint) };
  }
  if (open.length > limit * (open.length + applied.size)) {
    const message = `${open.length} of ${open.length + applied.size} objects of the inventory left the repository, more than ${Math.round(limit * 100)} %: ${list}.`;
    const hint = 'Nothing was removed. If it is meant, raise the input `prune-limit` for one run.';
    return { refused: refused(message, hint) };
  }
  return { open };
};

/** @throws what ends the whole run: access lost, endpoint gone, abort. */
export const prune = async (
  inventory: Inventory,
  options: PruneOptions,
  members: Members,
  signal: AbortSignal,
): Promise<Pruned> => {
  const left = await leftoversOf(inventory, options, members, signal);
  if ('refused' in left) return left.refused;
  if ('unread' in left) {
    const { unread } = left;
    const why = 'denied' in unread ? `the role may not ${unread.denied}` : unread.failed;
    const hint = 'denied' in unread ? 'Give the role that permission, or run without `prune`.' : 'Run again.';
    return {
      objects: [],
      findings: [failed(`What left the repository cannot be found: ${why}.`, hint)],
      complete: false,
    };
  }
  const objects: ReportedObject[] = [];
  const findings: Finding[] = [];
  for (const rank of inOrder(left.open)) {
    signal.throwIfAborted();
    await Promise.all(
      rank.map(async (object) => {
        const ref = refOf(object);
        const refusal = await members.remove(object, signal, (now) => isOurs(now, inventory));
        objects.push(
          refusal ? { ref, result: 'failed', message: refusal.message } : { ref, result: 'pruned' },
        );
        if (refusal)
          findings.push(
            failed(`${ref} left the repository but stays: ${refusal.message}`, refusal.hint ?? '', ref),
          );
      }),
    );
  }
  return { objects, findings, complete: findings.length === 0 };
};
