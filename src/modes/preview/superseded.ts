// After a preview is live under a new name (its branch was renamed, its name holds the commit): the one that it replaces goes.
import { clusterReader } from '../../kube/reader.ts';
import { isSame } from '../../preview/identity.ts';
import { staleOf } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';
import type { PreviewOf } from './pull-request.ts';
import { removePreviews } from './remove.ts';
import { standingPreviews } from './standing.ts';
import { tellRemoved } from './tell-removed.ts';

/** @throws Problem `cluster/forbidden`, `look/failed`, `apply/failed`. */
export async function removeSuperseded(
  run: Run,
  { pull, repository }: PreviewOf,
  signedIn: SignedIn,
  cluster: Cluster,
): Promise<void> {
  const { clock, inputs } = run;
  const owner = { repository, number: pull.number };
  const now = { closed: false, branch: pull.headBranch, sha: pull.headSha };
  const all = await standingPreviews(run, clusterReader(cluster.kube), pull.number);
  const old = all.filter(
    (each) => isSame(each.identity, owner) && staleOf(each, now, clock.now(), all)?.why === 'superseded',
  );
  if (old.length === 0) return;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const gone = await removePreviews(run, { cluster, zones: zonesOf(run, signedIn), deadline }, old);
  for (const preview of gone)
    await tellRemoved(run, preview, 'another preview of the pull request took its place');
}
