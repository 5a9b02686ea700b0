// The wiring of the apply engine: writes the objects of a stage and tells of each.
import type { Applier } from '../../apply/applier.ts';
import { type AppliedObject, applyStage } from '../../apply/apply.ts';
import { waitEstablished } from '../../apply/established.ts';
import { type Inventory, inventoryOf } from '../../apply/inventory.ts';
import { partOfLabel } from '../../apply/ownership.ts';
import { textMap } from '../../bundle/field.ts';
import type { Chart, KubernetesObject, Sourced } from '../../bundle/object.ts';
import { serverSideApplier } from '../../kube/apply.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { waitTeller } from '../chain/wait-teller.ts';
import { locator } from './locate.ts';

export interface Writer {
  /** Whether every object of the stage is now as the repository says. @throws Problem that ends the run. */
  apply(objects: readonly Sourced[]): Promise<boolean>;
  /** Applies definitions, and waits until they can be used. */
  define(crds: readonly Sourced[]): Promise<boolean>;
  /** Creates the release's namespace where one of the objects, or a chart, needs it and the user allows it. */
  ensureNamespace(objects: readonly Sourced[], charts: readonly Chart[]): Promise<boolean>;
  /** The objects whose kind is served and whose namespace exists, and those that have to wait for a chart to bring them. */
  byReadiness(
    objects: readonly Sourced[],
  ): Promise<{ readonly now: readonly Sourced[]; readonly later: readonly Sourced[] }>;
  /** The namespace in which the object is or will be; `undefined` for an object of the cluster. */
  namespaceOf(each: Sourced): Promise<string | undefined>;
  /** Generation of what was changed, by `refOf`. */
  readonly generations: ReadonlyMap<string, number>;
  /** UIDs of the members of the inventory that were applied, changed or not. */
  readonly uids: ReadonlySet<string>;
  readonly applier: Applier;
  /** The repository's own inventory, whether this run keeps it or not. */
  readonly inventory: Inventory;
}

const namespaceObject = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** The repository's own, by repository and working directory or by the name that the user gave. */
export const ownInventory = ({ environment, inputs }: Run): Inventory =>
  inventoryOf(
    environment.repository,
    inputs.workingDirectory.replace(/^\.\//, '').replace(/\/+$/, ''),
    inputs.namespace,
    inputs.inventory,
  );

export function writerOf(run: Run, cluster: Cluster): Writer {
  const { draft, inputs, clock, signal, environment } = run;
  const generations = new Map<string, number>();
  const uids = new Set<string>();
  const inventory = ownInventory(run);
  const definitions = new Map<string, KubernetesObject>();
  const applier: Applier = serverSideApplier(cluster.kube, cluster.discovery, {
    namespace: inputs.namespace,
    patience: { milliseconds: 60_000, onWait: waitTeller(run) },
  });

  const onApplied = (applied: AppliedObject): void => {
    tellApplied(run, applied);
    const { reported, live } = applied;
    const generation = live?.metadata['generation'];
    const uid = live?.metadata['uid'];
    if (typeof uid === 'string' && textMap(live, 'metadata', 'labels')[partOfLabel] === inventory.id)
      uids.add(uid);
    if (reported.result !== 'unchanged' && typeof generation === 'number')
      generations.set(reported.ref, generation);
    if (live?.kind === 'CustomResourceDefinition') definitions.set(reported.ref, live);
  };

  const locate = locator(environment.workspace);
  const apply = async (objects: readonly Sourced[]): Promise<boolean> => {
    const result = await applyStage(objects, applier, signal, {
      onApplied,
      locate,
      takeOver: inputs.takeOver,
      inventory: inventory.id,
    });
    if (result.problem) throw result.problem;
    return result.objects.every(
      ({ reported }) => reported.result !== 'failed' && reported.result !== 'conflict',
    );
  };

  const namespaceOf = async ({ object }: Sourced): Promise<string | undefined> => {
    const found = await cluster.discovery.find(object.apiVersion, object.kind, signal);
    // Of a kind that a chart will bring, nothing is known but what the object says.
    if (!found) return object.metadata.namespace;
    return found.namespaced ? (object.metadata.namespace ?? inputs.namespace) : undefined;
  };

  /** Whoever may not read namespaces finds out by writing. */
  const exists = async (name: string): Promise<boolean> => {
    const seen = await applier.read(namespaceObject(name), signal);
    return !('value' in seen) || seen.value !== undefined;
  };

  return {
    apply,
    define: async (crds) => {
      if (!(await apply(crds))) return false;
      const missing = await waitEstablished(crds, applier, { clock, applied: definitions }, signal);
      draft.findings(missing);
      return missing.length === 0;
    },
    ensureNamespace: async (objects, charts) => {
      if (!inputs.createNamespace) return true;
      const namespaces = await Promise.all(objects.map(namespaceOf));
      const needs = charts[0] ?? objects[namespaces.indexOf(inputs.namespace)];
      if (needs === undefined || (await exists(inputs.namespace))) return true;
      return apply([{ object: namespaceObject(inputs.namespace), source: needs.source }]);
    },
    byReadiness: async (objects) => {
      const served = await Promise.all(
        objects.map(({ object }) => applier.serves(object.apiVersion, object.kind, signal)),
      );
      const namespaces = await Promise.all(objects.map(namespaceOf));
      const missing = new Set<string>();
      for (const name of new Set(namespaces)) {
        if (name !== undefined && !(await exists(name))) missing.add(name);
      }
      const waits = (_: Sourced, index: number): boolean =>
        served[index] !== true || missing.has(namespaces[index] ?? '');
      return { now: objects.filter((each, index) => !waits(each, index)), later: objects.filter(waits) };
    },
    namespaceOf,
    generations,
    uids,
    applier,
    inventory,
  };
}

function tellApplied({ runner, draft }: Run, { reported, findings }: AppliedObject): void {
  draft.objects([reported]);
  draft.findings(findings);
  runner.info(
    `${reported.ref} ${reported.result}${reported.message === undefined ? '' : `: ${reported.message}`}`,
  );
}
