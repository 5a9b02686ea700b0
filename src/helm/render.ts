// Renders a chart before anything is written, and takes its CRDs apart from the rest.
import { isMap } from '../bundle/field.ts';
import type { Chart, Sourced } from '../bundle/object.ts';
import { parseManifests } from '../bundle/parse.ts';
import { runChild } from '../child.ts';
import type { Source } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import type { Release } from './release.ts';
import type { Helm } from './version.ts';
import { helmWords } from './words.ts';

export interface RenderOptions {
  /** The workspace's absolute path; values files are relative to it. */
  readonly workspace: string;
  /** The chart's folder, which may be a copy. */
  readonly chartPath: string;
  readonly values: readonly string[];
  /** The API server's version, `v1.36.3`. */
  readonly kubeVersion: string;
  /** What the API server serves, `apps/v1` and `apps/v1/Deployment`. */
  readonly apiVersions: readonly string[];
  /** As an upgrade instead of an install. */
  readonly upgrade?: boolean;
  /**
   * As an upgrade whose templates may look into the cluster, which helm then needs to reach. Helm 4 then takes the versions
   * from there as well, and refuses kinds that are not served (pkg/action/install.go, 4.2; 3.21 does neither).
   */
  readonly lookUp?: boolean;
}

export interface Rendering {
  /** What stands in the `crds/` folders of the chart and of its subcharts: Helm installs it, and never upgrades it. */
  readonly crds: readonly Sourced[];
  /** Everything else, CRDs among the templates too, which Helm keeps as its own; without hooks of `helm test`. */
  readonly objects: readonly Sourced[];
}

/**
 * A rendered document begins with `# Source: <chart>/templates/x.yaml`. A subchart's file exists only inside its
 * archive: the Chart.yaml that asks for it is what a person can open.
 */
const sourceOf = (text: string, chart: Chart): Source => {
  const path = /^# Source: (\S+)$/m.exec(text)?.[1];
  const own = path?.startsWith(`${chart.name}/`) === true ? path.slice(chart.name.length + 1) : undefined;
  if (own === undefined || own.startsWith('charts/')) return chart.source;
  return { file: chart.folder === '.' ? own : `${chart.folder}/${own}`, line: 1 };
};

const betweenDocuments = /^---\s*$/m;

/** `# Source: infra/charts/aws-load-balancer-controller/crds/crds.yaml` (helm pkg/chart/v2/chart.go CRDObjects). */
const inCrdsFolder = /^# Source: [^/\s]+(?:\/charts\/[^/\s]+)*\/crds\//m;

/**
 * The documents of `crds/` folders, and the others. Helm prints a file of `crds/` as it is: only its first document says
 * where it comes from (helm pkg/cmd/template.go).
 */
const takenApart = (output: string): readonly [string, string] => {
  const crds: string[] = [];
  const templates: string[] = [];
  let isCrd = false;
  for (const part of output.split(betweenDocuments)) {
    if (/^# Source: /m.test(part)) isCrd = inCrdsFolder.test(part);
    (isCrd ? crds : templates).push(part);
  }
  return [crds.join('\n---\n'), templates.join('\n---\n')];
};

/**
 * The objects of helm's output, each with the file that it was rendered from.
 * @throws Problem `helm/render-failed`.
 */
export const objectsOf = (text: string, chart: Chart): Sourced[] =>
  text.split(betweenDocuments).flatMap((part) => {
    const source = sourceOf(part, chart);
    const { objects, findings } = parseManifests(part, source.file, { rendered: true });
    const broken = findings.find(({ code }) => code === 'bundle/invalid-yaml');
    if (broken) {
      throw new Problem('helm/render-failed', `${source.file} renders to broken YAML. ${broken.message}`);
    }
    return objects.map(({ object }) => ({ object, source }));
  });

/** `gateway.k8s.aws/v1` and `gateway.k8s.aws/v1/LoadBalancerConfiguration` for all that CRDs will serve. */
export const apiVersionsOf = (crds: readonly Sourced[]): readonly string[] =>
  crds.flatMap(({ object: { spec } }) => {
    if (!isMap(spec) || !isMap(spec['names']) || !Array.isArray(spec['versions'])) return [];
    const { group, names, versions } = spec;
    return versions.filter(isMap).flatMap((version) => {
      const apiVersion = `${String(group)}/${String(version['name'])}`;
      return version['served'] === true ? [apiVersion, `${apiVersion}/${String(names['kind'])}`] : [];
    });
  });

/** @throws the signal's reason on abort, and bugs. */
export const orProblem = async <Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result | Problem> => {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) return error;
    throw error;
  }
};

const template = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<Rendering> => {
  const args = [
    'template',
    release.name,
    options.chartPath,
    '--namespace',
    release.namespace,
    '--include-crds',
    '--skip-tests',
    '--kube-version',
    options.kubeVersion,
    ...options.apiVersions.flatMap((version) => ['--api-versions', version]),
    ...options.values.flatMap((file) => ['--values', file]),
    ...(options.upgrade || options.lookUp ? ['--is-upgrade'] : []),
    ...(options.lookUp ? ['--dry-run=server'] : []),
  ];
  const end = await runChild('helm', args, { cwd: options.workspace, environment: helm.environment }, signal);
  if (end.code !== 0 || end.cut) {
    const words = end.cut ? 'it renders to more than 64 MiB' : helmWords(end);
    throw new Problem('helm/render-failed', `The chart in ${chart.folder} cannot be rendered: ${words}`, {
      hint: `helm template ${options.lookUp ? '--dry-run=server ' : ''}with the same values shows the same.`,
    });
  }
  const [crds, templates] = takenApart(end.stdout);
  return { crds: objectsOf(crds, chart), objects: objectsOf(templates, chart) };
};

/** What stands in `crds/` folders, of subcharts that are switched off as well; none where helm does not say. */
export const shownCrds = async (
  helm: Helm,
  chart: Chart,
  { chartPath, workspace: cwd }: Pick<RenderOptions, 'chartPath' | 'workspace'>,
  signal: AbortSignal,
): Promise<readonly Sourced[]> => {
  const { environment } = helm;
  const end = await runChild('helm', ['show', 'crds', chartPath], { cwd, environment }, signal);
  return end.code === 0 ? objectsOf(end.stdout, chart) : [];
};

/**
 * `helm template`, as the cluster will see it once the CRDs are there: where the chart itself brings versions that
 * the cluster does not serve yet, it is rendered again with them.
 * @throws Problem `helm/render-failed`; the signal's reason on abort.
 */
export const renderChart = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<Rendering> => {
  const first = await orProblem(template(helm, chart, release, options, signal), signal);
  // A template may refuse to be rendered without them.
  const crds = first instanceof Problem ? await shownCrds(helm, chart, options, signal) : first.crds;
  const brought = apiVersionsOf(crds).filter((version) => !options.apiVersions.includes(version));
  if (brought.length > 0) {
    const apiVersions = [...options.apiVersions, ...brought];
    return template(helm, chart, release, { ...options, apiVersions }, signal);
  }
  if (first instanceof Problem) throw first;
  return first;
};
