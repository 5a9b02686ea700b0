// The charts of the bundle: copied, rendered before anything is written, then installed one after the other.
import { stageOf } from '../../apply/stages.ts';
import type { Bundle, Chart, Sourced } from '../../bundle/object.ts';
import { type Previewed, previewUpgrade } from '../../helm/plan.ts';
import type { Release, ReleaseState } from '../../helm/release.ts';
import { apiVersionsOf, renderChart } from '../../helm/render.ts';
import type { Revision } from '../../helm/stored.ts';
import { type ListSecrets, readStoredRelease } from '../../helm/stored-release.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { openHelm, releasesOf } from './helm-session.ts';
import { type Installer, ReleaseInstall, upgradeOptions } from './release-install.ts';
import { chartPathOf, inlineValues, valuesFilesOf } from './sources.ts';
import { webhooksReady } from './webhooks-ready.ts';

export interface RenderedChart {
  readonly chart: Chart;
  readonly release: Release;
  /** The chart's folder, with its dependencies: a copy. */
  readonly chartPath: string;
  readonly values: readonly string[];
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
  /** The last revision; the value is absent where there is no release. */
  readonly deployed: Seen<Revision | undefined>;
  readonly upgraded: Previewed<Revision>;
}

export interface ChartsOfRun {
  render(): Promise<readonly RenderedChart[]>;
  /**
   * The same charts once more, as upgrades that may look into the cluster: what comes out otherwise depends on the moment
   * or on the cluster.
   */
  renderUpgrades(rendered: readonly RenderedChart[]): Promise<readonly RenderedChart[]>;
  /** What an upgrade would change; writes nothing. */
  preview(rendered: readonly RenderedChart[]): Promise<readonly PreviewedChart[]>;
  install(rendered: readonly RenderedChart[], installer: Installer): Promise<readonly InstalledChart[]>;
  close(): Promise<void>;
}

const secretKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };

const none: ChartsOfRun = {
  render: async () => [],
  renderUpgrades: async () => [],
  preview: async () => [],
  install: async () => [],
  close: async () => {},
};

/**
 * Helm with a home of its own in a private folder; where the bundle has no chart, helm is not even looked for.
 * @throws Problem `helm/*`, `input/invalid`.
 */
export async function useHelm(run: Run, cluster: Cluster, bundle: Bundle): Promise<ChartsOfRun> {
  if (bundle.charts.length === 0) return none;
  const { environment, runner, signal } = run;
  const releases = releasesOf(run, bundle.charts);
  const filesOf = valuesFilesOf(run, bundle.charts);
  const session = await openHelm(run, cluster);
  const { helm } = session;
  const { workspace } = environment;
  const versionsServed = async (): Promise<readonly string[]> => [
    ...(await cluster.discovery.apiVersions(signal)),
    ...apiVersionsOf(bundle.crds),
  ];
  const render = async (): Promise<RenderedChart[]> => {
    const rendered: RenderedChart[] = [];
    const inline = await inlineValues(run, session.folder);
    const apiVersions = await versionsServed();
    for (const { chart, release } of releases) {
      const chartPath = await chartPathOf(run, helm, chart, session.folder);
      const values = [...filesOf(chart), ...inline];
      const options = { workspace, chartPath, values, kubeVersion: cluster.version, apiVersions };
      const { crds, objects } = await renderChart(helm, chart, release, options, signal);
      runner.info(`${chart.name}: ${objects.length} objects, ${crds.length} custom resource definitions`);
      const routes = objects.filter(({ object }) => stageOf(object) === 'routes');
      rendered.push({ chart, release, chartPath, values, crds, objects, routes });
    }
    return rendered;
  };

  const renderUpgrades: ChartsOfRun['renderUpgrades'] = (rendered) =>
    session.connected(async (connected) => {
      const apiVersions = await versionsServed();
      const again: RenderedChart[] = [];
      for (const each of rendered) {
        const { chart, release, chartPath, values } = each;
        const options = { workspace, chartPath, values, kubeVersion: cluster.version, apiVersions };
        const upgrade = { ...options, upgrade: true as const };
        const { crds, objects } = await renderChart(connected, chart, release, upgrade, signal);
        again.push({ ...each, crds, objects });
      }
      return again;
    });

  const preview: ChartsOfRun['preview'] = (rendered) =>
    session.connected(async (connected) => {
      const previewed: PreviewedChart[] = [];
      const reader = clusterReader(cluster.kube);
      const secrets: ListSecrets = (namespace, labelSelector) =>
        reader.select(secretKind, namespace, { labelSelector }, signal);
      for (const each of rendered) {
        const { release } = each;
        const deployed = await readStoredRelease(secrets, release);
        const upgraded = await previewUpgrade(connected, release, upgradeOptions(run, each), signal);
        previewed.push({ rendered: each, deployed, upgraded });
      }
      return previewed;
    });

  const install: ChartsOfRun['install'] = async (rendered, installer) =>
    await session.connected(async (connected) => {
      const installed: InstalledChart[] = [];
      for (const [index, each] of rendered.entries()) {
        // What the charts before have brought may watch what this one creates.
        const before = rendered.slice(0, index).flatMap(({ objects }) => objects);
        await webhooksReady(run, clusterReader(cluster.kube), before);
        const state = await new ReleaseInstall(run, cluster, connected, installer, each).install();
        installed.push({ release: each.release, state });
      }
      return installed;
    });
  return { render, renderUpgrades, preview, install, close: session.close };
}
