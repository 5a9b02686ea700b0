// A local copy of every object of one resource, kept fresh by list and watch, that tells its listeners of each change.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type KubeApi, type KubeObject, type WatchEvent } from './api.ts';

interface List<T> {
  metadata: { resourceVersion: string };
  items?: T[];
}

const RETRY_MS = 500;

export type Change<T> = (object: T, type: 'ADDED' | 'MODIFIED' | 'DELETED') => void;

export const keyOf = (object: KubeObject): string =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;

export class Cache<T extends KubeObject> {
  readonly resource: string;
  readonly #api: KubeApi;
  readonly #base: string;
  readonly #objects = new Map<string, T>();
  readonly #listeners: Change<T>[] = [];

  /** `groupVersion` is `v1` for the core group, `group/version` otherwise. */
  constructor(api: KubeApi, groupVersion: string, resource: string) {
    this.#api = api;
    this.#base = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
    this.resource = resource;
  }

  onChange(listener: Change<T>): void {
    this.#listeners.push(listener);
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(namespace ? `${namespace}/${name}` : name);
  }

  all(): T[] {
    return [...this.#objects.values()];
  }

  inNamespace(namespace: string): T[] {
    return this.all().filter((object) => object.metadata.namespace === namespace);
  }

  collection(namespace?: string): string {
    return namespace
      ? `${this.#base}/namespaces/${namespace}/${this.resource}`
      : `${this.#base}/${this.resource}`;
  }

  path(object: KubeObject, subresource?: string): string {
    const path = `${this.collection(object.metadata.namespace)}/${object.metadata.name}`;
    return subresource ? `${path}/${subresource}` : path;
  }

  /** Takes in what a write answered, so that the next look does not see the state before our own write. */
  remember(object: T): void {
    const known = this.#objects.get(keyOf(object));
    if (known && isNewer(object, known)) this.#objects.set(keyOf(object), object);
  }

  #put(object: T): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known && isNewer(known, object)) return;
    this.#objects.set(key, object);
    for (const listener of this.#listeners) listener(object, known ? 'MODIFIED' : 'ADDED');
  }

  #drop(key: string, last: T): void {
    this.#objects.delete(key);
    for (const listener of this.#listeners) listener(last, 'DELETED');
  }

  async #list(): Promise<string> {
    const list = await this.#api.get<List<T>>(this.collection());
    const items = list.items ?? [];
    const seen = new Set(items.map(keyOf));
    for (const [key, object] of this.#objects) if (!seen.has(key)) this.#drop(key, object);
    for (const item of items) this.#put(item);
    return list.metadata.resourceVersion;
  }

  /** A new CRD's storage, a missing right or a restarting API server: all of them pass, so it tries again. */
  async #listAtLast(trouble: (error: unknown) => void): Promise<string> {
    for (;;) {
      try {
        return await this.#list();
      } catch (error) {
        trouble(error);
        await sleep(RETRY_MS);
      }
    }
  }

  /** Resolves after the first list; watches in the background until the signal fires. */
  async start(signal: AbortSignal, trouble: (error: unknown) => void): Promise<void> {
    let version = await this.#listAtLast(trouble);
    const follow = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          await this.#api.watch<T>(
            this.collection(),
            version,
            (event: WatchEvent<T>) => {
              if (event.type === 'ERROR') throw new ApiError(410, 'Expired', JSON.stringify(event.object));
              version = event.object.metadata.resourceVersion;
              if (event.type === 'DELETED') this.#drop(keyOf(event.object), event.object);
              else if (event.type !== 'BOOKMARK') this.#put(event.object);
            },
            signal,
          );
        } catch (error) {
          if (signal.aborted) return;
          trouble(error);
          await sleep(RETRY_MS);
          // The watch may have missed something: begin again from a list.
          version = await this.#listAtLast(trouble);
        }
      }
    };
    void follow();
  }
}

/** Resource versions of one resource are comparable numbers with etcd behind the API server. */
const isNewer = (one: KubeObject, other: KubeObject): boolean =>
  BigInt(one.metadata.resourceVersion) > BigInt(other.metadata.resourceVersion);
