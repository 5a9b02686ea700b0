// teardown of a preview: everything of a closed pull request, to the last record.
import { clusterReader } from '../../kube/reader.ts';
import { isSame } from '../../preview/identity.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';
import { reopened } from '../preview/overtaken.ts';
import { type PreviewOf, previewOf, telling } from '../preview/pull-request.ts';
import { removePreviews, tellRecords } from '../preview/remove.ts';
import { standingPreviews } from '../preview/standing.ts';
import { withCluster } from '../steps.ts';
import { recordsGone } from './records-gone.ts';

/** @throws Problem for all expected trouble before the pull request is known; the signal's reason on abort. */
export async function teardownPreview(run: Run): Promise<Outcome> {
  const of = previewOf(run);
  if (of === undefined || (await reopened(run, of))) return 'refused';
  return await telling(run, of, () => tearDown(run, of));
}

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function tearDown(run: Run, of: PreviewOf): Promise<Outcome> {
  const inside: Run = { ...run, inputs: { ...run.inputs, namespace: of.name } };
  return await withCluster(inside, (signedIn, cluster) => removeOf(inside, of, signedIn, cluster));
}

/**
 * Everything of the pull request, whatever its names were: branches are renamed, templates change.
 * @throws Problem `cluster/forbidden`, `look/failed`, `apply/failed`.
 */
export async function removeOf(
  run: Run,
  { pull, repository, host }: PreviewOf,
  signedIn: SignedIn,
  cluster: Cluster,
): Promise<Outcome> {
  const { clock, inputs, runner } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const reader = clusterReader(cluster.kube);
  const owner = { repository, number: pull.number };
  const found = (await standingPreviews(run, reader, pull.number)).filter(({ identity }) =>
    isSame(identity, owner),
  );
  for (const { name } of found) runner.info(`Preview ${name}`);
  if (found.length === 0) runner.info('There is no preview of this pull request (any more).');
  const zones = zonesOf(run, signedIn);
  const gone = await removePreviews(run, { cluster, zones, deadline }, found);
  if (gone.length < found.length) return 'failed';
  // Its own name as well: a namespace that somebody deleted by hand may have left its record.
  const known = found.some(({ hosts }) => hosts.includes(host));
  if (known) return 'removed';
  const records = await recordsGone(run, reader, zones, [host], deadline);
  tellRecords(run, records);
  return records.left.length === 0 ? 'removed' : 'failed';
}
