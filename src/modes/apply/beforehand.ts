// What would stop a deploy half-way and is known before its first write: hostnames, kinds, controllers that do not start, releases of somebody else.
import { chooseDefinitions } from '../../apply/definitions.ts';
import { servedBy } from '../../apply/established.ts';
import {
  isCustom,
  mayDefine,
  unservedAmong,
  unservedFinding,
  unservedObject,
  versionedKind,
} from '../../apply/unserved.ts';
import type { Bundle, KubernetesObject, Sourced } from '../../bundle/object.ts';
import { invalidHostnames } from '../../lint/names.ts';
import { isHook } from '../../plan/releases.ts';
import { judgeControllers } from '../../preflight/controllers.ts';
import { workloadsOf } from '../../preflight/workloads.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';
import type { Writer } from './write.ts';

const isDefinition = ({ object }: Sourced): boolean => object.kind === 'CustomResourceDefinition';

const kindsOf = (definitions: readonly KubernetesObject[]): readonly string[] =>
  definitions.flatMap((each) =>
    servedBy(each).map(([apiVersion, kind]) => versionedKind({ apiVersion, kind })),
  );

const definedIn = (objects: readonly Sourced[]): readonly string[] =>
  kindsOf(objects.filter(isDefinition).map(({ object }) => object));

/** What the definitions bring that are applied before all else. */
const broughtFirst = ({ crds }: Bundle, rendered: readonly RenderedChart[]): readonly string[] =>
  definedIn(
    chooseDefinitions(
      crds,
      rendered.map(({ chart, crds: brought }) => ({ name: chart.name, crds: brought })),
    ).crds,
  );

/** Whether more kinds may be there once the charts are than their objects tell. */
const mayBringMore = ({ objects, unseen }: RenderedChart): boolean =>
  unseen !== undefined || mayDefine(objects);

type Serves = (apiVersion: string, kind: string) => Promise<boolean>;

/**
 * Kinds in charts for which helm would fail: it looks for each kind before it installs anything, hooks as well (pkg/action/
 * install.go, upgrade.go). Which versions of Kubernetes' own kinds a template takes, helm alone knows: it is given all that
 * it knows of besides those of the cluster (pkg/chart/common/capabilities.go).
 */
export async function unservedInCharts(
  bundle: Bundle,
  rendered: readonly RenderedChart[],
  serves: Serves,
): Promise<readonly Finding[]> {
  const brought = new Set(broughtFirst(bundle, rendered));
  const findings: Finding[] = [];
  for (const each of rendered) {
    if (each.unseen !== undefined) break;
    const wanted = each.objects.filter((one) => !isHook(one.object) && isCustom(one.object));
    findings.push(...(await unservedAmong(wanted, brought, serves)).flatMap((all) => unservedFinding(all)));
    if (mayDefine(each.objects)) break;
    for (const kind of definedIn(each.objects)) brought.add(kind);
  }
  return findings;
}

/** Controllers in charts that would not start: helm would wait for them until its time is up. */
export const notStarting = (rendered: readonly RenderedChart[]): readonly Finding[] =>
  judgeControllers(
    workloadsOf(
      [],
      rendered.flatMap(({ objects }) => objects),
    ).coming,
  ).filter(({ code }) => code === 'controller/gate-unknown');

/** Kinds among manifests and routes, unless a chart may bring them. */
async function unservedManifests(
  bundle: Bundle,
  rendered: readonly RenderedChart[],
  serves: Serves,
): Promise<readonly (readonly Sourced[])[]> {
  if (rendered.some(mayBringMore)) return [];
  const brought = [
    ...broughtFirst(bundle, rendered),
    ...rendered.flatMap(({ objects }) => definedIn(objects)),
  ];
  return await unservedAmong([...bundle.manifests, ...bundle.routes], new Set(brought), serves);
}

/**
 * Whether nothing is known that would stop the deploy; findings and the objects that they are about are told.
 * @param refused about releases that a deploy does not touch
 */
export async function mayBegin(
  { draft, signal }: Run,
  { applier }: Pick<Writer, 'applier'>,
  bundle: Bundle,
  rendered: readonly RenderedChart[],
  refused: readonly Finding[],
): Promise<boolean> {
  const serves: Serves = (apiVersion, kind) => applier.serves(apiVersion, kind, signal);
  const brought = rendered.flatMap(({ objects }) => objects);
  const unserved = await unservedManifests(bundle, rendered, serves);
  draft.objects(unserved.flat().map((each) => unservedObject(each).reported));
  const looks = await applier.look(
    unserved.flatMap(([first]) => first?.object ?? []),
    signal,
  );
  const findings = [
    ...invalidHostnames(
      [...bundle.routes, ...rendered.flatMap(({ routes }) => routes)],
      [...bundle.manifests, ...brought],
    ),
    ...unserved.flatMap((all, index) => unservedFinding(all, looks[index])),
    ...(await unservedInCharts(bundle, rendered, serves)),
    ...notStarting(rendered),
    ...refused,
  ];
  draft.findings(findings);
  return findings.length === 0;
}
