// Renders the charts of a run: as they will be installed, without the cluster, or once more to see what stays the same.
import { stageOf } from '../../apply/stages.ts';
import type { Bundle, Chart, Sourced } from '../../bundle/object.ts';
import type { Release } from '../../helm/release.ts';
import {
  apiVersionsOf,
  orProblem,
  type Rendering,
  type RenderOptions,
  renderChart,
} from '../../helm/render.ts';
import { type ClusterRendering, renderAlone, renderWithCluster } from '../../helm/render-with-cluster.ts';
import type { Helm } from '../../helm/version.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { HelmSession } from './helm-session.ts';
import { chartPathOf, inlineValues } from './sources.ts';

export interface RenderedChart extends ClusterRendering {
  readonly chart: Chart;
  readonly release: Release;
  /** The chart's folder, with its dependencies: a copy. */
  readonly chartPath: string;
  readonly values: readonly string[];
  /** What its templates found served. */
  readonly apiVersions: readonly string[];
  readonly routes: readonly Sourced[];
}

interface Prepared {
  readonly chart: Chart;
  readonly release: Release;
  readonly options: Omit<RenderOptions, 'apiVersions'>;
}

type Render = (each: Prepared, apiVersions: readonly string[]) => Promise<ClusterRendering>;

const isDefinition = ({ object }: Sourced): boolean => object.kind === 'CustomResourceDefinition';

/** The charts of the bundle with what the inputs say of each. */
export interface ChosenCharts {
  readonly bundle: Bundle;
  readonly releases: readonly { readonly chart: Chart; readonly release: Release }[];
  /** The values files that the user named. */
  readonly filesOf: (chart: Chart) => readonly string[];
}

export class ChartRenderer {
  readonly #run: Run;
  readonly #cluster: Cluster;
  readonly #session: HelmSession;
  readonly #chosen: ChosenCharts;

  constructor(run: Run, cluster: Cluster, session: HelmSession, chosen: ChosenCharts) {
    this.#run = run;
    this.#cluster = cluster;
    this.#session = session;
    this.#chosen = chosen;
  }

  /**
   * As helm will install them.
   * @param mayAwait whether what comes with this run will be there later, and `awaited` asked
   * @throws Problem `helm/*`.
   */
  render({ mayAwait }: { readonly mayAwait: boolean }): Promise<readonly RenderedChart[]> {
    const { signal } = this.#run;
    return this.#session.connected(async (helm) => {
      const served = await this.#cluster.discovery.apiVersions(signal);
      return this.#all(({ chart, release, options }, apiVersions) =>
        renderWithCluster(helm, chart, release, { ...options, apiVersions, served, mayAwait }, signal),
      );
    });
  }

  /** A chart that awaited a kind, when its turn has come. @throws Problem `helm/*`. */
  async awaited(helm: Helm, each: RenderedChart): Promise<RenderedChart> {
    const { awaits, unseen: _, ...known } = each;
    if (awaits === undefined) return each;
    const { chart, release, chartPath, values, apiVersions } = known;
    const { signal, environment } = this.#run;
    const { discovery, version: kubeVersion } = this.#cluster;
    await discovery.refresh(signal);
    const served = await discovery.apiVersions(signal);
    const options = { workspace: environment.workspace, chartPath, values, kubeVersion, apiVersions, served };
    const rendering = await renderWithCluster(helm, chart, release, options, signal);
    const rendered = { ...known, ...rendering, routes: routesIn(rendering) };
    this.#tell(rendered);
    return rendered;
  }

  /** Whatever templates look for in the cluster, they do not find it. @throws Problem `helm/*`. */
  renderAlone(): Promise<readonly RenderedChart[]> {
    const { helm } = this.#session;
    return this.#all(({ chart, release, options }, apiVersions) =>
      renderAlone(helm, chart, release, { ...options, apiVersions }, this.#run.signal),
    );
  }

  /**
   * The objects of a chart once more: what comes out otherwise depends on the moment, on whether it is an upgrade, or,
   * where its templates could look into the cluster, on what they found.
   */
  again(each: RenderedChart): Promise<readonly Sourced[]> {
    if (each.alone !== undefined) return Promise.resolve(each.alone);
    const { chartPath, values, apiVersions } = each;
    const { workspace } = this.#run.environment;
    const options = { workspace, chartPath, values, kubeVersion: this.#cluster.version, apiVersions };
    return this.#session.connected(async (helm) => {
      const render = async (how: Pick<RenderOptions, 'upgrade' | 'lookUp'>) => {
        const { chart, release } = each;
        return (await renderChart(helm, chart, release, { ...options, ...how }, this.#run.signal)).objects;
      };
      try {
        return await render({ upgrade: true });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        // It renders with the cluster alone, or refuses to be an upgrade of what it cannot see.
        return await render({ lookUp: true }).catch(() => render({}));
      }
    });
  }

  /** What the API server serves, and what the repository's own definitions bring. */
  async #versions(): Promise<readonly string[]> {
    const served = await this.#cluster.discovery.apiVersions(this.#run.signal);
    return [...served, ...apiVersionsOf(this.#chosen.bundle.crds)];
  }

  async #prepared(): Promise<readonly Prepared[]> {
    const { releases, filesOf } = this.#chosen;
    const { helm, folder } = this.#session;
    const { workspace } = this.#run.environment;
    const inline = await inlineValues(this.#run, folder);
    const prepared: Prepared[] = [];
    for (const { chart, release } of releases) {
      const chartPath = await chartPathOf(this.#run, helm, chart, folder);
      const values = [...filesOf(chart), ...inline];
      const options = { workspace, chartPath, values, kubeVersion: this.#cluster.version };
      prepared.push({ chart, release, options });
    }
    return prepared;
  }

  /** Each with the versions that are served when its turn comes. */
  async #all(render: Render): Promise<readonly RenderedChart[]> {
    const { signal } = this.#run;
    const served = await this.#versions();
    const first: (Prepared & { readonly rendering: ClusterRendering | Problem })[] = [];
    for (const each of await this.#prepared())
      first.push({ ...each, rendering: await orProblem(render(each, served), signal) });
    const rendered: RenderedChart[] = [];
    for (const [index, { rendering, ...each }] of first.entries()) {
      const brought = broughtBy(first, index).filter((version) => !served.includes(version));
      if (rendering instanceof Problem && brought.length === 0) throw rendering;
      const apiVersions = [...served, ...brought];
      const whole =
        rendering instanceof Problem || brought.length > 0 ? await render(each, apiVersions) : rendering;
      const { chart, release, options } = each;
      const { chartPath, values } = options;
      rendered.push({ ...whole, chart, release, chartPath, values, apiVersions, routes: routesIn(whole) });
    }
    for (const each of rendered) this.#tell(each);
    return rendered;
  }

  #tell({ chart: { name, source }, objects, crds, unseen, awaits }: RenderedChart): void {
    const { runner, draft } = this.#run;
    if (awaits !== undefined) {
      draft.findings([
        finding(
          'notice',
          'helm/awaits-kind',
          `The chart ${name} was not rendered beforehand: its templates look into the cluster, which does not serve ${awaits} yet; that comes with this bundle. What it installs, and whether that may be, shows only when its turn has come.`,
          { source, hint: 'Nothing, if it is only for the first time.' },
        ),
      ]);
      return;
    }
    runner.info(`${name}: ${objects.length} objects, ${crds.length} custom resource definitions`);
    if (unseen !== undefined)
      runner.info(`  Its templates look into the cluster (\`lookup\`), and found nothing there: ${unseen}`);
  }
}

const routesIn = ({ objects }: Rendering): readonly Sourced[] =>
  objects.filter(({ object }) => stageOf(object) === 'routes');

/**
 * What a chart finds served thanks to others: definitions of `crds/` are all applied before the first chart, those among
 * templates come with their chart.
 */
const broughtBy = (
  all: readonly { readonly rendering: Rendering | Problem }[],
  index: number,
): readonly string[] =>
  all.flatMap(({ rendering }, at) =>
    rendering instanceof Problem || at === index
      ? []
      : [
          ...apiVersionsOf(rendering.crds),
          ...(at < index ? apiVersionsOf(rendering.objects.filter(isDefinition)) : []),
        ],
  );
