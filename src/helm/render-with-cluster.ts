// Renders a chart as helm will install it: where its templates look into the cluster, with what they find there.
import type { Chart, Sourced } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';
import { mayLookUp } from './lookups.ts';
import { deniedIn, grant, type Release } from './release.ts';
import {
  apiVersionsOf,
  orProblem,
  type Rendering,
  type RenderOptions,
  renderChart,
  shownCrds,
} from './render.ts';
import type { Helm } from './version.ts';

export interface ClusterRendering extends Rendering {
  /** The same without the cluster, where it was rendered with it, and that came out as well. */
  readonly alone?: readonly Sourced[];
  /** Why its templates found nothing in the cluster, into which they look. */
  readonly unseen?: string;
  /**
   * A kind that has to be served before it can be rendered, `own.example/v1/Door`; this run brings it. Nothing but `crds` is
   * known of such a chart.
   */
  readonly awaits?: string;
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
 * Kinds that helm found not served: in a `lookup` (pkg/engine/lookup_func.go), or, Helm 4, among the rendered objects
 * (cli-runtime pkg/resource/mapper.go).
 */
const notServed = (words: string): readonly string[] => [
  ...[...words.matchAll(/no matches for kind "([^"]+)" in version "([^"]+)"/g)].map(
    ([, kind, apiVersion]) => `${apiVersion}/${kind}`,
  ),
  ...[...words.matchAll(/unable to get apiresource from unstructured: (\S+), Kind=([^:\s]+)/g)].map(
    ([, apiVersion, kind]) => `${apiVersion}/${kind}`,
  ),
];

/**
 * What is known of a chart that cannot be rendered only because the kinds that it needs come with this run; `undefined` where
 * another reason is possible, or where it depends on values which of its subcharts bring their definitions.
 */
const awaiting = async (
  helm: Helm,
  chart: Chart,
  options: RenderOptions,
  looking: Problem,
  signal: AbortSignal,
): Promise<ClusterRendering | undefined> => {
  const missing = notServed(looking.message);
  const [awaits] = missing;
  if (awaits === undefined) return undefined;
  const crds = await shownCrds(helm, chart, options, signal);
  const switched = chart.dependencies.some(
    ({ condition, tags }) => condition !== undefined || tags !== undefined,
  );
  if (switched && crds.length > 0) return undefined;
  const coming = new Set([...options.apiVersions, ...apiVersionsOf(crds)]);
  if (!missing.every((kind) => coming.has(kind))) return undefined;
  return { crds, objects: [], unseen: looking.message, awaits };
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
 * @param mayAwait whether it may be rendered again when what comes with this run is there (`awaits`)
 * @throws Problem `helm/render-failed`; the signal's reason on abort.
 */
export const renderWithCluster = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  {
    served,
    mayAwait,
    ...options
  }: RenderOptions & { readonly served: readonly string[]; readonly mayAwait?: boolean },
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
    if (!(looking instanceof Problem)) return looking;
    const known = mayAwait ? await awaiting(helm, chart, options, looking, signal) : undefined;
    if (known === undefined) throw neither(alone, looking);
    return known;
  }
  return looking instanceof Problem
    ? { ...alone, unseen: looking.message }
    : { ...looking, alone: alone.objects };
};
