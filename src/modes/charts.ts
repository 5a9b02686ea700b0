// The charts of the bundle: rendered before anything is written, installed with a kubeconfig that lives as long as helm runs.
import { posix } from 'node:path';
import { stageOf } from '../apply/stages.ts';
import type { Bundle, Chart, Sourced } from '../bundle/object.ts';
import { stuckRollouts } from '../chain/rollout.ts';
import { buildDependencies } from '../helm/dependencies.ts';
import { freeRelease } from '../helm/pending.ts';
import { deployedObjects, type Previewed, upgradedObjects } from '../helm/preview.ts';
import { type Release, type ReleaseState, upgradeInstall } from '../helm/release.ts';
import { apiVersionsOf, renderChart } from '../helm/render.ts';
import { clusterReader } from '../kube/reader.ts';
import { removeObject } from '../kube/remove.ts';
import type { Run } from '../run.ts';
import { Problem } from '../verdict/problem.ts';
import { openHelm, releasesOf } from './helm-session.ts';
import type { Cluster } from './reach-cluster.ts';

export interface RenderedChart {
  readonly chart: Chart;
  readonly release: Release;
  readonly crds: readonly Sourced[];
  readonly objects: readonly Sourced[];
  readonly routes: readonly Sourced[];
}

export interface InstalledChart {
  readonly release: Release;
  readonly state: ReleaseState;
}

/** A release before and after an upgrade, as far as helm may tell. */
export interface PreviewedChart {
  readonly rendered: RenderedChart;
  /** Of the last revision; the value is absent where there is no release. */
  readonly deployed: Previewed<readonly Sourced[] | undefined>;
  /** What an upgrade would send. */
  readonly upgraded: Previewed<readonly Sourced[]>;
}

export interface ChartsOfRun {
  render(): Promise<readonly RenderedChart[]>;
  /** What an upgrade would change; writes nothing. */
  preview(rendered: readonly RenderedChart[]): Promise<readonly PreviewedChart[]>;
  install(rendered: readonly RenderedChart[]): Promise<readonly InstalledChart[]>;
  close(): Promise<void>;
}

const none: ChartsOfRun = {
  render: async () => [],
  preview: async () => [],
  install: async () => [],
  close: async () => {},
};

/**
 * Helm with a home of its own in a private folder; where the bundle has no chart, helm is not even looked for.
 * @param isAbandoned whether a helm that began then belongs to a run that is known to have died
 * @throws Problem `helm/*`, `input/invalid`.
 */
export async function useHelm(
  run: Run,
  cluster: Cluster,
  bundle: Bundle,
  isAbandoned?: (began: Date) => boolean,
): Promise<ChartsOfRun> {
  if (bundle.charts.length === 0) return none;
  const { inputs, environment, runner, clock, signal } = run;
  const releases = releasesOf(run, bundle.charts);
  const session = await openHelm(run, cluster);
  const { helm } = session;
  const { workspace } = environment;
  const values = inputs.valuesFiles.map((file) => posix.join(inputs.workingDirectory, file));
  const onLine = (line: string): void => runner.info(`  ${line}`);

  const render = async (): Promise<RenderedChart[]> => {
    const rendered: RenderedChart[] = [];
    const apiVersions = [...cluster.discovery.apiVersions(), ...apiVersionsOf(bundle.crds)];
    for (const { chart, release } of releases) {
      await buildDependencies(helm, chart, { workspace, onLine }, signal);
      const options = { workspace, values, kubeVersion: cluster.version, apiVersions };
      const { crds, objects } = await renderChart(helm, chart, release, options, signal);
      runner.info(`${chart.name}: ${objects.length} objects, ${crds.length} custom resource definitions`);
      rendered.push({
        chart,
        release,
        crds,
        objects,
        routes: objects.filter(({ object }) => stageOf(object) === 'routes'),
      });
    }
    return rendered;
  };

  const preview = (rendered: readonly RenderedChart[]): Promise<PreviewedChart[]> =>
    session.connected(async (withCluster) => {
      const previewed: PreviewedChart[] = [];
      for (const each of rendered) {
        const { chart, release } = each;
        const deployed = await deployedObjects(withCluster, chart, release, workspace, signal);
        const upgraded = await upgradedObjects(withCluster, chart, release, { workspace, values }, signal);
        previewed.push({ rendered: each, deployed, upgraded });
      }
      return previewed;
    });

  const install = async (rendered: readonly RenderedChart[]): Promise<InstalledChart[]> => {
    const options = {
      workspace,
      values,
      timeout: inputs.helmTimeout,
      createNamespace: inputs.createNamespace,
      onLine,
    };
    const freeing = {
      clock,
      timeout: inputs.helmTimeout,
      ...(isAbandoned && { isAbandoned }),
      deleteSecret: (namespace: string, name: string, during: AbortSignal) =>
        removeObject(cluster.kube, { apiVersion: 'v1', plural: 'secrets' }, namespace, name, during),
      onLine: (line: string): void => runner.info(line),
    };
    return await session.connected(async (withCluster) => {
      const installed: InstalledChart[] = [];
      for (const { chart, release, objects } of rendered) {
        await freeRelease(withCluster, release, workspace, freeing, signal);
        try {
          const state = await upgradeInstall(withCluster, chart, release, options, signal);
          installed.push({ release, state });
        } catch (error) {
          throw await withRollouts(error, cluster, release, objects, signal);
        }
      }
      return installed;
    });
  };
  return { render, preview, install, close: session.close };
}

/** Helm says that something was not ready in time; the Deployments and their pods say what, and why. */
async function withRollouts(
  error: unknown,
  { kube }: Cluster,
  release: Release,
  objects: readonly Sourced[],
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Problem) || error.code !== 'helm/failed') return error;
  const deployments = objects
    .filter(({ object }) => object.kind === 'Deployment')
    .map(({ object: { metadata } }) => ({
      namespace: metadata.namespace ?? release.namespace,
      name: metadata.name,
    }));
  const stuck = await stuckRollouts(clusterReader(kube), deployments, signal);
  if (stuck.length === 0) return error;
  const names = stuck.map(({ ref, why }) => `${ref} (${why})`).join('; ');
  return new Problem(error.code, `${error.message} Not rolled out: ${names}.`, {
    hint: error.hint,
    evidence: [...error.evidence, ...stuck.flatMap(({ evidence }) => evidence)],
    cause: error,
  });
}
