// Starts the pods of a Deployment anew, as `kubectl rollout restart` does: by an annotation of their template.
import { kinds } from '../chain/cluster.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Kube } from './connection.ts';
import { pathOf, permissionOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

/** Its own, so that it gives up nothing of what another manager of ours applied. */
const fieldManager = 'eks-gateway-action-restart';
const annotation = 'eks-gateway-action/restarted-at';
const patience = { milliseconds: 10_000 };

export const restartDeployment = async (
  kube: Kube,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Seen<true>> => {
  const { apiVersion, kind } = kinds.deployment;
  const annotations = { [annotation]: kube.clock.now().toISOString() };
  const answer = await sendPatiently(
    kube,
    {
      method: 'PATCH',
      path: pathOf(kinds.deployment, namespace, name),
      query: { fieldManager, force: true },
      body: {
        apiVersion,
        kind,
        metadata: { name, namespace },
        spec: { template: { metadata: { annotations } } },
      },
      contentType: 'application/apply-patch+yaml',
    },
    patience,
    signal,
  );
  const at = kube.clock.now();
  if (answer.status < 300) return { at, value: true };
  const { message } = statusOf(answer);
  if (answer.status !== 403) return { at, failed: message };
  return { at, denied: denialOf(message)?.permission ?? permissionOf('patch', kinds.deployment, namespace) };
};
