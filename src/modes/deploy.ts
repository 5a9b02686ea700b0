// deploy: find → sign in → reach the cluster → render → apply → wait until every host is live.
import { chooseDefinitions } from '../apply/definitions.ts';
import { stages } from '../apply/stages.ts';
import type { Bundle, Sourced } from '../bundle/object.ts';
import { clusterReader } from '../kube/reader.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import type { Cluster } from './access/reach-cluster.ts';
import { mayBegin } from './apply/beforehand.ts';
import { keepInventory } from './apply/inventory.ts';
import { turnOf } from './apply/turn.ts';
import { ownInventory, type Writer, writerOf } from './apply/write.ts';
import { findBundle } from './bundle/find.ts';
import { type Applied, waitUntilLive } from './chain/live.ts';
import type { RenderedChart } from './charts/chart-renderer.ts';
import { useHelm } from './charts/charts.ts';
import { restartController } from './charts/controller-restart.ts';
import { notDeployed } from './charts/not-deployed.ts';
import type { InstalledChart } from './charts/release-install.ts';
import { webhooksReady } from './charts/webhooks-ready.ts';
import { begin } from './phase.ts';
import { withCluster } from './steps.ts';

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

type Finish = (written: Pick<Applied, 'routes' | 'objects' | 'since' | 'generations'>) => Promise<Outcome>;

async function deployTo(whole: Run, cluster: Cluster, bundle: Bundle, untilLive: Finish): Promise<Outcome> {
  const turn = turnOf(whole, cluster, ownInventory(whole));
  const { run } = turn;
  const writer = writerOf(run, cluster);

  const helm = await useHelm(run, cluster, bundle);
  try {
    if (bundle.charts.length > 0) begin(run, 'Render the charts');
    const rendered = await helm.render({ mayAwait: true });
    if (!(await mayBegin(run, writer, bundle, rendered, await helm.refused(rendered)))) return 'failed';
    const { classes, rest } = stages(bundle.manifests);

    await turn.take();
    const since = cluster.kube.clock.now();
    const members = [...classes, ...rest, ...bundle.routes];
    if (!(await prepare(run, writer, bundle, rendered, members))) return 'failed';
    const defined = cluster.kube.clock.now();
    // Its namespace may have come with this run.
    await turn.take();
    const inventory = await keepInventory(run, cluster, writer, members);
    // A chart may bring the namespace, and in its templates the definition.
    const { now, later } = await writer.byReadiness(rendered.length > 0 ? classes : []);
    if (!(await writer.apply(inventory.members(rendered.length > 0 ? now : classes)))) return 'failed';

    if (rendered.length > 0) begin(run, 'Install the charts');
    const installed = await helm.install(rendered, {
      bundle: writer.inventory.id,
      guarded: turn.held(),
      isAbandoned: turn.isAbandoned,
    });
    tellInstalled(run, installed);
    // What templates find in the cluster may be there only now.
    const brought = installed.flatMap(({ objects }) => objects);
    await useInstalled(run, cluster, writer, brought, defined);

    begin(run, 'Apply the manifests and the routes');
    for (const stage of [later, rest, bundle.routes]) {
      if (!(await writer.apply(inventory.members(stage)))) return 'failed';
    }
    if (!(await inventory.prune())) return 'failed';
    await turn.end();

    begin(run, 'Wait until every hostname is live');
    const routes = [...bundle.routes, ...stages(brought).routes];
    const objects = [...bundle.manifests, ...brought];
    return await untilLive({ routes, objects, since, generations: writer.generations });
  } finally {
    await turn.end();
    await helm.close();
  }
}

/** Kinds, definitions and webhooks that the charts brought are ready for what comes after them. */
async function useInstalled(
  run: Run,
  cluster: Cluster,
  writer: Writer,
  objects: readonly Sourced[],
  defined: Date,
): Promise<void> {
  writer.applier.expect(objects.map(({ object }) => object));
  await restartController(run, cluster, changedDefinitions(writer), defined);
  await webhooksReady(run, clusterReader(cluster.kube), objects);
}

const changedDefinitions = ({ generations }: Writer): ReadonlySet<string> =>
  new Set(
    [...generations.keys()].flatMap((ref) => /^CustomResourceDefinition (\S+)$/.exec(ref)?.slice(1) ?? []),
  );

/** What all the rest needs: definitions, namespaces, and that of the release where the user allows it. */
async function prepare(
  run: Run,
  writer: Writer,
  bundle: Bundle,
  rendered: readonly RenderedChart[],
  members: readonly Sourced[],
): Promise<boolean> {
  begin(run, 'Apply the custom resource definitions');
  const { crds, passedOver } = chooseDefinitions(
    bundle.crds,
    rendered.map(({ chart, crds: brought }) => ({ name: chart.name, crds: brought })),
  );
  for (const sentence of passedOver) run.runner.info(sentence);
  return (
    (await writer.define(crds)) &&
    (await writer.apply(stages(bundle.manifests).namespaces)) &&
    (await writer.ensureNamespace(members, bundle.charts))
  );
}

function tellInstalled({ draft, runner }: Run, installed: readonly InstalledChart[]): void {
  for (const { release, state } of installed) {
    runner.info(`Release ${release.namespace}/${release.name}: ${state.status}, revision ${state.revision}`);
    draft.findings(notDeployed(release.name, state.status));
  }
}
