// What `helm upgrade --install` would change, release by release; without the right to read releases, of the live objects.
import type { KubernetesObject, Sourced } from '../../bundle/object.ts';
import { isSame } from '../../helm/plan.ts';
import { objectsIn } from '../../helm/release-changes.ts';
import { objectsOf } from '../../helm/render.ts';
import type { Revision } from '../../helm/stored.ts';
import { serverSideApplier } from '../../kube/apply.ts';
import type { Planned } from '../../plan/objects.ts';
import { hooksAt, isHook, planRelease } from '../../plan/releases.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { isTouched, type PlannedRelease } from '../../report/plan.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { PreviewedChart } from '../charts/charts.ts';
import { refusalFinding } from '../charts/strange-releases.ts';

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

/** A release that a deploy does not touch. */
function refusedPlan({ rendered, deployed }: PreviewedChart, refused: Problem): ReleasePlan {
  const { chart, release } = rendered;
  const there = 'value' in deployed ? deployed.value?.chart : undefined;
  const { name, version } = there ?? chart;
  return {
    release: { ...release, action: 'unchanged', chart: `${name} ${version}`, objects: [], hooks: [] },
    planned: [],
    findings: [refusalFinding(rendered, refused)],
  };
}

async function planOne(run: Run, cluster: Cluster, each: PreviewedChart): Promise<ReleasePlan> {
  const { rendered } = each;
  if (each.refused) return refusedPlan(each, each.refused);
  const { chart, release } = rendered;
  const place = (objects: readonly Sourced[]): Promise<readonly Sourced[]> =>
    placedIn(cluster, objects, release.namespace, run.signal);
  const upgraded = 'value' in each.upgraded ? each.upgraded.value : undefined;
  const after = await place(upgraded ? objectsOf(upgraded.manifest, chart) : rendered.objects);
  const known = 'value' in each.deployed;
  const deployed = 'value' in each.deployed ? standing(each.deployed.value) : undefined;
  const before = known
    ? (await place(deployed ? objectsOf(deployed.manifest, chart) : [])).map(({ object }) => object)
    : await liveOf(run, cluster, after);
  const planned = planRelease(before, after, known ? 'release' : 'live');
  const action = actionOf(planned, release.namespace, { known, deployed, upgraded });
  const hooks = upgraded
    ? upgraded.hooks.flatMap(({ manifest }) => objectsIn(manifest))
    : rendered.objects.map(({ object }) => object);
  return {
    release: {
      ...release,
      action,
      chart: sayChart(`${chart.name} ${chart.version}`, deployed),
      objects: planned.map((one) => one.planned),
      hooks: hooksAt(action, hooks),
    },
    planned,
    findings: findingsOf(run, each),
  };
}

/** `helm uninstall --keep-history` leaves a revision of what is gone. */
const standing = (revision: Revision | undefined): Revision | undefined =>
  revision?.status === 'uninstalled' ? undefined : revision;

/** `apps 1.2.0 → 1.3.0` where the version changes. */
const sayChart = (coming: string, deployed: Revision | undefined): string => {
  const now = deployed && `${deployed.chart.name} ${deployed.chart.version}`;
  return now === undefined || now === coming ? coming : `${now} → ${coming}`;
};

interface Revisions {
  /** The last revision could be read, or there is none. */
  readonly known: boolean;
  readonly deployed: Revision | undefined;
  readonly upgraded: Revision | undefined;
}

/** As deploy decides: other values or hooks are an upgrade too. */
function actionOf(
  planned: readonly Planned[],
  namespace: string,
  { known, deployed, upgraded }: Revisions,
): PlannedRelease['action'] {
  if (known && deployed === undefined) return 'install';
  const same = deployed === undefined || upgraded === undefined || isSame(deployed, upgraded, namespace);
  return same && !planned.some((one) => isTouched(one.planned)) ? 'unchanged' : 'upgrade';
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
  const findings: Finding[] = [];
  if (!('value' in deployed)) findings.push(notSeen(deployed, `The last revision of ${name}`, inputs.role));
  if ('failed' in upgraded && !comes.test(upgraded.failed))
    findings.push(
      finding('error', 'helm/failed', `helm upgrade of ${name} would fail: ${upgraded.failed}`, {
        source: chart.source,
        hint: 'Correct what helm names; it was a dry run, and nothing was written.',
      }),
    );
  return findings;
}
