// Whether an object may be removed: only what the bundle names and what this repository, or its release, keeps.
import { fieldManager } from '../apply/applier.ts';
import { otherOwner } from '../apply/ownership.ts';
import { textMap } from '../bundle/field.ts';
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { appliedBy } from '../compare/managed-fields.ts';

/** An object that the repository names, or that its release holds. */
export interface Named extends Sourced {
  /** The Helm release that it belongs to; absent for a manifest of the repository. */
  readonly release?: { readonly name: string; readonly namespace: string };
}

export interface Owners {
  /** The repository's own inventory, whether it keeps one or not. */
  readonly inventory: string;
  /** Field managers that the user let us take over from: their signs count for nothing. */
  readonly takeOver: readonly string[];
}

const releaseName = 'meta.helm.sh/release-name';
const releaseNamespace = 'meta.helm.sh/release-namespace';

/** Why the live object is left alone, as the end of a sentence; `undefined` when it is ours. */
export const whyNotOurs = (named: Named, live: KubernetesObject, owners: Owners): string | undefined => {
  if (named.release) {
    const annotations = textMap(live, 'metadata', 'annotations');
    const { name, namespace } = named.release;
    return annotations[releaseName] === name && annotations[releaseNamespace] === namespace
      ? undefined
      : `it does not belong to the release ${namespace}/${name}`;
  }
  const other = otherOwner(live, owners.takeOver, owners.inventory);
  if (other) return `it belongs to ${other.name}`;
  return appliedBy(live, fieldManager) === undefined ? 'this action did not apply it' : undefined;
};
