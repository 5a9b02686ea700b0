// The steps that modes with a cluster have in common.
import type { Bundle } from '../bundle/object.ts';
import type { Run } from '../run.ts';
import { type Cluster, reachCluster } from './access/reach-cluster.ts';
import { type SignedIn, signIn } from './access/sign-in.ts';
import type { RenderedChart } from './charts/chart-renderer.ts';
import { type ChartsOfRun, useHelm } from './charts/charts.ts';
import { begin } from './phase.ts';

/** Signs in, connects, and closes the connection whatever happens. */
export async function withCluster<Result>(
  run: Run,
  work: (signedIn: SignedIn, cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const { draft, inputs } = run;
  begin(run, 'Assume the roles');
  const signedIn = await signIn(run);
  draft.target({
    cluster: inputs.clusterName,
    region: inputs.region,
    namespace: inputs.namespace,
    accounts: signedIn.accounts,
  });
  begin(run, 'Reach the cluster');
  const cluster = await reachCluster(run, signedIn);
  draft.version('kubernetes', cluster.version);
  try {
    return await work(signedIn, cluster);
  } finally {
    await cluster.kube.close();
  }
}

/**
 * Renders the charts of the bundle, and lets go of helm whatever happens.
 * @param mayAwait whether a chart may go without that needs what the bundle itself brings
 */
export async function withCharts<Result>(
  run: Run,
  cluster: Cluster,
  bundle: Bundle,
  { mayAwait }: { readonly mayAwait: boolean },
  work: (rendered: readonly RenderedChart[], helm: ChartsOfRun) => Promise<Result>,
): Promise<Result> {
  const helm = await useHelm(run, cluster, bundle);
  try {
    if (bundle.charts.length > 0) begin(run, 'Render the charts');
    return await work(await helm.render({ mayAwait }), helm);
  } finally {
    await helm.close();
  }
}
