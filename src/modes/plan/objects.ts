// What a deploy would do to the objects of the repository, stage by stage as deploy goes, and to what left it.
import { chooseDefinitions } from '../../apply/definitions.ts';
import {
  asMember,
  type Contents,
  contentsOf,
  isMember,
  parentOf,
  readParent,
  union,
} from '../../apply/inventory.ts';
import { leftoversOf } from '../../apply/prune.ts';
import { stages } from '../../apply/stages.ts';
import { type Bundle, refOf, type Sourced } from '../../bundle/object.ts';
import { inventoryMembers } from '../../kube/members.ts';
import { invalidHostnames } from '../../lint/names.ts';
import { type Planned, planStage } from '../../plan/objects.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { notStarting, unservedInCharts } from '../apply/beforehand.ts';
import { locator } from '../apply/locate.ts';
import { type Writer, writerOf } from '../apply/write.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';

export interface PlannedObjects {
  readonly objects: readonly Planned[];
  /** About no object in particular. */
  readonly findings: readonly Finding[];
}

/** @throws Problem that ends the run; the signal's reason on abort. */
export async function planObjects(
  run: Run,
  cluster: Cluster,
  bundle: Bundle,
  rendered: readonly RenderedChart[],
): Promise<PlannedObjects> {
  const { inputs, environment, runner, signal } = run;
  const writer = writerOf(run, cluster);
  const { applier, inventory } = writer;
  const { namespaces, classes, rest } = stages(bundle.manifests);
  const { crds, passedOver } = chooseDefinitions(
    bundle.crds,
    rendered.map(({ chart, crds: brought }) => ({ name: chart.name, crds: brought })),
  );
  for (const sentence of passedOver) runner.info(sentence);
  const members = [...classes, ...rest, ...bundle.routes];
  const ofStage = (stage: readonly Sourced[]): readonly Sourced[] =>
    inputs.prune ? stage.map((each) => asMember(each, inventory)) : stage;
  const options = {
    locate: locator(environment.workspace),
    takeOver: inputs.takeOver,
    inventory: inventory.id,
  };
  // What a chart brings is there when the manifests come: they may be of its kinds, and in its namespaces.
  const brought = rendered.flatMap(({ objects }) => objects);
  applier.expect(brought.map(({ object }) => object));
  const planned: Planned[] = [];
  const home = await releaseNamespace(run, writer, [...namespaces, ...stages(brought).namespaces], members);
  for (const stage of [crds, namespaces, home, ofStage(classes), ofStage(rest), ofStage(bundle.routes)]) {
    planned.push(...(await planStage(stage, applier, signal, options)));
  }
  const gone = await removed(run, cluster, writer, members, planned);
  const serves = (apiVersion: string, kind: string) => applier.serves(apiVersion, kind, signal);
  const refused = [
    ...invalidHostnames(
      rendered.flatMap(({ routes }) => routes),
      [],
    ),
    ...(await unservedInCharts(bundle, rendered, serves)),
    ...notStarting(rendered),
  ];
  return { objects: [...planned, ...gone.objects], findings: [...refused, ...gone.findings] };
}

/** As `ensureNamespace` of the writer: created where something needs it and the user allows it. */
async function releaseNamespace(
  { inputs, signal }: Run,
  { applier, namespaceOf }: Writer,
  known: readonly Sourced[],
  members: readonly Sourced[],
): Promise<readonly Sourced[]> {
  const { namespace, createNamespace } = inputs;
  if (!createNamespace || known.some(({ object }) => object.metadata.name === namespace)) return [];
  const homes = await Promise.all(members.map(namespaceOf));
  const needs = members[homes.indexOf(namespace)];
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const seen = await applier.read(object, signal);
  return needs === undefined || !('value' in seen) || seen.value !== undefined
    ? []
    : [{ object, source: needs.source }];
}

/** The members of the inventory that deploy would remove. */
async function removed(
  { inputs, signal }: Run,
  cluster: Cluster,
  { applier, inventory, namespaceOf }: Writer,
  wanting: readonly Sourced[],
  planned: readonly Planned[],
): Promise<PlannedObjects> {
  if (!inputs.prune) return { objects: [], findings: [] };
  const places = await Promise.all(
    wanting
      .filter(({ object }) => isMember(object))
      .map(async (each) => ({ object: each.object, namespace: await namespaceOf(each) })),
  );
  const wanted = contentsOf(inventory, places);
  const seen = await applier.read(parentOf(inventory, wanted, ''), signal);
  if (!('value' in seen)) return remark(notSeen(seen, 'What left the repository', inputs.role));
  const contents: Contents = union(readParent(inventory, seen.value), wanted);
  const applied = new Set(
    planned.flatMap(({ planned: { ref, result }, before, after }) =>
      after === undefined || !isMember(after) || result === 'failed'
        ? []
        : String(before?.metadata['uid'] ?? `new ${ref}`),
    ),
  );
  const left = await leftoversOf(
    inventory,
    { contents, applied, limit: inputs.pruneLimit / 100 },
    inventoryMembers(cluster.kube, cluster.discovery, { milliseconds: 30_000 }),
    signal,
  );
  if ('unread' in left) return remark(notSeen(left.unread, 'What left the repository', inputs.role));
  if ('refused' in left) return { objects: [], findings: left.refused.findings };
  const objects = left.open.map(
    (object): Planned => ({
      planned: { ref: refOf(object), result: 'pruned', by: 'live', changes: [] },
      before: object,
      findings: [],
    }),
  );
  return { objects, findings: [] };
}

const remark = (found: Finding): PlannedObjects => ({ objects: [], findings: [found] });
