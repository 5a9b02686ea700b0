// The layer Helm of a drift check: releases against chart and values, live objects against what was installed.
import { isAbsolute } from 'node:path';
import { isMap } from '../../bundle/field.ts';
import type { JsonObject, Sourced } from '../../bundle/object.ts';
import { parseManifests } from '../../bundle/parse.ts';
import { readYaml } from '../../bundle/yaml.ts';
import { ignoredBy } from '../../drift/ignore.ts';
import type { Sighting } from '../../drift/item.ts';
import { chartUnseen, releaseUnread } from '../../drift/notes.ts';
import {
  isHook,
  judgeManifest,
  judgeRelease,
  keyOf,
  mergedValues,
  onItsWay,
  type ReleaseWant,
  type StoredRelease,
  unstableFields,
} from '../../drift/release.ts';
import { readAgain } from '../../files/read.ts';
import { deniedIn } from '../../helm/release.ts';
import { readStoredRelease } from '../../helm/stored-release.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';
import type { DriftContext } from './context.ts';
import { type LayerSeen, notChecked } from './layer.ts';
import { lookAtObjects } from './objects.ts';

/** The chart's values files, merged; what is not YAML has failed the rendering already. */
async function valuesOf({ values }: RenderedChart, workspace: string): Promise<JsonObject> {
  const all: JsonObject[] = [];
  for (const file of values) {
    // Inline values lie in the private folder.
    const text = await readAgain(isAbsolute(file) ? '/' : workspace, file);
    const value = readYaml(text ?? '')[0]?.value;
    if (isMap(value)) all.push(value);
  }
  return mergedValues(all);
}

const manager = 'helm';

/** The objects of a stored manifest, each with the template that it comes from, as far as the chart still has it. */
const installedOf = (
  stored: StoredRelease,
  { objects, chart, release }: RenderedChart,
): readonly Sourced[] => {
  const places = new Map(objects.map((each) => [keyOf(each.object, release.namespace), each.source]));
  return parseManifests(stored.manifest, chart.source.file, { rendered: true }).objects.map(({ object }) => ({
    object,
    source: places.get(keyOf(object, release.namespace)) ?? chart.source,
  }));
};

class ReleaseLooker {
  readonly #context: DriftContext;
  readonly #each: RenderedChart;
  readonly #want: ReleaseWant;

  constructor(context: DriftContext, each: RenderedChart, values: JsonObject) {
    const { chart, release } = each;
    this.#context = context;
    this.#each = each;
    this.#want = { ...release, chart, source: chart.source, values };
  }

  async look(): Promise<LayerSeen> {
    const { run, applied } = this.#context;
    const { release } = this.#each;
    const reader = clusterReader(applied.cluster.kube);
    const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
    const seen = await readStoredRelease(
      (namespace, labelSelector) => reader.select(secrets, namespace, { labelSelector }, run.signal),
      release,
    );
    if ('denied' in seen) return this.#withoutRelease(seen.denied);
    if (!('value' in seen)) {
      return {
        sightings: [],
        unchecked: [notChecked(`The release ${release.namespace}/${release.name}`, seen)],
      };
    }
    const own = judgeRelease(this.#want, seen.value);
    if (seen.value === undefined) return this.#uninstalled(own);
    const installed = installedOf(seen.value, this.#each);
    const live = await this.#live(installed);
    // What differs for another version or other values is said by these.
    const explained = own.some(({ path }) => path.startsWith('chart.') || path.startsWith('values'));
    const { sightings, unchecked } = explained
      ? { sightings: [], unchecked: [] }
      : await this.#manifest(installed, seen.value.revision);
    return {
      ...live,
      sightings: onItsWay(seen.value, [...own, ...sightings, ...live.sightings]),
      unchecked: [...unchecked, ...live.unchecked],
    };
  }

  #live(objects: readonly Sourced[]): Promise<LayerSeen> {
    const { run, applied } = this.#context;
    const { namespace } = this.#each.release;
    return lookAtObjects(run, applied.cluster, {
      exact: false,
      expected: objects
        .filter((each) => !isHook(each))
        .map(({ object, source }) => ({ layer: 'helm', object, namespace, source, manager })),
    });
  }

  /** What the chart would install now that was not installed. */
  async #manifest(
    installed: readonly Sourced[],
    revision: number,
  ): Promise<Pick<LayerSeen, 'sightings' | 'unchecked'>> {
    const all = judgeManifest(this.#want, this.#each.objects, installed, revision);
    if (all.length === 0) return { sightings: [], unchecked: [] };
    const unstable = await this.#unstable();
    const sightings = all.filter(({ key }) => !unstable.has(key)).map(({ key: _, ...sighting }) => sighting);
    const { unseen } = this.#each;
    const open = sightings.filter((each) => ignoredBy(each, this.#context.rules) === undefined);
    if (unseen === undefined || open.length === 0) return { sightings, unchecked: [] };
    // What templates would have found in the cluster may be all the difference.
    const permission = deniedIn(unseen)?.permission;
    return { sightings: [], unchecked: [chartUnseen(this.#want, open, unseen, permission)] };
  }

  /** Rendered once more: only then is it known what depends on the moment, or on the cluster. */
  async #unstable(): Promise<ReadonlySet<string>> {
    const { objects, release } = this.#each;
    return unstableFields(objects, await this.#context.renderAgain(this.#each), release.namespace);
  }

  /** What a chart may make anew at each rendering, or at its installation alone, is left out. */
  #rendered(): readonly Sourced[] {
    return this.#each.objects.filter((each) => each.object.kind !== 'Secret' && !isHook(each));
  }

  /** Helm knows nothing of the release any more, but its objects may be there, and somebody may have changed them. */
  async #uninstalled(own: readonly Sighting[]): Promise<LayerSeen> {
    const seen = await this.#asRendered();
    const missing = seen.sightings.filter(({ path }) => path === '').length;
    return missing === this.#rendered().length
      ? { sightings: own, unchecked: seen.unchecked }
      : { ...seen, sightings: [...own, ...seen.sightings] };
  }

  /** Whoever may not read Secrets still sees whether the objects are as the chart renders them. */
  async #withoutRelease(denied: string): Promise<LayerSeen> {
    const { namespace, name } = this.#each.release;
    const seen = await this.#asRendered();
    const note = releaseUnread({ namespace, name }, denied, this.#each.unseen);
    return { ...seen, notes: [...(seen.notes ?? []), note] };
  }

  async #asRendered(): Promise<LayerSeen> {
    const { namespace } = this.#each.release;
    const known = this.#rendered();
    const seen = await this.#live(known);
    const unstable = seen.sightings.length === 0 ? new Set<string>() : await this.#unstable();
    const keys = new Map(
      known.map(({ object }) => [`${object.kind} ${object.metadata.name}`, keyOf(object, namespace)]),
    );
    return {
      ...seen,
      sightings: seen.sightings.filter(({ ref, path }) => {
        const [kind = '', where = ''] = ref.split(' ');
        return !unstable.has(`${keys.get(`${kind} ${where.split('/').at(-1)}`) ?? ''} ${path}`);
      }),
    };
  }
}

export async function lookAtReleases(context: DriftContext): Promise<LayerSeen> {
  const seen: LayerSeen[] = [];
  for (const each of context.rendered) {
    const values = await valuesOf(each, context.run.environment.workspace);
    seen.push(await new ReleaseLooker(context, each, values).look());
  }
  return {
    sightings: seen.flatMap(({ sightings }) => sightings),
    unchecked: seen.flatMap(({ unchecked }) => unchecked),
    notes: seen.flatMap(({ notes = [] }) => notes),
  };
}
