// The steps that modes with a cluster have in common.
import type { Run } from '../run.ts';
import { type Cluster, reachCluster } from './access/reach-cluster.ts';
import { type SignedIn, signIn } from './access/sign-in.ts';

/** Opens a phase of the run: a group of the log, a row of the report's timings. */
export function begin({ runner, draft }: Run, title: string): void {
  runner.group(title);
  draft.phase(title);
}

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
