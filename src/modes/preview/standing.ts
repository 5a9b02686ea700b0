// The previews that the cluster has: by what namespaces and routes say of themselves, since names and branches change.
import type { KubernetesObject } from '../../bundle/object.ts';
import { type Kind, kinds } from '../../chain/cluster.ts';
import type { KubeReader } from '../../kube/reader.ts';
import { previewLabel } from '../../preview/identity.ts';
import { type Standing, standingIn, standingOf } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';

/**
 * @param number of a pull request; without it those of all
 * @throws Problem `cluster/forbidden`, `look/failed`.
 */
export async function standingPreviews(
  { signal }: Pick<Run, 'signal'>,
  reader: KubeReader,
  number?: number,
): Promise<readonly Standing[]> {
  const labelSelector = number === undefined ? previewLabel : `${previewLabel}=${number}`;
  const all = async (kind: Kind): Promise<readonly KubernetesObject[]> => {
    const seen = await reader.select(kind, undefined, { labelSelector }, signal);
    if ('value' in seen) return seen.value;
    if ('denied' in seen)
      throw new Problem('cluster/forbidden', `The role may not ${seen.denied}: previews cannot be found.`, {
        hint: 'Give the role that permission.',
      });
    throw new Problem('look/failed', `The previews could not be looked for: ${seen.failed}.`);
  };
  const namespaces = await all(kinds.namespace);
  const own = namespaces.flatMap((namespace) => standingOf(namespace) ?? []);
  const routes = [...(await all(kinds.httpRoute)), ...(await all(kinds.grpcRoute))];
  return [...own, ...standingIn(routes)];
}
