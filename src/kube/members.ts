// Finds and deletes the members of an inventory.

import type { Refusal } from '../apply/applier.ts';
import { groupKindOf } from '../apply/inventory.ts';
import type { Members } from '../apply/prune.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { Kube, KubeAnswer } from './connection.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { pathOf, permissionOf } from './path.ts';
import { clusterReader } from './reader.ts';
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

export const inventoryMembers = (kube: Kube, discovery: Discovery, patience: Patience): Members => {
  const reader = clusterReader(kube);
  const placeOf = async (groupKind: string, signal: AbortSignal): Promise<ApiResource | undefined> =>
    (await discovery.served(signal)).find((resource) => groupKindOf(resource) === groupKind);

  const refusalOf = (
    answer: KubeAnswer,
    place: ApiResource,
    { kind, metadata: { name, namespace } }: KubernetesObject,
  ): Refusal | undefined => {
    if (answer.status < 300 || answer.status === 404) return undefined;
    if (answer.status === 409) return anotherObject;
    const needed = permissionOf('delete', place, namespace);
    return explain(answer, { kind, name, namespace, needed, principal: kube.principal });
  };

  return {
    list: async (groupKind, namespaces, labelSelector, signal) => {
      const place = await placeOf(groupKind, signal);
      // A kind that is not served any more went with all its objects.
      if (!place) return { at: kube.clock.now(), value: [] };
      const where = place.namespaced ? [...namespaces] : [undefined];
      const looks = await Promise.all(
        where.map((namespace) => reader.select(place, namespace, { labelSelector }, signal)),
      );
      const bad = looks.find((seen) => !('value' in seen));
      return (
        bad ?? { at: kube.clock.now(), value: looks.flatMap((seen) => ('value' in seen ? seen.value : [])) }
      );
    },

    remove: async (object, signal, stillOurs) => {
      const place = await placeOf(groupKindOf(object), signal);
      const { name, namespace, uid } = object.metadata;
      if (!place) return undefined;
      const send = (preconditions: object): Promise<KubeAnswer> =>
        sendPatiently(
          kube,
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
          { ...patience, isFinal: ({ status }) => status === 409 },
          signal,
        );
      let seen: KubernetesObject | undefined = object;
      // Controllers write status all the time: after some looks its UID has to do.
      for (let look = 0; stillOurs !== undefined && look < looksAgain; look += 1) {
        const answer = await send({ uid, resourceVersion: seen.metadata['resourceVersion'] });
        if (answer.status !== 409) return refusalOf(answer, place, object);
        const now = await reader.get(place, namespace, name, signal);
        seen = 'value' in now ? now.value : seen;
        if (seen === undefined) return undefined;
        if (seen.metadata['uid'] !== uid) return anotherObject;
        if (!stillOurs(seen)) return notOurs;
      }
      return refusalOf(await send({ uid }), place, object);
    },
  };
};
