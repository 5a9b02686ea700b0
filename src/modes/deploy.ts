// deploy: find → sign in → reach the cluster → render → apply → wait until every host is live.
import { resolve } from 'node:path';
import { type AppliedObject, applyStage } from '../apply/apply.ts';
import { waitEstablished } from '../apply/established.ts';
import { stages } from '../apply/stages.ts';
import { collect } from '../bundle/collect.ts';
import type { Bundle, Chart, Sourced } from '../bundle/object.ts';
import { findFiles } from '../files/find.ts';
import { serverSideApplier } from '../kube/apply.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { finding } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { type InstalledChart, type RenderedChart, useHelm } from './charts.ts';
import { type Applied, waitUntilLive } from './live.ts';
import { type Cluster, reachCluster } from './reach-cluster.ts';
import { signIn } from './sign-in.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function deploy(run: Run): Promise<Outcome> {
  const { runner, draft, inputs } = run;
  const begin = (title: string): void => {
    runner.group(title);
    draft.phase(title);
  };

  begin('Find what to deploy');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';

  begin('Assume the roles');
  const signedIn = await signIn(run);
  draft.target({
    cluster: inputs.clusterName,
    region: inputs.region,
    namespace: inputs.namespace,
    accounts: signedIn.accounts,
  });

  begin('Reach the cluster');
  const cluster = await reachCluster(run, signedIn);
  draft.version('kubernetes', cluster.version);
  try {
    return await deployTo(run, cluster, bundle, begin, (written) =>
      waitUntilLive(run, { signedIn, cluster, bundle, ...written }),
    );
  } finally {
    await cluster.kube.close();
  }
}

type Finish = (written: Pick<Applied, 'routes' | 'since' | 'generations'>) => Promise<Outcome>;

async function deployTo(
  run: Run,
  cluster: Cluster,
  bundle: Bundle,
  begin: (title: string) => void,
  untilLive: Finish,
): Promise<Outcome> {
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
    if (bundle.charts.length > 0) begin('Render the charts');
    const rendered: readonly RenderedChart[] = await helm.render();
    const { namespaces, classes, rest } = stages(bundle.manifests);

    begin('Apply the custom resource definitions');
    const crds = [...bundle.crds, ...rendered.flatMap((chart) => chart.crds)];
    if (!(await apply(crds))) return 'failed';
    const missing = await waitEstablished(crds, applier, { clock }, signal);
    draft.findings(missing);
    if (missing.length > 0) return 'failed';
    if (!(await apply(namespaces)) || !(await apply(classes))) return 'failed';

    if (rendered.length > 0) begin('Install the charts');
    const installed: readonly InstalledChart[] = await helm.install(rendered);
    tellInstalled(run, installed);

    begin('Apply the manifests and the routes');
    if (!(await apply(rest)) || !(await apply(bundle.routes))) return 'failed';

    begin('Wait until every hostname is live');
    const routes = [...bundle.routes, ...rendered.flatMap((chart) => chart.routes)];
    return await untilLive({ routes, since, generations });
  } finally {
    await helm.close();
  }
}

async function findBundle({ inputs, environment, runner, draft, signal }: Run): Promise<Bundle | undefined> {
  const { workspace } = environment;
  const found = await findFiles(workspace, inputs.workingDirectory, signal);
  const folder = inputs.workingDirectory.replace(/^\.\//, '').replace(/\/+$/, '') || '.';
  const { bundle, findings } = collect(found.files, inputs.globs, folder);
  draft.findings(findings);
  const line = (
    what: string,
    items: readonly { readonly source: { readonly file: string; readonly line: number } }[],
    name: (index: number) => string,
  ): void => {
    runner.info(`${what}: ${items.length}`);
    items.forEach(({ source }, index) => {
      runner.info(`  ${name(index)}  ${source.file}:${source.line}`);
    });
  };
  const named = (objects: readonly Sourced[]) => (index: number) => {
    const object = objects[index]?.object;
    return object === undefined
      ? ''
      : `${object.kind} ${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`;
  };
  line('Custom resource definitions', bundle.crds, named(bundle.crds));
  line('Charts', bundle.charts, (index) => describeChart(bundle.charts[index]));
  line('Manifests', bundle.manifests, named(bundle.manifests));
  line('Routes', bundle.routes, named(bundle.routes));
  const ignored = [...found.ignored, ...bundle.ignored];
  runner.info(`Ignored: ${ignored.length}`);
  for (const { file, why } of ignored) runner.info(`  ${file}: ${why}`);
  if (findings.some(({ severity }) => severity === 'error')) return undefined;
  if (bundle.crds.length + bundle.charts.length + bundle.manifests.length + bundle.routes.length === 0) {
    throw new Problem(
      'bundle/nothing-found',
      `Nothing to deploy was found in ${resolve(workspace, inputs.workingDirectory)}.`,
      {
        hint: 'Check `working-directory`, and that the workflow checks the repository out before this step.',
      },
    );
  }
  return bundle;
}

const describeChart = (chart: Chart | undefined): string =>
  chart === undefined
    ? ''
    : `${chart.name} ${chart.version} (${chart.dependencies.map(({ name, version }) => `${name} ${version}`).join(', ') || 'no dependencies'})`;

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
