// verify: the chain of every host, waiting, read-only: for teams whose Argo CD or Flux does the applying.
import { invalidHostnames } from '../lint/names.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { findBundle } from './bundle/find.ts';
import { waitUntilLive } from './chain/live.ts';
import { begin } from './phase.ts';
import { withCharts, withCluster } from './steps.ts';

/** Nothing was written by this run, so whatever a controller complains of counts, however old it is. */
const always = new Date(0);

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function verify(run: Run): Promise<Outcome> {
  begin(run, 'Find what to verify');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  return await withCluster(run, (signedIn, cluster) =>
    withCharts(run, cluster, bundle, { mayAwait: false }, async (rendered) => {
      const routes = [...bundle.routes, ...rendered.flatMap((chart) => chart.routes)];
      // Nobody can have applied them, and nothing would wait for them.
      const wrong = invalidHostnames(routes, []);
      run.draft.findings(wrong);
      if (wrong.length > 0) return 'failed';
      begin(run, 'Wait until every hostname is live');
      return await waitUntilLive(run, {
        signedIn,
        cluster,
        bundle,
        routes,
        objects: [...bundle.manifests, ...rendered.flatMap(({ objects }) => objects)],
        since: always,
        readOnly: true,
        generations: new Map(),
      });
    }),
  );
}
