// sweep: removes previews that nobody needs any more, and lists records that are left of those that are gone.

import { clusterReader } from '../kube/reader.ts';
import type { Stale, Standing } from '../preview/standing.ts';
import type { Outcome, SweptPreview } from '../report/report.ts';
import type { Run } from '../run.ts';
import type { Cluster } from './access/reach-cluster.ts';
import type { SignedIn } from './access/sign-in.ts';
import { zonesOf } from './access/zones.ts';
import { begin } from './phase.ts';
import { listOrphans } from './preview/orphans.ts';
import { removePreviews } from './preview/remove.ts';
import { inScope, type Judged, judgePreviews, stillStale } from './preview/stale.ts';
import { standingPreviews } from './preview/standing.ts';
import { tellRemoved } from './preview/tell-removed.ts';
import { withCluster } from './steps.ts';

export async function sweep(run: Run): Promise<Outcome> {
  return await withCluster(run, (signedIn, cluster) => sweepCluster(run, signedIn, cluster));
}

async function sweepCluster(run: Run, signedIn: SignedIn, cluster: Cluster): Promise<Outcome> {
  const { clock, inputs } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const reader = clusterReader(cluster.kube);
  const zones = zonesOf(run, signedIn);

  begin(run, 'Find the previews');
  const everywhere = await standingPreviews(run, reader);
  begin(run, 'Ask GitHub for their pull requests');
  const judged = await judgePreviews(run, inScope(run, everywhere));
  tell(run, judged, new Map());
  const stale = judged.filter((each): each is Judged & { readonly stale: Stale } => each.stale !== undefined);

  const states = new Map<Standing, SweptPreview['state']>();
  if (!inputs.preview.dryRun && stale.length > 0) {
    const doomed = await stillStale(run, reader, stale);
    const gone = new Set(
      await removePreviews(
        run,
        { cluster, zones, deadline },
        doomed.map(({ preview }) => preview),
      ),
    );
    for (const { preview, stale: because } of doomed) {
      states.set(preview, gone.has(preview) ? 'removed' : 'left');
      if (gone.has(preview)) await tellRemoved(run, preview, because.message);
    }
  }
  tell(run, judged, states);
  begin(run, 'Look for records that nobody owns');
  await listOrphans(run, reader, zones, deadline);
  if ([...states.values()].includes('left')) return 'failed';
  if (inputs.preview.dryRun) return 'planned';
  return states.size > 0 ? 'removed' : 'clean';
}

function tell(
  { draft, runner }: Run,
  judged: readonly Judged[],
  states: ReadonlyMap<Standing, SweptPreview['state']>,
): void {
  const rows = judged.map(({ preview, pull, stale }): SweptPreview => {
    const { name, namespace, identity, expiresAt } = preview;
    return {
      name,
      namespace,
      ...identity,
      ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
      state: states.get(preview) ?? (stale === undefined ? 'kept' : 'stale'),
      why:
        stale?.message ??
        (pull ? 'its pull request is open' : 'its time is not up; GitHub did not say whether it is open'),
    };
  });
  draft.previews(rows);
  for (const { name, state, why } of rows) runner.info(`${state.padEnd(7)} ${name}: ${why}`);
}
