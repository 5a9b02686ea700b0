// Objects of the repository and of releases against the cluster: one LIST a kind, schemas only where something differs.
import pLimit from 'p-limit';
import { refuseAlone, refuseLowering, type Staying } from '../../apply/crd-safety.ts';
import { groupOf, type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
import type { ClusterReader, Kind } from '../../chain/cluster.ts';
import type { Schema } from '../../compare/schema.ts';
import type { Sighting } from '../../drift/item.ts';
import {
  asDeployed,
  type Difference,
  deletedOf,
  differencesFromDryRun,
  differencesOf,
  type Expected,
  isAsApplied,
  isAutoscaled,
  mayBeMutated,
  missingOf,
  sightingOf,
} from '../../drift/live-object.ts';
import { admissionMayExplain, versionNotServed } from '../../drift/notes.ts';
import { serverSideApplier } from '../../kube/apply.ts';
import type { ApiResource } from '../../kube/discovery.ts';
import { type Held, readHeld } from '../../kube/held.ts';
import { clusterReader } from '../../kube/reader.ts';
import { publishedSchemas } from '../../kube/schemas.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { locator } from '../apply/locate.ts';
import { distinct, type LayerSeen, notChecked } from './layer.ts';

const patience = { milliseconds: 15_000 };

const lists = {
  autoscaler: {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
  },
  mutatingWebhook: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    plural: 'mutatingwebhookconfigurations',
  },
  mutatingPolicy: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    plural: 'mutatingadmissionpolicies',
  },
} as const satisfies Record<string, Kind>;

/** Read once, and only if somebody asks. */
const once = <Value>(read: () => Promise<Value>): (() => Promise<Value>) => {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= read();
    return value;
  };
};

const listed = async (
  reader: ClusterReader,
  all: readonly Kind[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> => {
  const seen = await Promise.all(all.map((kind) => reader.list(kind, undefined, signal)));
  return seen.flatMap((each) => ('value' in each ? each.value : []));
};

export interface ObjectsLook {
  readonly expected: readonly Expected[];
  /** By the API server's dry run instead of leaf by leaf; falls back where that is denied. */
  readonly exact: boolean;
}

/** What of a run, and of its cluster, the look needs. */
export interface LookingRun {
  readonly signal: AbortSignal;
  readonly environment: { readonly workspace: string };
}

export type LookedAtCluster = Pick<Cluster, 'kube' | 'discovery'>;

class ObjectsLooker {
  readonly #run: LookingRun;
  readonly #cluster: LookedAtCluster;
  readonly #schemas: ReturnType<typeof publishedSchemas>;
  readonly #autoscalers: () => Promise<readonly KubernetesObject[] | undefined>;
  readonly #mutators: () => Promise<readonly KubernetesObject[]>;
  readonly #notes: Finding[] = [];
  /** Of the repository: one that is missing is told itself, and the deploy that brings it back leaves it its number. */
  #ownAutoscalers: readonly KubernetesObject[] = [];
  /** Kinds that may not be tried by a dry run. */
  readonly #denied = new Set<string>();

  constructor(run: LookingRun, cluster: LookedAtCluster) {
    this.#run = run;
    this.#cluster = cluster;
    this.#schemas = publishedSchemas(cluster.kube);
    const reader = clusterReader(cluster.kube);
    this.#autoscalers = once(async () => {
      const seen = await reader.list(lists.autoscaler, undefined, run.signal);
      return 'value' in seen ? seen.value : undefined;
    });
    this.#mutators = once(() => listed(reader, [lists.mutatingWebhook, lists.mutatingPolicy], run.signal));
  }

  async look({ expected, exact }: ObjectsLook): Promise<LayerSeen> {
    const { signal } = this.#run;
    const places = await this.#places(expected);
    const named = expected.flatMap((each) => {
      const place = places.get(kindOf(each.object));
      return place === undefined ? [] : [{ each: placedIn(each, place), place }];
    });
    this.#ownAutoscalers = named.flatMap(({ each: { object, namespace } }) =>
      object.kind === lists.autoscaler.kind
        ? [{ ...object, metadata: { ...object.metadata, ...(namespace !== undefined && { namespace }) } }]
        : [],
    );
    const sightings = expected.filter(({ object }) => !places.has(kindOf(object))).map(missingOf);
    const names = named.map(({ each, place }) => ({
      place,
      namespace: each.namespace,
      name: each.object.metadata.name,
    }));
    const held = await readHeld(this.#cluster.kube, names, patience, signal);
    const limit = pLimit(32);
    const staying = named.flatMap(({ each: { object: wanted } }, index) => {
      const seen = held[index];
      const live = seen && 'value' in seen ? seen.value : undefined;
      return live && refuseLowering(wanted, live) ? [{ wanted, live }] : [];
    });
    const looks = await Promise.all(
      named.map(({ each, place }, index) => {
        const left = this.#leftOut(each, held[index], staying);
        return left ?? limit(() => this.#one(each, place, held[index], exact));
      }),
    );
    return {
      sightings: [...sightings, ...looks.flatMap((look) => look.sightings)],
      unchecked: distinct(looks.flatMap(({ unchecked }) => unchecked)),
      notes: distinct(this.#notes),
    };
  }

  /** What a deploy would not create, for the cluster keeps another release of the Gateway API. */
  #leftOut(
    { object, source }: Expected,
    held: Held | undefined,
    staying: readonly Staying[],
  ): LayerSeen | undefined {
    const isMissing = held !== undefined && 'value' in held && held.value === undefined;
    const refusal = isMissing ? refuseAlone(object, staying) : undefined;
    if (refusal === undefined) return undefined;
    const { code, message, hint } = refusal;
    this.#notes.push(finding('notice', code, message, { source, ref: refOf(object), hint }));
    return { sightings: [], unchecked: [] };
  }

  async #places(expected: readonly Expected[]): Promise<ReadonlyMap<string, ApiResource>> {
    const places = new Map<string, ApiResource>();
    for (const object of new Map(expected.map(({ object }) => [kindOf(object), object])).values()) {
      const { discovery } = this.#cluster;
      const { signal } = this.#run;
      const place =
        (await discovery.find(object.apiVersion, object.kind, signal)) ??
        inAnotherVersion(object, await discovery.served(signal));
      if (place) places.set(kindOf(object), place);
    }
    return places;
  }

  async #one(each: Expected, place: ApiResource, held: Held | undefined, exact: boolean): Promise<LayerSeen> {
    if (held === undefined || !('value' in held)) {
      const seen = held ?? { at: new Date(0), failed: 'it was not read' };
      const what = 'denied' in seen ? `Objects of kind ${each.object.kind}` : refOf(each.object);
      return { sightings: [], unchecked: [notChecked(what, seen)] };
    }
    const live = held.value;
    if (live === undefined) return { sightings: [missingOf(each)], unchecked: [] };
    // Nothing else about it matters until it is gone.
    if (live.metadata['deletionTimestamp'] !== undefined)
      return { sightings: [deletedOf(each, live)], unchecked: [] };
    if (place.apiVersion !== each.object.apiVersion) {
      this.#notes.push(versionNotServed(each, place.apiVersion));
      return { sightings: [], unchecked: [] };
    }
    const kept = each.object.kind === 'CustomResourceDefinition' && refuseLowering(each.object, live);
    if (kept) {
      const { code, message, hint } = kept;
      this.#notes.push(finding('notice', code, message, { source: each.source, ref: refOf(live), hint }));
      return { sightings: [], unchecked: [] };
    }
    const tried = exact ? await this.#byDryRun(each, place, live) : undefined;
    const differences = tried ?? (await this.#byLeaves(each, place, live));
    return { sightings: await this.#sightings(each, live, differences), unchecked: [] };
  }

  async #byLeaves(
    each: Expected,
    place: ApiResource,
    live: KubernetesObject,
  ): Promise<readonly Difference[]> {
    if (differencesOf(each, live).length === 0) return [];
    const schema = await this.#schema(each.object);
    const certain = await this.#withoutAutoscaled(live, differencesOf(each, live, schema));
    const asApplied = certain.filter((difference) => isAsApplied(difference, each));
    if (asApplied.length === 0 || !mayBeMutated(each.object, place.plural, await this.#mutators()))
      return certain;
    this.#notes.push(admissionMayExplain(each, live, asApplied));
    return certain.filter((difference) => !asApplied.includes(difference));
  }

  /** `undefined` where the role may not try, or the API server would not take the object. */
  async #byDryRun(
    each: Expected,
    place: ApiResource,
    live: KubernetesObject,
  ): Promise<readonly Difference[] | undefined> {
    const key = kindOf(each.object);
    if (this.#denied.has(key)) return undefined;
    const applier = serverSideApplier(this.#cluster.kube, this.#cluster.discovery, {
      namespace: each.namespace ?? '',
      patience,
    });
    const wanted = asDeployed(each.object, live);
    const written = await applier.write(wanted, { dryRun: true, force: true }, this.#run.signal);
    if ('refusal' in written) {
      const { denied, message } = written.refusal;
      if (denied !== undefined) this.#denied.add(key);
      const why = denied === undefined ? message : `the role may not ${denied}.`;
      this.#notes.push(
        finding(
          'notice',
          'drift/compared-readonly',
          `${denied === undefined ? refOf(live) : `${each.object.kind} (${place.plural})`} was compared field by field, not by a dry run: ${why}`,
          { hint: 'Grant the verb, or leave `drift-compare` at `readonly`, which needs no right to write.' },
        ),
      );
      return undefined;
    }
    const schema = await this.#schema(each.object);
    return this.#withoutAutoscaled(live, differencesFromDryRun(each, live, written.live, schema));
  }

  async #withoutAutoscaled(
    live: KubernetesObject,
    differences: readonly Difference[],
  ): Promise<readonly Difference[]> {
    if (!differences.some(({ path }) => path === '.spec.replicas')) return differences;
    const there = await this.#autoscalers();
    const autoscalers = there && [...there, ...this.#ownAutoscalers];
    return differences.filter((difference) => !isAutoscaled(difference, live, autoscalers));
  }

  #schema({ apiVersion, kind }: KubernetesObject): Promise<Schema | undefined> {
    return this.#schemas.findWhole(apiVersion, kind, this.#run.signal);
  }

  /** With the line of the field, where the repository's file has it. */
  async #sightings(
    each: Expected,
    live: KubernetesObject,
    differences: readonly Difference[],
  ): Promise<readonly Sighting[]> {
    const locate = locator(this.#run.environment.workspace);
    return Promise.all(
      differences.map(async (difference) => {
        const source = await locate({ object: each.object, source: each.source }, difference.path);
        return sightingOf({ ...each, source }, live, difference);
      }),
    );
  }
}

const kindOf = ({ apiVersion, kind }: KubernetesObject): string => `${apiVersion}/${kind}`;

/** The kind in a version that is served, where the manifest's is not (any more): the object is there all the same. */
const inAnotherVersion = (
  { apiVersion, kind }: KubernetesObject,
  served: readonly ApiResource[],
): ApiResource | undefined => {
  return served.find((each) => each.kind === kind && groupOf(each.apiVersion) === groupOf(apiVersion));
};

const placedIn = (each: Expected, { namespaced }: ApiResource): Expected => ({
  ...each,
  namespace: namespaced ? (each.object.metadata.namespace ?? each.namespace) : undefined,
});

/** Looks at the objects as they are now; never writes. */
export const lookAtObjects = (
  run: LookingRun,
  cluster: LookedAtCluster,
  look: ObjectsLook,
): Promise<LayerSeen> => new ObjectsLooker(run, cluster).look(look);

/** @param namespace of objects that name none */
export const expectedOf = (
  { object, source }: Sourced,
  rest: Pick<Expected, 'layer' | 'namespace' | 'manager'>,
): Expected => ({ object, source, ...rest });
