// deploy: find → sign in → reach the cluster → render → apply → wait until every host is live.
import { type AppliedObject, applyStage } from '../apply/apply.ts';
import { waitEstablished } from '../apply/established.ts';
import { stages } from '../apply/stages.ts';
import type { Bundle, Sourced } from '../bundle/object.ts';
import { serverSideApplier } from '../kube/apply.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { finding } from '../verdict/finding.ts';
import { type InstalledChart, type RenderedChart, useHelm } from './charts.ts';
import { findBundle } from './find-bundle.ts';
import { type Applied, waitUntilLive } from './live.ts';
import type { Cluster } from './reach-cluster.ts';
import { begin, withCluster } from './steps.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function deploy(run: Run): Promise<Outcome> {
  begin(run, 'Find what to deploy');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  return await withCluster(run, (signedIn, cluster) =>
    deployTo(run, cluster, bundle, (written) =>
      waitUntilLive(run, { signedIn, cluster, bundle, ...written }),
    ),
  );
}

type Finish = (written: Pick<Applied, 'routes' | 'since' | 'generations'>) => Promise<Outcome>;

async function deployTo(run: Run, cluster: Cluster, bundle: Bundle, untilLive: Finish): Promise<Outcome> {
  const { draft, inputs, clock, signal } = run;
  const since = clock.now();
  const generations = new Map<string, number>();
  const applier = serverSideApplier(cluster.kube, cluster.discovery, { namespace: inputs.namespace });
  const apply = async (objects: readonly Sourced[]): Promise<boolean> => {
    const result = await applyStage(objects, applier, signal, {
      onApplied: (applied) => {
        tellApplied(run, applied);
        const generation = applied.live?.metadata['generation'];
        if (applied.reported.result !== 'unchanged' && typeof generation === 'number') {
          generations.set(applied.reported.ref, generation);
        }
      },
    });
    if (result.problem) throw result.problem;
    return result.objects.every(
      ({ reported }) => reported.result !== 'failed' && reported.result !== 'conflict',
    );
  };

  const helm = await useHelm(run, cluster, bundle);
  try {
    if (bundle.charts.length > 0) begin(run, 'Render the charts');
    const rendered: readonly RenderedChart[] = await helm.render();
    const { namespaces, classes, rest } = stages(bundle.manifests);

    begin(run, 'Apply the custom resource definitions');
    const crds = [...bundle.crds, ...rendered.flatMap((chart) => chart.crds)];
    if (!(await apply(crds))) return 'failed';
    const missing = await waitEstablished(crds, applier, { clock }, signal);
    draft.findings(missing);
    if (missing.length > 0) return 'failed';
    if (!(await apply(namespaces)) || !(await apply(classes))) return 'failed';

    if (rendered.length > 0) begin(run, 'Install the charts');
    const installed: readonly InstalledChart[] = await helm.install(rendered);
    tellInstalled(run, installed);

    begin(run, 'Apply the manifests and the routes');
    if (!(await apply(rest)) || !(await apply(bundle.routes))) return 'failed';

    begin(run, 'Wait until every hostname is live');
    const routes = [...bundle.routes, ...rendered.flatMap((chart) => chart.routes)];
    return await untilLive({ routes, since, generations });
  } finally {
    await helm.close();
  }
}

function tellApplied({ runner, draft }: Run, { reported, findings }: AppliedObject): void {
  draft.objects([reported]);
  draft.findings(findings);
  runner.info(
    `${reported.ref} ${reported.result}${reported.message === undefined ? '' : `: ${reported.message}`}`,
  );
}

function tellInstalled({ draft, runner }: Run, installed: readonly InstalledChart[]): void {
  for (const { release, state } of installed) {
    runner.info(`Release ${release.namespace}/${release.name}: ${state.status}, revision ${state.revision}`);
    if (state.status !== 'deployed') {
      draft.findings([
        finding('error', 'release/not-deployed', `Release ${release.name} is ${state.status}.`),
      ]);
    }
  }
}
