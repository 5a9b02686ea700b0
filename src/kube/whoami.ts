// Asks the API server as whom it knows us.
import type { Kube } from './connection.ts';
import { isFields } from './fields.ts';

export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * `undefined` where the server does not say (before Kubernetes 1.28, or denied).
 * SelfSubjectReview needs no permission beyond system:basic-user (KEP-3325).
 * @throws what `Kube.send` throws.
 */
export const whoAmI = async (kube: Kube, signal: AbortSignal): Promise<Identity | undefined> => {
  const answer = await kube.send(
    {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    },
    signal,
  );
  if (answer.status !== 201 || !isFields(answer.body)) return undefined;
  const status = answer.body['status'];
  const info = isFields(status) ? status['userInfo'] : undefined;
  if (!isFields(info) || typeof info['username'] !== 'string') return undefined;
  const groups = Array.isArray(info['groups']) ? info['groups'] : [];
  return {
    user: info['username'],
    groups: groups.filter((group): group is string => typeof group === 'string'),
  };
};
