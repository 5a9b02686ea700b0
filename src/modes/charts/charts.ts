// The charts of the bundle: copied, rendered before anything is written, then installed one after the other.
import type { Bundle } from '../../bundle/object.ts';
import { type Previewed, previewUpgrade } from '../../helm/plan.ts';
import { comingKind } from '../../helm/render-with-cluster.ts';
import type { Revision } from '../../helm/stored.ts';
import { type ListSecrets, readStoredRelease } from '../../helm/stored-release.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { ChartRenderer, type RenderedChart } from './chart-renderer.ts';
import { openHelm, releasesOf } from './helm-session.ts';
import { type InstalledChart, type Installer, ReleaseInstall, upgradeOptions } from './release-install.ts';
import { valuesFilesOf } from './sources.ts';
import { webhooksReady } from './webhooks-ready.ts';

/** A release before and after an upgrade, as far as helm may tell. */
export interface PreviewedChart {
  readonly rendered: RenderedChart;
  /** The last revision; the value is absent where there is no release. */
  readonly deployed: Seen<Revision | undefined>;
  readonly upgraded: Previewed<Revision>;
}

export interface ChartsOfRun extends Pick<ChartRenderer, 'render' | 'renderAlone' | 'again'> {
  /** What an upgrade would change; writes nothing. */
  preview(rendered: readonly RenderedChart[]): Promise<readonly PreviewedChart[]>;
  install(rendered: readonly RenderedChart[], installer: Installer): Promise<readonly InstalledChart[]>;
  close(): Promise<void>;
}

const secretKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };

const none: ChartsOfRun = {
  render: async () => [],
  renderAlone: async () => [],
  again: async () => [],
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
  const { signal } = run;
  const releases = releasesOf(run, bundle.charts);
  const filesOf = valuesFilesOf(run, bundle.charts);
  const session = await openHelm(run, cluster);
  const charts = new ChartRenderer(run, cluster, session, { bundle, releases, filesOf });

  const preview: ChartsOfRun['preview'] = (rendered) =>
    session.connected(async (connected) => {
      const previewed: PreviewedChart[] = [];
      const served = await cluster.discovery.apiVersions(signal);
      const reader = clusterReader(cluster.kube);
      const secrets: ListSecrets = (namespace, labelSelector) =>
        reader.select(secretKind, namespace, { labelSelector }, signal);
      for (const each of rendered) {
        const { release } = each;
        const deployed = await readStoredRelease(secrets, release);
        // Helm would refuse such a kind, or leave out what its templates make only where it is served.
        const coming = comingKind(each.objects, served);
        const upgraded =
          coming === undefined
            ? await previewUpgrade(connected, release, upgradeOptions(run, each), signal)
            : { coming };
        previewed.push({ rendered: each, deployed, upgraded });
      }
      return previewed;
    });

  const install: ChartsOfRun['install'] = async (rendered, installer) =>
    await session.connected(async (connected) => {
      const installed: InstalledChart[] = [];
      for (const each of rendered) {
        // What the charts before have brought may watch what this one creates.
        const before = installed.flatMap(({ objects }) => objects);
        await webhooksReady(run, clusterReader(cluster.kube), before);
        installed.push(await new ReleaseInstall(run, cluster, connected, installer, each).install());
      }
      return installed;
    });
  return {
    render: () => charts.render(),
    renderAlone: () => charts.renderAlone(),
    again: (each) => charts.again(each),
    preview,
    install,
    close: session.close,
  };
}
