// Renders a chart as helm will install it: where its templates look into the cluster, with what they find there.
import type { Chart, Sourced } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';
import { mayLookUp } from './lookups.ts';
import { deniedIn, grant, type Release } from './release.ts';
import { orProblem, type Rendering, type RenderOptions, renderChart } from './render.ts';
import type { Helm } from './version.ts';

export interface ClusterRendering extends Rendering {
  /** The same without the cluster, where it was rendered with it, and that came out as well. */
  readonly alone?: readonly Sourced[];
  /** Why its templates found nothing in the cluster, into which they look. */
  readonly unseen?: string;
}

/** What was met with the cluster matters more: installing would meet the same. */
const neither = (alone: Problem, looking: Problem): Problem => {
  const denied = deniedIn(looking.message);
  const why = denied
    ? `and the role may not ${denied.permission}. ${grant}`
    : `and what they look for may have to be there first. ${looking.hint}`;
  const other = alone.message === looking.message ? [] : [alone.message];
  return new Problem(looking.code, looking.message, {
    hint: `Its templates look into the cluster (\`lookup\`), ${why}`,
    evidence: other.map((saw) => ({ from: 'helm template, without the cluster', saw })),
    cause: looking,
  });
};

/** `gateway.k8s.aws/v1/LoadBalancerConfiguration`: a kind among the objects that the cluster does not serve yet. */
export const comingKind = (objects: readonly Sourced[], served: readonly string[]): string | undefined => {
  const known = new Set(served);
  return objects
    .map(({ object: { apiVersion, kind } }) => `${apiVersion}/${kind}`)
    .find((each) => !known.has(each));
};

/**
 * Where no template is to look into a cluster: `lookup` finds nothing.
 * @throws Problem `helm/needs-cluster` where that may be why it cannot be rendered, `helm/render-failed`; the signal's
 * reason on abort.
 */
export const renderAlone = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<Rendering> => {
  const rendering = await orProblem(renderChart(helm, chart, release, options, signal), signal);
  if (!(rendering instanceof Problem)) return rendering;
  if (!(await mayLookUp(options.workspace, options))) throw rendering;
  throw new Problem('helm/needs-cluster', rendering.message, {
    hint: 'Its templates look into the cluster (`lookup`), and here they find nothing: let the chart do without, by `if` or `default`.',
    cause: rendering,
  });
};

/**
 * Without the cluster first: that needs no right, and knows the versions that come with this run. Only a chart whose
 * templates may look into the cluster is then rendered with it.
 * @param served what the API server serves now; `options.apiVersions` has what comes with this run as well
 * @throws Problem `helm/render-failed`; the signal's reason on abort.
 */
export const renderWithCluster = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  { served, ...options }: RenderOptions & { readonly served: readonly string[] },
  signal: AbortSignal,
): Promise<ClusterRendering> => {
  const alone = await orProblem(renderChart(helm, chart, release, options, signal), signal);
  if (!(await mayLookUp(options.workspace, options))) {
    if (alone instanceof Problem) throw alone;
    return alone;
  }
  if (!(alone instanceof Problem) && helm.version.major > 3) {
    // Helm 4 would refuse them, or render as if they never came.
    const coming = comingKind(alone.objects, served);
    if (coming !== undefined)
      return { ...alone, unseen: `the cluster does not serve ${coming} yet, which comes with this run.` };
  }
  const looking = await orProblem(
    renderChart(helm, chart, release, { ...options, lookUp: true }, signal),
    signal,
  );
  if (alone instanceof Problem) {
    if (looking instanceof Problem) throw neither(alone, looking);
    return looking;
  }
  return looking instanceof Problem
    ? { ...alone, unseen: looking.message }
    : { ...looking, alone: alone.objects };
};
