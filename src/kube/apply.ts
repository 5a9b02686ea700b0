// Server-side apply over the shared connection: objects as they were written, each field that is sent reads back equal.
import {
  type Applier,
  fieldManager,
  type Look,
  type Placed,
  type Refusal,
  type WriteOptions,
  type Written,
} from '../apply/applier.ts';
import { groupOf, type Json, type KubernetesObject, refOf } from '../bundle/object.ts';
import type { Kube, KubeAnswer } from './connection.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { isFields } from './fields.ts';
import { type Name, readHeld } from './held.ts';
import { manifestOf } from './manifest.ts';
import { notServed } from './not-served.ts';
import { objectOf } from './object.ts';
import { isPathSegment, pathOf, permissionOf } from './path.ts';
import { clusterReader } from './reader.ts';
import { explain, overQuota } from './refusal.ts';
import { conversion, type Patience, retry, sendPatiently, webhook } from './retry.ts';
import { publishedSchemas } from './schemas.ts';
import { statusOf } from './status.ts';

export interface ApplierOptions {
  /** For namespaced objects that name none. */
  readonly namespace: string;
  /** How long one object is tried (default 60 s). */
  readonly patience?: Patience;
}

const defaultPatience: Patience = { milliseconds: 60_000 };

/** The group and kind that a CustomResourceDefinition brings. */
const kindOfCrd = (object: KubernetesObject): string | undefined => {
  const { spec } = object;
  if (object.kind !== 'CustomResourceDefinition' || !isFields(spec) || !isFields(spec['names']))
    return undefined;
  return `${String(spec['group'])}/${String(spec['names']['kind'])}`;
};

const groupKind = ({ apiVersion, kind }: KubernetesObject): string => `${groupOf(apiVersion)}/${kind}`;

const kindOf = ({ apiVersion, kind }: KubernetesObject): string => `${apiVersion}/${kind}`;

const badName = (name: string, of = 'an object'): Refusal => ({
  result: 'failed',
  message: `${JSON.stringify(name)} cannot be the name of ${of}.`,
  hint: 'Names are made of lower-case letters, digits and dashes.',
});

/** Of a kind that is not served yet: its status may turn out to be the manifest's. */
const unknown = { statusApart: false };

class ServerSideApplier implements Applier {
  readonly #kube: Kube;
  readonly #discovery: Discovery;
  readonly #namespace: string;
  readonly #patience: Patience;
  // What was looked at here will be there: kinds become visible, and namespaces usable, within seconds of their write.
  readonly #kinds = new Set<string>();
  readonly #namespaces = new Set<string>();
  readonly #quotas = new Set<string>();
  readonly schema: Applier['schema'];

  constructor(kube: Kube, discovery: Discovery, { namespace, patience = defaultPatience }: ApplierOptions) {
    this.#kube = kube;
    this.#discovery = discovery;
    this.#namespace = namespace;
    this.#patience = patience;
    this.schema = publishedSchemas(kube).find;
  }

  expect(objects: readonly KubernetesObject[]): void {
    for (const object of objects) {
      const brings = kindOfCrd(object);
      if (brings !== undefined) this.#kinds.add(brings);
      if (object.kind === 'Namespace') this.#namespaces.add(object.metadata.name);
      if (object.kind === 'ResourceQuota')
        this.#quotas.add(`${object.metadata.namespace ?? this.#namespace}/${object.metadata.name}`);
    }
  }

  forgo(definition: KubernetesObject): void {
    const brings = kindOfCrd(definition);
    if (brings !== undefined) this.#kinds.delete(brings);
  }

  async look(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<readonly Look[]> {
    this.expect(objects);
    const found: {
      readonly name: Name;
      readonly object: KubernetesObject;
      readonly ref: string;
      readonly index: number;
    }[] = [];
    const looks: Look[] = [];
    const places = await this.#places(objects, signal);
    for (const [index, object] of objects.entries()) {
      const place = places.get(kindOf(object));
      const look = place ? this.#placed(object, place) : await this.#unserved(object, signal);
      looks.push(look);
      if (place && 'object' in look) {
        const { namespace, name } = look.object.metadata;
        found.push({ name: { place, namespace, name }, object: look.object, ref: look.ref, index });
      }
    }
    const held = await readHeld(
      this.#kube,
      found.map(({ name }) => name),
      this.#patience,
      signal,
    );
    for (const [at, { object, ref, index }] of found.entries()) {
      const seen = held[at];
      if (seen !== undefined) looks[index] = { ref, object, held: seen };
    }
    return looks;
  }

  /** Asks for each kind once: the API server is asked again for a kind that it does not serve. */
  async #places(
    objects: readonly KubernetesObject[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ApiResource>> {
    const places = new Map<string, ApiResource>();
    for (const object of new Map(objects.map((each) => [kindOf(each), each])).values()) {
      const place = await this.#discovery.find(object.apiVersion, object.kind, signal);
      if (place) places.set(kindOf(object), place);
    }
    return places;
  }

  #placed(object: KubernetesObject, place: ApiResource): Look {
    const namespace = this.#namespaceOf(object, place);
    const manifest = manifestOf(object, namespace, place);
    const ref = refOf(manifest);
    if (!isPathSegment(object.metadata.name)) return { ref, refusal: badName(object.metadata.name) };
    if (namespace !== undefined && !isPathSegment(namespace))
      return { ref, refusal: badName(namespace, 'a namespace') };
    return { ref, object: manifest, held: this.#absent() };
  }

  /** Its definition is written in this run: that it does not exist yet is all that can be said now. */
  async #unserved(object: KubernetesObject, signal: AbortSignal): Promise<Look> {
    const ref = refOf(object);
    if (!this.#kinds.has(groupKind(object))) return { ref, refusal: await this.#notServed(object, signal) };
    return { ref, object: manifestOf(object, object.metadata.namespace, unknown), held: this.#absent() };
  }

  async #notServed(object: KubernetesObject, signal: AbortSignal): Promise<Refusal> {
    return notServed(object, await this.#discovery.served(signal));
  }

  #absent(): Placed['held'] {
    return { at: this.#kube.clock.now(), value: undefined };
  }

  #namespaceOf(object: KubernetesObject, { namespaced }: ApiResource): string | undefined {
    return namespaced ? (object.metadata.namespace ?? this.#namespace) : undefined;
  }

  /** Waits for kinds that are on their way. */
  #place(object: KubernetesObject, signal: AbortSignal): Promise<ApiResource | undefined> {
    return retry(
      async () => {
        const found = await this.#discovery.find(object.apiVersion, object.kind, signal);
        if (found || !this.#kinds.has(groupKind(object))) return { result: found };
        return { again: `${object.kind} (${object.apiVersion}) is not served yet`, otherwise: undefined };
      },
      this.#patience,
      this.#kube.clock,
      signal,
    );
  }

  async write(object: KubernetesObject, options: WriteOptions, signal: AbortSignal): Promise<Written> {
    const { dryRun = false } = options;
    const place = dryRun
      ? await this.#discovery.find(object.apiVersion, object.kind, signal)
      : await this.#place(object, signal);
    if (!place) {
      const open = dryRun && this.#kinds.has(groupKind(object));
      return { warnings: [], refusal: { ...(await this.#notServed(object, signal)), ...(open && { open }) } };
    }
    const namespace = this.#namespaceOf(object, place);
    const manifest = manifestOf(object, namespace, place);
    const answer = await this.#patch(place, manifest, options, signal);
    const { warnings } = answer;
    const live = answer.status < 300 ? objectOf(answer.body, object) : undefined;
    if (live) return { warnings, live, created: answer.status === 201, ref: refOf(manifest) };
    const { open, ...refusal } = this.#explained(answer, manifest, place);
    const mayPass =
      dryRun &&
      (open ??
        (this.#arrives(namespace, statusOf(answer).kind) || this.#changes(namespace, answer) !== undefined));
    const stale = options.at !== undefined && answer.status === 409 && refusal.result !== 'conflict';
    return { warnings, refusal: { ...refusal, ...(mayPass && { open: true }), ...(stale && { stale }) } };
  }

  #patch(
    place: ApiResource,
    manifest: KubernetesObject,
    { dryRun = false, force = false, proven = false, at }: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeAnswer> {
    const { metadata } = manifest;
    return sendPatiently(
      this.#kube,
      {
        method: 'PATCH',
        path: pathOf(place, metadata.namespace, metadata.name),
        query: {
          fieldManager,
          // Strict has the API server parse the body once more, which is a thirtieth of its work.
          fieldValidation: proven ? 'Ignore' : 'Strict',
          force,
          ...(dryRun && { dryRun: 'All' }),
        },
        body: at === undefined ? manifest : { ...manifest, metadata: { ...metadata, resourceVersion: at } },
        contentType: 'application/apply-patch+yaml',
      },
      {
        ...this.#patience,
        // A dry run does not wait: what it waits for may be written only after it.
        isFinal: (answer) =>
          (dryRun && [webhook, conversion].some((each) => each.test(statusOf(answer).message))) ||
          (at !== undefined && answer.status === 409),
        // What a quota allows is counted anew some moments after it was changed.
        ...(!dryRun && { passesHere: (answer) => this.#changes(metadata.namespace, answer) }),
      },
      signal,
    );
  }

  #arrives(namespace: string | undefined, missing: string): boolean {
    return missing === 'namespaces' && namespace !== undefined && this.#namespaces.has(namespace);
  }

  /** Whether a quota is in the way that this run writes, too. */
  #changes(namespace: string | undefined, answer: KubeAnswer): string | undefined {
    const quota = answer.status === 403 ? overQuota.exec(statusOf(answer).message)?.[1] : undefined;
    return quota !== undefined && this.#quotas.has(`${namespace}/${quota}`)
      ? `the ResourceQuota ${namespace}/${quota} has not been counted anew yet`
      : undefined;
  }

  async disown(
    live: KubernetesObject,
    ours: (live: KubernetesObject) => readonly Json[] | undefined,
    signal: AbortSignal,
  ): Promise<Refusal | undefined> {
    const place = await this.#place(live, signal);
    if (!place) return await this.#notServed(live, signal);
    let held = live;
    return retry<Refusal | undefined>(
      async () => {
        const managedFields = ours(held);
        if (managedFields === undefined) return { result: undefined };
        const answer = await this.#replaceManagedFields(place, held, managedFields, signal);
        if (answer.status < 300) return { result: undefined };
        const refusal = this.#explained(answer, held, place);
        if (answer.status !== 409) return { result: refusal };
        const now = await this.read(live, signal);
        // Gone, made anew, or not to be seen: it is no longer what was looked at.
        if (!('value' in now) || now.value?.metadata['uid'] !== live.metadata['uid'])
          return { result: refusal };
        held = now.value ?? held;
        return { again: `${refOf(live)} was changed by someone else`, otherwise: refusal };
      },
      this.#patience,
      this.#kube.clock,
      signal,
    );
  }

  #replaceManagedFields(
    place: ApiResource,
    { metadata: { name, namespace, resourceVersion } }: KubernetesObject,
    managedFields: readonly Json[],
    signal: AbortSignal,
  ): Promise<KubeAnswer> {
    return sendPatiently(
      this.#kube,
      {
        method: 'PATCH',
        path: pathOf(place, namespace, name),
        query: { fieldManager },
        body: [
          { op: 'replace', path: '/metadata/managedFields', value: managedFields },
          // Replaced by itself: another one by now is a conflict (client-go util/csaupgrade).
          { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
        ],
        contentType: 'application/json-patch+json',
      },
      { ...this.#patience, isFinal: ({ status }) => status === 409 },
      signal,
    );
  }

  #explained(answer: KubeAnswer, { kind, metadata }: KubernetesObject, place: ApiResource): Refusal {
    const { name, namespace } = metadata;
    const needed = permissionOf('patch', place, namespace);
    return explain(answer, { kind, name, namespace, needed, principal: this.#kube.principal });
  }

  awaitGone(object: KubernetesObject, signal: AbortSignal): Promise<boolean> {
    return retry(
      async () => {
        const seen = await this.read(object, signal);
        if ('value' in seen && seen.value === undefined) return { result: true };
        return { again: `${refOf(object)} is being deleted`, otherwise: false };
      },
      this.#patience,
      this.#kube.clock,
      signal,
    );
  }

  async read(object: KubernetesObject, signal: AbortSignal) {
    const place = await this.#discovery.find(object.apiVersion, object.kind, signal);
    if (!place) return this.#absent();
    const namespace = this.#namespaceOf(object, place);
    return clusterReader(this.#kube).get(place, namespace, object.metadata.name, signal);
  }

  async serves(apiVersion: string, kind: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#discovery.find(apiVersion, kind, signal)) !== undefined;
  }
}

/**
 * Applies with `fieldValidation=Strict`: a field that the API server does not know is an error, not silence. Once a dry run
 * has proven that of an object, it is written without (an unknown field fails a server-side apply then as well).
 */
export const serverSideApplier = (kube: Kube, discovery: Discovery, options: ApplierOptions): Applier =>
  new ServerSideApplier(kube, discovery, options);
