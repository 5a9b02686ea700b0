// What `helm upgrade --install` would change, release by release; without the right to read releases, of the live objects.
import type { KubernetesObject, Sourced } from '../../bundle/object.ts';
import { serverSideApplier } from '../../kube/apply.ts';
import type { Planned } from '../../plan/objects.ts';
import { isHook, planRelease } from '../../plan/releases.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { isTouched, type PlannedRelease } from '../../report/plan.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { PreviewedChart } from '../charts/charts.ts';

export interface ReleasePlan {
  readonly release: PlannedRelease;
  readonly planned: readonly Planned[];
  readonly findings: readonly Finding[];
}

export async function planReleases(
  run: Run,
  cluster: Cluster,
  previewed: readonly PreviewedChart[],
): Promise<readonly ReleasePlan[]> {
  const plans: ReleasePlan[] = [];
  for (const each of previewed) plans.push(await planOne(run, cluster, each));
  return plans;
}

async function planOne(run: Run, cluster: Cluster, each: PreviewedChart): Promise<ReleasePlan> {
  const { deployed, rendered, upgraded } = each;
  const { chart, release } = rendered;
  const place = (objects: readonly Sourced[]): Promise<readonly Sourced[]> =>
    placedIn(cluster, objects, release.namespace, run.signal);
  const after = await place('value' in upgraded ? upgraded.value : rendered.objects);
  const known = 'value' in deployed;
  const before = known
    ? (await place(deployed.value ?? [])).map(({ object }) => object)
    : await liveOf(run, cluster, after);
  const planned = planRelease(before, after, known ? 'release' : 'live');
  const isNew = known && deployed.value === undefined;
  const touched = planned.some((one) => isTouched(one.planned));
  return {
    release: {
      ...release,
      action: isNew ? 'install' : touched ? 'upgrade' : 'unchanged',
      chart: `${chart.name} ${chart.version}`,
      objects: planned.map((one) => one.planned),
    },
    planned,
    findings: findingsOf(run, each),
  };
}

/** With the namespace of the release where they name none; objects of the cluster without. */
async function placedIn(
  { discovery }: Cluster,
  objects: readonly Sourced[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Sourced[]> {
  return Promise.all(
    objects.map(async ({ object, source }) => {
      const place = await discovery.find(object.apiVersion, object.kind, signal);
      if (place?.namespaced === false || object.metadata.namespace !== undefined) return { object, source };
      return { object: { ...object, metadata: { ...object.metadata, namespace } }, source };
    }),
  );
}

async function liveOf(
  { inputs, signal }: Run,
  { kube, discovery }: Cluster,
  objects: readonly Sourced[],
): Promise<readonly KubernetesObject[]> {
  const applier = serverSideApplier(kube, discovery, { namespace: inputs.namespace });
  const wanted = objects.map(({ object }) => object).filter((object) => !isHook(object));
  const looks = await applier.look(wanted, signal);
  return looks.flatMap((look) => ('held' in look && 'value' in look.held ? (look.held.value ?? []) : []));
}

/** Helm's words about what the cluster does not have yet: it will, when deploy comes to the chart. */
const comes = /no matches for kind|namespaces? "?[^"\s]+"? not found|failed calling webhook/;

function findingsOf({ inputs }: Run, { rendered, deployed, upgraded }: PreviewedChart): readonly Finding[] {
  const { release, chart } = rendered;
  const name = `release ${release.namespace}/${release.name}`;
  const at = new Date(0);
  const findings: Finding[] = [];
  if ('denied' in deployed)
    findings.push(notSeen({ at, denied: deployed.denied }, `The last revision of ${name}`, inputs.role));
  if ('failed' in deployed)
    findings.push(notSeen({ at, failed: deployed.failed }, `The last revision of ${name}`, inputs.role));
  if ('failed' in upgraded && !comes.test(upgraded.failed))
    findings.push(
      finding('error', 'helm/failed', `helm upgrade of ${name} would fail: ${upgraded.failed}`, {
        source: chart.source,
        hint: 'Correct what helm names; it was a dry run, and nothing was written.',
      }),
    );
  return findings;
}
