// What the cluster holds of many objects, read with as few requests as that takes.
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Kube } from './connection.ts';
import type { ApiResource } from './discovery.ts';
import { objectOf } from './object.ts';
import { pathOf, permissionOf } from './path.ts';
import { clusterReader } from './reader.ts';
import { type Patience, sendPatiently } from './retry.ts';
import { denialOf, isFields, statusOf } from './status.ts';

export interface Name {
  readonly place: ApiResource;
  readonly namespace: string | undefined;
  readonly name: string;
}

export type Held = Seen<KubernetesObject | undefined>;

interface Page {
  readonly items: ReadonlyMap<string, KubernetesObject>;
  /** There are more than the page has. */
  readonly more: boolean;
}

/** Namespaces of one kind from which on one LIST of the whole cluster is cheaper than one each. */
const manyNamespaces = 5;
const pageSize = 500;

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

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
 * In the order of `names`. One LIST a kind and namespace, or one a kind where the objects spread over many namespaces;
 * single objects, and those that stand beyond the LIST's page, by name. Denials and failures are values.
 */
export const readHeld = async (
  kube: Kube,
  names: readonly Name[],
  patience: Patience,
  signal: AbortSignal,
): Promise<readonly Held[]> => {
  const reader = clusterReader(kube);
  const byName = ({ place, namespace, name }: Name): Promise<Held> =>
    reader.get(place, namespace, name, signal);

  const list = async (
    place: ApiResource,
    namespace: string | undefined,
    limit: number,
  ): Promise<Page | { readonly denied: string }> => {
    const request = { method: 'GET', path: pathOf(place, namespace), query: { limit } } as const;
    const answer = await sendPatiently(kube, request, patience, signal);
    if (answer.status === 404) return { items: new Map(), more: false };
    if (answer.status !== 200 || !isFields(answer.body)) {
      return {
        denied: denialOf(statusOf(answer).message)?.permission ?? permissionOf('list', place, namespace),
      };
    }
    const { items, metadata } = answer.body;
    const next = isFields(metadata) ? metadata['continue'] : undefined;
    const objects = (Array.isArray(items) ? items : []).flatMap((item) => objectOf(item, place) ?? []);
    return {
      items: new Map(
        objects.map((object) => [keyOf(object.metadata.namespace, object.metadata.name), object]),
      ),
      more: typeof next === 'string' && next !== '',
    };
  };

  const fromPage = async ({ items, more }: Page, wanted: readonly Name[]): Promise<readonly Held[]> =>
    Promise.all(
      wanted.map(async (name): Promise<Held> => {
        const found = items.get(keyOf(name.namespace, name.name));
        return found || !more ? { at: kube.clock.now(), value: found } : byName(name);
      }),
    );

  const inNamespace = async (wanted: readonly Name[]): Promise<readonly Held[]> => {
    const [first] = wanted;
    const limit = first && pageOf(first.place, wanted.length);
    if (first === undefined || limit === undefined) return Promise.all(wanted.map(byName));
    const page = await list(first.place, first.namespace, limit);
    // Whoever may not list may still get.
    return 'denied' in page ? Promise.all(wanted.map(byName)) : fromPage(page, wanted);
  };

  const ofKind = async (wanted: readonly Name[]): Promise<ReadonlyMap<Name, Held>> => {
    const [first] = wanted;
    const namespaces = [...grouped(wanted, ({ namespace }) => namespace).values()];
    const limit = first && pageOf(first.place, wanted.length);
    if (first && limit !== undefined && namespaces.length >= manyNamespaces) {
      const page = await list(first.place, undefined, limit);
      if (!('denied' in page)) return zip(wanted, await fromPage(page, wanted));
    }
    const each = await Promise.all(namespaces.map(async (group) => zip(group, await inNamespace(group))));
    return new Map(each.flatMap((map) => [...map]));
  };

  const kinds = [...grouped(names, ({ place }) => place).values()];
  const maps = await Promise.all(kinds.map(ofKind));
  const all = new Map(maps.flatMap((map) => [...map]));
  return names.map((name) => all.get(name) ?? { at: kube.clock.now(), failed: 'it was not read' });
};

const zip = <Key, Value>(keys: readonly Key[], values: readonly Value[]): ReadonlyMap<Key, Value> =>
  new Map(
    keys.flatMap((key, index) => {
      const value = values[index];
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
