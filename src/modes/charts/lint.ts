// The charts of the bundle as far as they can be read without a cluster: their values, and, where helm is, what they render.
import { posix } from 'node:path';
import { stageOf } from '../../apply/stages.ts';
import type { Bundle, Chart, Sourced } from '../../bundle/object.ts';
import { readAgain } from '../../files/read.ts';
import { createPrivateFolder, removePrivateFolder } from '../../files/temp.ts';
import { helmEnvironment } from '../../helm/environment.ts';
import { apiVersionsOf } from '../../helm/render.ts';
import { renderAlone } from '../../helm/render-with-cluster.ts';
import { findHelm } from '../../helm/version.ts';
import type { LintInput } from '../../lint/input.ts';
import { type ValuedWorkload, type ValuesFile, workloadsInValues } from '../../lint/values.ts';
import { workloadsOf } from '../../preflight/workloads.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { releasesOf } from './helm-session.ts';
import { chartPathOf, inlineValues, valuesFilesOf } from './sources.ts';

export interface ChartsRead {
  readonly routes: readonly Sourced[];
  readonly objects: readonly Sourced[];
  readonly controllers: NonNullable<LintInput['controllers']>;
  readonly findings: readonly Finding[];
  /** Whether some were not rendered. */
  readonly unread: boolean;
}

/** Charts are rendered for a version that all of theirs accept today; the cluster's own is not known. */
const kubeVersion = 'v1.34.0';

/** Served by every cluster that the action deploys to, once its definitions are there. */
const usual = [
  'gateway.networking.k8s.io/v1',
  'gateway.k8s.aws/v1',
  'gateway.k8s.aws/v1beta1',
  'elbv2.k8s.aws/v1beta1',
];

export async function readCharts(run: Run, bundle: Bundle): Promise<ChartsRead> {
  const { inputs } = run;
  const filesOf = valuesFilesOf(run, bundle.charts);
  const valued: ValuedWorkload[] = [];
  for (const chart of bundle.charts) {
    const inline = inputs.helm.values === undefined ? [] : [{ text: inputs.helm.values }];
    const files = [...(await valuesFiles(run, chart, filesOf(chart))), ...inline];
    valued.push(...workloadsInValues(chart, files, inputs.namespace));
  }
  const { rendered, findings } = await renderAll(run, bundle);
  const placed = rendered.map(({ object, source }) => ({
    source,
    object: { ...object, metadata: { namespace: inputs.namespace, ...object.metadata } },
  }));
  // The values give the line; what they do not show, the rendered Deployment does.
  const others = workloadsOf([], placed).coming.filter(
    ({ controller }) => !valued.some(({ workload }) => workload.controller === controller),
  );
  const isRoute = ({ object }: Sourced): boolean => stageOf(object) === 'routes';
  return {
    routes: placed.filter(isRoute),
    objects: placed.filter((each) => !isRoute(each)),
    controllers: [...valued, ...others.map((workload) => ({ workload }))],
    findings,
    unread: findings.length > 0,
  };
}

async function valuesFiles(
  { environment }: Run,
  { folder }: Chart,
  given: readonly string[],
): Promise<readonly ValuesFile[]> {
  const paths = [posix.join(folder, 'values.yaml'), ...given];
  const read = await Promise.all(
    paths.map(async (path) => ({ path, text: await readAgain(environment.workspace, path) })),
  );
  return read.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }]));
}

/** Without helm, or without the chart repositories, the templates stay unread: a notice, and all else is checked. */
async function renderAll(
  run: Run,
  bundle: Bundle,
): Promise<{ readonly rendered: readonly Sourced[]; readonly findings: readonly Finding[] }> {
  const { environment, runner, signal } = run;
  if (bundle.charts.length === 0) return { rendered: [], findings: [] };
  const { workspace } = environment;
  const folder = await createPrivateFolder(environment.temp);
  runner.saveState('private-folder', folder);
  const rendered: Sourced[] = [];
  try {
    const helm = await findHelm(helmEnvironment(environment.child, folder), signal);
    const filesOf = valuesFilesOf(run, bundle.charts);
    const inline = await inlineValues(run, folder);
    const apiVersions = [...new Set([...usual, ...apiVersionsOf(bundle.crds)])];
    for (const { chart, release } of releasesOf(run, bundle.charts)) {
      const chartPath = await chartPathOf(run, helm, chart, folder);
      const values = [...filesOf(chart), ...inline];
      const options = { workspace, chartPath, values, kubeVersion, apiVersions };
      rendered.push(...(await renderAlone(helm, chart, release, options, signal)).objects);
    }
    return { rendered, findings: [] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Problem)) throw error;
    return { rendered, findings: [unread(error)] };
  } finally {
    await removePrivateFolder(folder, environment.temp);
  }
}

/** A chart that does not render, or whose release cannot have its name, is broken here and anywhere; no helm, no repository to reach, and no cluster to look into, are not its fault. */
const unread = ({ code, message, hint }: Problem): Finding =>
  ['helm/render-failed', 'input/invalid', 'bundle/outside-workspace'].includes(code)
    ? finding('error', code, message, { hint })
    : finding(
        'notice',
        'lint/chart-not-rendered',
        `The templates of the charts were not checked: ${message}`,
        {
          hint: `Their values were. ${hint}`,
        },
      );
