// The charts of the bundle: copied, rendered before anything is written, then installed one after the other.
import type { Bundle } from '../../bundle/object.ts';
import { type Previewed, previewUpgrade } from '../../helm/plan.ts';
import { comingKind } from '../../helm/render-with-cluster.ts';
import type { Revision } from '../../helm/stored.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Problem } from '../../verdict/problem.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { ownInventory } from '../apply/write.ts';
import { ChartRenderer, type RenderedChart } from './chart-renderer.ts';
import { openHelm, releasesOf } from './helm-session.ts';
import { type InstalledChart, type Installer, ReleaseInstall, upgradeOptions } from './release-install.ts';
import { valuesFilesOf } from './sources.ts';
import { lastRevision, refusalFinding, whyRefused } from './strange-releases.ts';
import { webhooksReady } from './webhooks-ready.ts';

/** A release before and after an upgrade, as far as helm may tell. */
export interface PreviewedChart {
  readonly rendered: RenderedChart;
  /** The last revision; the value is absent where there is no release. */
  readonly deployed: Seen<Revision | undefined>;
  readonly upgraded: Previewed<Revision>;
  /** Why a deploy would not touch the release. */
  readonly refused?: Problem;
}

export interface ChartsOfRun extends Pick<ChartRenderer, 'render' | 'renderAlone' | 'again'> {
  /** Why a deploy does not touch some of the releases. */
  refused(rendered: readonly RenderedChart[]): Promise<readonly Finding[]>;
  /** What an upgrade would change; writes nothing. */
  preview(rendered: readonly RenderedChart[]): Promise<readonly PreviewedChart[]>;
  install(rendered: readonly RenderedChart[], installer: Installer): Promise<readonly InstalledChart[]>;
  close(): Promise<void>;
}

const none: ChartsOfRun = {
  render: async () => [],
  renderAlone: async () => [],
  again: async () => [],
  refused: async () => [],
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

  const reader = clusterReader(cluster.kube);
  const { id } = ownInventory(run);

  const refused: ChartsOfRun['refused'] = async (rendered) => {
    const findings: Finding[] = [];
    for (const each of rendered) {
      const stored = await lastRevision(reader, each.release, signal);
      const problem = await whyRefused(run, reader, each, stored, id);
      if (problem) findings.push(refusalFinding(each, problem));
    }
    return findings;
  };

  const preview: ChartsOfRun['preview'] = (rendered) =>
    session.connected(async (connected) => {
      const previewed: PreviewedChart[] = [];
      const served = await cluster.discovery.apiVersions(signal);
      for (const each of rendered) {
        const { release } = each;
        const deployed = await lastRevision(reader, release, signal);
        const problem = await whyRefused(run, reader, each, deployed, id);
        // Helm would refuse such a kind, or leave out what its templates make only where it is served.
        const coming = comingKind(each.objects, served);
        const upgraded =
          coming === undefined
            ? await previewUpgrade(connected, release, upgradeOptions(run, each), signal)
            : { coming };
        previewed.push({ rendered: each, deployed, upgraded, ...(problem && { refused: problem }) });
      }
      return previewed;
    });

  const install: ChartsOfRun['install'] = async (rendered, installer) =>
    await session.connected(async (connected) => {
      const installed: InstalledChart[] = [];
      for (const each of rendered) {
        // What the charts before have brought may watch what this one creates.
        const before = installed.flatMap(({ objects }) => objects);
        await webhooksReady(run, reader, before);
        installed.push(await new ReleaseInstall(run, cluster, connected, installer, each).install());
      }
      return installed;
    });
  return {
    render: () => charts.render(),
    renderAlone: () => charts.renderAlone(),
    again: (each) => charts.again(each),
    refused,
    preview,
    install,
    close: session.close,
  };
}
