// Finds and deletes the members of an inventory.
import type { Refusal } from '../apply/applier.ts';
import { groupKindOf } from '../apply/inventory.ts';
import type { Members } from '../apply/prune.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Kube, KubeAnswer } from './connection.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { pathOf, permissionOf } from './path.ts';
import { clusterReader, type KubeReader } from './reader.ts';
import { explain } from './refusal.ts';
import { type Patience, sendPatiently } from './retry.ts';

/** How often an object that was written since it was listed is read again. */
const looksAgain = 5;

const anotherObject: Refusal = {
  result: 'conflict',
  message: 'another object has its name by now.',
  hint: 'Run again.',
};

const notOurs: Refusal = {
  result: 'conflict',
  message: 'it was taken over by somebody else since it was listed.',
  hint: 'Nothing has to be done: it is theirs now.',
};

export const inventoryMembers = (kube: Kube, discovery: Discovery, patience: Patience): Members =>
  new InventoryMembers(kube, discovery, patience);

class InventoryMembers implements Members {
  readonly #kube: Kube;
  readonly #discovery: Discovery;
  readonly #patience: Patience;
  readonly #reader: KubeReader;

  constructor(kube: Kube, discovery: Discovery, patience: Patience) {
    this.#kube = kube;
    this.#discovery = discovery;
    this.#patience = patience;
    this.#reader = clusterReader(kube);
  }

  async list(
    groupKind: string,
    namespaces: ReadonlySet<string>,
    labelSelector: string,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>> {
    const at = (): Date => this.#kube.clock.now();
    const place = await this.#placeOf(groupKind, signal);
    // A kind that is not served any more went with all its objects.
    if (!place) return { at: at(), value: [] };
    const where = place.namespaced ? [...namespaces] : [undefined];
    const looks = await Promise.all(
      where.map((namespace) => this.#reader.select(place, namespace, { labelSelector }, signal)),
    );
    const bad = looks.find((seen) => !('value' in seen));
    return bad ?? { at: at(), value: looks.flatMap((seen) => ('value' in seen ? seen.value : [])) };
  }

  async remove(
    object: KubernetesObject,
    signal: AbortSignal,
    stillOurs?: (now: KubernetesObject) => boolean,
  ): Promise<Refusal | undefined> {
    const place = await this.#placeOf(groupKindOf(object), signal);
    const { name, namespace, uid } = object.metadata;
    if (!place) return undefined;
    let seen: KubernetesObject | undefined = object;
    // Controllers write status all the time: after some looks its UID has to do.
    for (let look = 0; stillOurs !== undefined && look < looksAgain; look += 1) {
      const preconditions = { uid, resourceVersion: seen.metadata['resourceVersion'] };
      const answer = await this.#delete(place, object, preconditions, signal);
      if (answer.status !== 409) return this.#refusalOf(answer, place, object);
      const now = await this.#reader.get(place, namespace, name, signal);
      seen = 'value' in now ? now.value : seen;
      if (seen === undefined) return undefined;
      if (seen.metadata['uid'] !== uid) return anotherObject;
      if (!stillOurs(seen)) return notOurs;
    }
    return this.#refusalOf(await this.#delete(place, object, { uid }, signal), place, object);
  }

  async #placeOf(groupKind: string, signal: AbortSignal): Promise<ApiResource | undefined> {
    const served = await this.#discovery.served(signal);
    return served.find((resource) => groupKindOf(resource) === groupKind);
  }

  #delete(
    place: ApiResource,
    { metadata: { name, namespace } }: KubernetesObject,
    preconditions: object,
    signal: AbortSignal,
  ): Promise<KubeAnswer> {
    return sendPatiently(
      this.#kube,
      {
        method: 'DELETE',
        path: pathOf(place, namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions,
        },
      },
      { ...this.#patience, isFinal: ({ status }) => status === 409 },
      signal,
    );
  }

  #refusalOf(
    answer: KubeAnswer,
    place: ApiResource,
    { kind, metadata: { name, namespace } }: KubernetesObject,
  ): Refusal | undefined {
    if (answer.status < 300 || answer.status === 404) return undefined;
    if (answer.status === 409) return anotherObject;
    const needed = permissionOf('delete', place, namespace);
    return explain(answer, { kind, name, namespace, needed, principal: this.#kube.principal });
  }
}
