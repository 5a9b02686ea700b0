// The charts of the bundle: copied, rendered before anything is written, then installed one after the other.
import type { Bundle } from '../../bundle/object.ts';
import { type Previewed, previewUpgrade } from '../../helm/plan.ts';
import { comingKind } from '../../helm/render-with-cluster.ts';
import type { Revision } from '../../helm/stored.ts';
import type { Helm } from '../../helm/version.ts';
import { clusterReader, type KubeReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Problem } from '../../verdict/problem.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { ownInventory } from '../apply/write.ts';
import { ChartRenderer, type RenderedChart } from './chart-renderer.ts';
import { type HelmSession, openHelm, releasesOf } from './helm-session.ts';
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
  const releases = releasesOf(run, bundle.charts);
  const filesOf = valuesFilesOf(run, bundle.charts);
  const session = await openHelm(run, cluster);
  const renderer = new ChartRenderer(run, cluster, session, { bundle, releases, filesOf });
  return new Charts(run, cluster, session, renderer);
}

/** One release after the other, in the order of the bundle. */
class Charts implements ChartsOfRun {
  readonly #run: Run;
  readonly #cluster: Cluster;
  readonly #session: HelmSession;
  readonly #renderer: ChartRenderer;
  readonly #reader: KubeReader;
  /** Id of the repository's inventory. */
  readonly #own: string;

  constructor(run: Run, cluster: Cluster, session: HelmSession, renderer: ChartRenderer) {
    this.#run = run;
    this.#cluster = cluster;
    this.#session = session;
    this.#renderer = renderer;
    this.#reader = clusterReader(cluster.kube);
    this.#own = ownInventory(run).id;
  }

  render(...given: Parameters<ChartRenderer['render']>): ReturnType<ChartRenderer['render']> {
    return this.#renderer.render(...given);
  }

  renderAlone(): ReturnType<ChartRenderer['renderAlone']> {
    return this.#renderer.renderAlone();
  }

  again(...given: Parameters<ChartRenderer['again']>): ReturnType<ChartRenderer['again']> {
    return this.#renderer.again(...given);
  }

  async refused(rendered: readonly RenderedChart[]): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for (const each of rendered) {
      const stored = await lastRevision(this.#reader, each.release, this.#run.signal);
      const problem = await whyRefused(this.#run, this.#reader, each, stored, this.#own);
      if (problem) findings.push(refusalFinding(each, problem));
    }
    return findings;
  }

  preview(rendered: readonly RenderedChart[]): Promise<readonly PreviewedChart[]> {
    return this.#session.connected(async (helm) => {
      const served = await this.#cluster.discovery.apiVersions(this.#run.signal);
      const previewed: PreviewedChart[] = [];
      for (const each of rendered) previewed.push(await this.#previewOne(helm, each, served));
      return previewed;
    });
  }

  async #previewOne(helm: Helm, rendered: RenderedChart, served: readonly string[]): Promise<PreviewedChart> {
    const { signal } = this.#run;
    const { release, objects } = rendered;
    const deployed = await lastRevision(this.#reader, release, signal);
    const problem = await whyRefused(this.#run, this.#reader, rendered, deployed, this.#own);
    // Helm would refuse such a kind, or leave out what its templates make only where it is served.
    const coming = rendered.awaits ?? comingKind(objects, served);
    const upgraded =
      coming === undefined
        ? await previewUpgrade(helm, release, upgradeOptions(this.#run, rendered), signal)
        : { coming };
    return { rendered, deployed, upgraded, ...(problem && { refused: problem }) };
  }

  install(rendered: readonly RenderedChart[], installer: Installer): Promise<readonly InstalledChart[]> {
    return this.#session.connected(async (helm) => {
      const installed: InstalledChart[] = [];
      for (const each of rendered) {
        // What the charts before have brought may watch what this one creates.
        const before = installed.flatMap(({ objects }) => objects);
        await webhooksReady(this.#run, this.#reader, before);
        const what = await this.#renderer.awaited(helm, each);
        const one = new ReleaseInstall(this.#run, this.#cluster, helm, installer, what);
        installed.push(await one.install());
      }
      return installed;
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
