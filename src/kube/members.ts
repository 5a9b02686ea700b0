// Finds and deletes the members of an inventory.

import { groupKindOf } from '../apply/inventory.ts';
import type { Members } from '../apply/prune.ts';
import type { Kube } from './connection.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { pathOf, permissionOf } from './path.ts';
import { clusterReader } from './reader.ts';
import { explain } from './refusal.ts';
import { type Patience, sendPatiently } from './retry.ts';

export const inventoryMembers = (kube: Kube, discovery: Discovery, patience: Patience): Members => {
  const reader = clusterReader(kube);
  const placeOf = (groupKind: string): ApiResource | undefined =>
    discovery.served().find((resource) => groupKindOf(resource) === groupKind);

  return {
    list: async (groupKind, namespaces, labelSelector, signal) => {
      const place = placeOf(groupKind);
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

    remove: async (object, signal) => {
      const place = placeOf(groupKindOf(object));
      const { name, namespace, uid } = object.metadata;
      if (!place) return undefined;
      const answer = await sendPatiently(
        kube,
        {
          method: 'DELETE',
          path: pathOf(place, namespace, name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            propagationPolicy: 'Background',
            // Controllers write status all the time: the resourceVersion would stand in the way.
            preconditions: { uid },
          },
        },
        { ...patience, isFinal: ({ status }) => status === 409 },
        signal,
      );
      if (answer.status < 300 || answer.status === 404) return undefined;
      if (answer.status === 409) {
        return {
          result: 'conflict',
          message: 'another object has its name by now.',
          hint: 'Run again.',
        };
      }
      const needed = permissionOf('delete', place, namespace);
      return explain(answer, { namespace, needed, principal: kube.principal });
    },
  };
};
