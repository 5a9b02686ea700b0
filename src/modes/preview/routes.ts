// The routes of a preview as the cluster has them: which there are, and how they are removed.
import { textMap } from '../../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
import { type Kind, kinds } from '../../chain/cluster.ts';
import { clusterReader } from '../../kube/reader.ts';
import { removeObject } from '../../kube/remove.ts';
import { previewAnnotations } from '../../preview/identity.ts';
import type { Standing } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';

export interface LiveRoute {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

/** @throws Problem `cluster/forbidden`, `look/failed`. */
async function routesIn(
  { signal }: Run,
  { kube }: Cluster,
  namespace: string,
): Promise<readonly LiveRoute[]> {
  const found: LiveRoute[] = [];
  for (const kind of [kinds.httpRoute, kinds.grpcRoute]) {
    const seen = await clusterReader(kube).list(kind, namespace, signal);
    if ('denied' in seen) throw new Problem('cluster/forbidden', `The role may not ${seen.denied}.`);
    if (!('value' in seen))
      throw new Problem('look/failed', `The routes in ${namespace} could not be read: ${seen.failed}.`);
    found.push(...seen.value.map((object) => ({ kind, object })));
  }
  return found;
}

/** @throws Problem `cluster/forbidden`, `apply/failed`. */
export async function removeRoutes(run: Run, { kube }: Cluster, routes: readonly LiveRoute[]): Promise<void> {
  for (const { kind, object } of routes) {
    const { namespace, name } = object.metadata;
    await removeObject(kube, kind, namespace, name, run.signal);
    run.runner.info(`${refOf(object)} removed`);
    run.draft.objects([{ ref: refOf(object), result: 'pruned' }]);
  }
}

/** Routes of an earlier push that this one no longer has would keep their hosts alive. */
export async function removeOldRoutes(
  run: Run,
  cluster: Cluster,
  preview: Pick<Standing, 'name' | 'namespace' | 'own'>,
  now: readonly Sourced[],
): Promise<void> {
  const wanted = new Set(now.map(({ object }) => refOf(object)));
  const live = await routesOf(run, cluster, preview);
  await removeRoutes(
    run,
    cluster,
    live.filter(({ object }) => !wanted.has(refOf(object))),
  );
}

/** In a namespace that previews share, only its own. @throws Problem `cluster/forbidden`, `look/failed`. */
export async function routesOf(
  run: Run,
  cluster: Cluster,
  { name, namespace, own }: Pick<Standing, 'name' | 'namespace' | 'own'>,
): Promise<readonly LiveRoute[]> {
  const all = await routesIn(run, cluster, namespace);
  return all.filter(
    ({ object }) => own || textMap(object, 'metadata', 'annotations')[previewAnnotations.name] === name,
  );
}
