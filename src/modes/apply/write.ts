// The wiring of the apply engine: writes the objects of a stage and tells of each.

import type { AppliedObject } from '../../apply/applied-object.ts';
import type { Applier } from '../../apply/applier.ts';
import { applyStage } from '../../apply/apply.ts';
import { waitEstablished } from '../../apply/established.ts';
import { type Inventory, inventoryOf } from '../../apply/inventory.ts';
import { partOfLabel } from '../../apply/ownership.ts';
import { textMap } from '../../bundle/field.ts';
import { type Chart, type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
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
  readonly namespaceOf: (each: Sourced) => Promise<string | undefined>;
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

export const writerOf = (run: Run, cluster: Cluster): Writer => new ClusterWriter(run, cluster);

class ClusterWriter implements Writer {
  readonly applier: Applier;
  readonly inventory: Inventory;
  readonly generations = new Map<string, number>();
  readonly uids = new Set<string>();
  readonly #run: Run;
  readonly #cluster: Cluster;
  /** As the API server answered them, by `refOf`. */
  readonly #definitions = new Map<string, KubernetesObject>();
  readonly #locate: ReturnType<typeof locator>;

  constructor(run: Run, cluster: Cluster) {
    this.#run = run;
    this.#cluster = cluster;
    this.#locate = locator(run.environment.workspace);
    this.inventory = ownInventory(run);
    this.applier = serverSideApplier(cluster.kube, cluster.discovery, {
      namespace: run.inputs.namespace,
      patience: { milliseconds: 60_000, onWait: waitTeller(run) },
    });
  }

  async apply(objects: readonly Sourced[]): Promise<boolean> {
    const { inputs, signal } = this.#run;
    const result = await applyStage(objects, this.applier, signal, {
      onApplied: (applied) => this.#onApplied(applied),
      locate: this.#locate,
      takeOver: inputs.takeOver,
      inventory: this.inventory.id,
    });
    if (result.problem) throw result.problem;
    return result.objects.every(
      ({ reported }) => reported.result !== 'failed' && reported.result !== 'conflict',
    );
  }

  async define(crds: readonly Sourced[]): Promise<boolean> {
    const { clock, draft, signal } = this.#run;
    if (!(await this.apply(crds))) return false;
    const wait = { clock, applied: this.#definitions };
    // Some are left out: of a release of which the cluster keeps another.
    const there = crds.filter(({ object }) => this.#definitions.has(refOf(object)));
    const missing = await waitEstablished(there, this.applier, wait, signal);
    draft.findings(missing);
    return missing.length === 0;
  }

  async ensureNamespace(objects: readonly Sourced[], charts: readonly Chart[]): Promise<boolean> {
    const { createNamespace, namespace } = this.#run.inputs;
    if (!createNamespace) return true;
    const namespaces = await Promise.all(objects.map(this.namespaceOf));
    const needs = charts[0] ?? objects[namespaces.indexOf(namespace)];
    if (needs === undefined || (await this.#exists(namespace))) return true;
    return this.apply([{ object: namespaceObject(namespace), source: needs.source }]);
  }

  async byReadiness(
    objects: readonly Sourced[],
  ): Promise<{ readonly now: readonly Sourced[]; readonly later: readonly Sourced[] }> {
    const served = await Promise.all(
      objects.map(({ object }) => this.applier.serves(object.apiVersion, object.kind, this.#run.signal)),
    );
    const namespaces = await Promise.all(objects.map(this.namespaceOf));
    const missing = new Set<string>();
    for (const name of new Set(namespaces)) {
      if (name !== undefined && !(await this.#exists(name))) missing.add(name);
    }
    const waits = (_: Sourced, index: number): boolean =>
      served[index] !== true || missing.has(namespaces[index] ?? '');
    return { now: objects.filter((each, index) => !waits(each, index)), later: objects.filter(waits) };
  }

  /** A property, for a plan takes it out of the writer. */
  readonly namespaceOf = async ({ object }: Sourced): Promise<string | undefined> => {
    const { inputs, signal } = this.#run;
    const found = await this.#cluster.discovery.find(object.apiVersion, object.kind, signal);
    // Of a kind that a chart will bring, nothing is known but what the object says.
    if (!found) return object.metadata.namespace;
    return found.namespaced ? (object.metadata.namespace ?? inputs.namespace) : undefined;
  };

  #onApplied(applied: AppliedObject): void {
    tellApplied(this.#run, applied);
    const { reported, live } = applied;
    const generation = live?.metadata['generation'];
    const uid = live?.metadata['uid'];
    if (typeof uid === 'string' && textMap(live, 'metadata', 'labels')[partOfLabel] === this.inventory.id)
      this.uids.add(uid);
    if (reported.result !== 'unchanged' && typeof generation === 'number')
      this.generations.set(reported.ref, generation);
    if (live?.kind === 'CustomResourceDefinition') this.#definitions.set(reported.ref, live);
  }

  /** Whoever may not read namespaces finds out by writing. */
  async #exists(name: string): Promise<boolean> {
    const seen = await this.applier.read(namespaceObject(name), this.#run.signal);
    return !('value' in seen) || seen.value !== undefined;
  }
}

function tellApplied({ runner, draft }: Run, { reported, findings }: AppliedObject): void {
  draft.objects([reported]);
  draft.findings(findings);
  runner.info(
    `${reported.ref} ${reported.result}${reported.message === undefined ? '' : `: ${reported.message}`}`,
  );
}
