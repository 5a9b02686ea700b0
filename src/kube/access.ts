// Asks the API server whether we may do something: bindings take a moment until they hold.
import { groupOf } from '../bundle/object.ts';
import type { Kube } from './connection.ts';
import { isFields } from './fields.ts';
import type { Place } from './path.ts';

/** SelfSubjectAccessReview needs no permission beyond system:basic-user. @throws what `Kube.send` throws. */
export const mayI = async (
  kube: Kube,
  verb: string,
  { apiVersion, plural }: Place,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const group = groupOf(apiVersion);
  const answer = await kube.send(
    {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace, verb, group, resource: plural } },
      },
    },
    signal,
  );
  const status = isFields(answer.body) ? answer.body['status'] : undefined;
  return isFields(status) && status['allowed'] === true;
};
