// Deletes one object.
import { Problem } from '../verdict/problem.ts';
import type { Kube } from './connection.ts';
import { type Place, pathOf, permissionOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

const patience = { milliseconds: 30_000 };

/**
 * An object that is gone already is no error.
 * @throws Problem `cluster/forbidden`, `apply/failed`, and what `Kube.send` throws.
 */
export const removeObject = async (
  kube: Kube,
  place: Place,
  namespace: string | undefined,
  name: string,
  signal: AbortSignal,
): Promise<void> => {
  const path = pathOf(place, namespace, name);
  const answer = await sendPatiently(kube, { method: 'DELETE', path }, patience, signal);
  if (answer.status < 300 || answer.status === 404) return;
  const { message } = statusOf(answer);
  if (answer.status === 403) {
    const needed = denialOf(message)?.permission ?? permissionOf('delete', place, namespace);
    throw new Problem('cluster/forbidden', `${kube.principal ?? 'This role'} may not ${needed}.`, {
      hint: 'Give it that permission by an access policy of its access entry, or by a ClusterRole bound to a group of the entry.',
    });
  }
  throw new Problem('apply/failed', `${path} could not be deleted: ${message}.`);
};
