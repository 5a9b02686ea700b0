// What the cluster holds of many objects, read with as few requests as that takes.
import type { KubernetesObject } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Kube } from './connection.ts';
import type { ApiResource } from './discovery.ts';
import { isFields } from './fields.ts';
import { objectOf } from './object.ts';
import { pathOf } from './path.ts';
import { clusterReader, type KubeReader } from './reader.ts';
import { type Patience, sendPatiently } from './retry.ts';
import { statusOf } from './status.ts';

export interface Name {
  readonly place: ApiResource;
  readonly namespace: string | undefined;
  readonly name: string;
}

export type Held = Seen<KubernetesObject | undefined>;

interface Page {
  readonly items: readonly KubernetesObject[];
  /** Where the next page begins; empty where there is none. */
  readonly next: string;
  /** How many objects stand behind the page; infinite where the server does not say. */
  readonly remaining: number;
}

/** Namespaces of one kind from which on one LIST of the whole cluster is cheaper than one each. */
const manyNamespaces = 5;
const pageSize = 500;
/** Reads by name that cost about as much as another page. */
const readsOfPage = 20;

const keyOf = ({
  namespace = '',
  name,
}: {
  readonly namespace?: string | undefined;
  readonly name: string;
}) => `${namespace}/${name}`;

/** A page of large objects may be more than we take (`Limits.answer`): then they come one by one. */
const tooLarge = (error: unknown): undefined => {
  if (error instanceof Problem && error.code === 'look/failed') return undefined;
  throw error;
};

/**
 * Secrets are read by name: a LIST would read those of everybody else, and few roles may. Definitions are large, and a
 * cluster may hold thousands: the page is kept small.
 */
const pageOf = ({ kind }: ApiResource, wanted: number): number | undefined => {
  if (kind === 'Secret' || wanted === 1) return undefined;
  return kind === 'CustomResourceDefinition' ? 2 * wanted + 20 : Math.max(pageSize, 2 * wanted);
};

const grouped = <Key, Item>(
  items: readonly Item[],
  keyOfItem: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> => {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
};

/**
 * In the order of `names`. One LIST a kind and namespace, or one a kind where the objects spread over many namespaces, with
 * further pages as long as those are cheaper than reading by name what is not found yet; single objects by name. Denials and
 * failures are values.
 */
export const readHeld = async (
  kube: Kube,
  names: readonly Name[],
  patience: Patience,
  signal: AbortSignal,
): Promise<readonly Held[]> => {
  const reading = new Reading(kube, patience, signal);
  const kinds = [...grouped(names, ({ place }) => place).values()];
  const maps = await Promise.all(kinds.map((wanted) => reading.ofKind(wanted)));
  const all = new Map(maps.flatMap((map) => [...map]));
  return names.map((name) => all.get(name) ?? { at: kube.clock.now(), failed: 'it was not read' });
};

class Reading {
  readonly #kube: Kube;
  readonly #reader: KubeReader;
  readonly #patience: Patience;
  readonly #signal: AbortSignal;

  constructor(kube: Kube, patience: Patience, signal: AbortSignal) {
    this.#kube = kube;
    this.#reader = clusterReader(kube);
    this.#patience = patience;
    this.#signal = signal;
  }

  async ofKind(wanted: readonly Name[]): Promise<ReadonlyMap<Name, Held>> {
    const [first] = wanted;
    const namespaces = [...grouped(wanted, ({ namespace }) => namespace).values()];
    const limit = first && pageOf(first.place, wanted.length);
    if (first && limit !== undefined && namespaces.length >= manyNamespaces) {
      const held = await this.#listed(wanted, first.place, undefined, limit);
      if (held) return zip(wanted, held);
    }
    const each = await Promise.all(
      namespaces.map(async (group) => zip(group, await this.#inNamespace(group))),
    );
    return new Map(each.flatMap((map) => [...map]));
  }

  async #inNamespace(wanted: readonly Name[]): Promise<readonly Held[]> {
    const [first] = wanted;
    const limit = first && pageOf(first.place, wanted.length);
    const held =
      first && limit !== undefined
        ? await this.#listed(wanted, first.place, first.namespace, limit)
        : undefined;
    return held ?? Promise.all(wanted.map((name) => this.#byName(name)));
  }

  #byName({ place, namespace, name }: Name): Promise<Held> {
    return this.#reader.get(place, namespace, name, this.#signal);
  }

  /** `undefined` where they have to be read by name. */
  async #listed(
    wanted: readonly Name[],
    place: ApiResource,
    namespace: string | undefined,
    limit: number,
  ): Promise<readonly Held[] | undefined> {
    const open = new Set(wanted.map(keyOf));
    const found = new Map<string, KubernetesObject>();
    let after = '';
    do {
      const part = await this.#page(place, namespace, limit, after);
      if (part === 'unlisted') return undefined;
      if ('failed' in part) return wanted.map(() => ({ at: this.#kube.clock.now(), failed: part.failed }));
      for (const object of part.items) {
        const key = keyOf(object.metadata);
        if (open.delete(key)) found.set(key, object);
      }
      after = part.next;
      if (open.size <= readsOfPage * Math.ceil(part.remaining / limit)) break;
    } while (after !== '');
    return Promise.all(
      wanted.map(async (name): Promise<Held> => {
        const isOpen = after !== '' && open.has(keyOf(name));
        return isOpen ? this.#byName(name) : { at: this.#kube.clock.now(), value: found.get(keyOf(name)) };
      }),
    );
  }

  async #page(
    place: ApiResource,
    namespace: string | undefined,
    limit: number,
    after: string,
  ): Promise<Page | 'unlisted' | { readonly failed: string }> {
    const query = { limit, ...(after !== '' && { continue: after }) };
    const request = { method: 'GET', path: pathOf(place, namespace), query } as const;
    const answer = await sendPatiently(this.#kube, request, this.#patience, this.#signal).catch(tooLarge);
    if (answer === undefined) return 'unlisted';
    if (answer.status === 404) return { items: [], next: '', remaining: 0 };
    // Whoever may not list may still get; and the snapshot that pages belong to may have been compacted away.
    if (answer.status === 403 || answer.status === 410) return 'unlisted';
    if (answer.status !== 200 || !isFields(answer.body)) return { failed: statusOf(answer).message };
    const { items, metadata } = answer.body;
    const { continue: next, remainingItemCount: remaining } = isFields(metadata) ? metadata : {};
    return {
      items: (Array.isArray(items) ? items : []).flatMap((item) => objectOf(item, place) ?? []),
      next: typeof next === 'string' ? next : '',
      remaining: typeof remaining === 'number' ? remaining : Number.POSITIVE_INFINITY,
    };
  }
}

const zip = <Key, Value>(keys: readonly Key[], values: readonly Value[]): ReadonlyMap<Key, Value> =>
  new Map(
    keys.flatMap((key, index) => {
      const value = values[index];
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
