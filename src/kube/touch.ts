// Touches a Gateway or a TargetGroupBinding: a server-side apply of one annotation, which makes its controller look at it again.
import { list, moment, text } from '../bundle/field.ts';
import { kinds } from '../chain/cluster.ts';
import type { Toucher } from '../chain/nudge.ts';
import type { Kube } from './connection.ts';
import { objectOf } from './object.ts';
import { pathOf, permissionOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

const nudgedAt = 'eks-gateway-action/nudged-at';

/**
 * Its own, and not that of our applies: an apply that names the annotation alone gives up whatever else the same manager
 * applied before, and a Gateway of the repository would lose its spec.
 */
const fieldManager = 'eks-gateway-action-nudge';

/** Long enough for what passes at once: the chain goes on without the nudge. */
const patience = { milliseconds: 5_000 };

export const createToucher = (kube: Kube): Toucher => ({
  touch: async ({ kind: wanted, namespace, name }, signal) => {
    const touched = wanted === kinds.targetGroupBinding.kind ? kinds.targetGroupBinding : kinds.gateway;
    const { apiVersion, kind } = touched;
    const now = (): Date => kube.clock.now();
    const annotations = { [nudgedAt]: now().toISOString() };
    try {
      const answer = await sendPatiently(
        kube,
        {
          method: 'PATCH',
          path: pathOf(touched, namespace, name),
          query: { fieldManager, force: false },
          body: { apiVersion, kind, metadata: { name, namespace, annotations } },
          contentType: 'application/apply-patch+yaml',
        },
        patience,
        signal,
      );
      const live = answer.status < 300 ? objectOf(answer.body, touched) : undefined;
      if (live) {
        const ours = list(live, 'metadata', 'managedFields').find(
          (entry) => text(entry, 'manager') === fieldManager,
        );
        return { at: now(), value: moment(ours, 'time') ?? now() };
      }
      const { message } = statusOf(answer);
      if (answer.status !== 403) return { at: now(), failed: message };
      const needed = permissionOf('patch', touched, namespace);
      return { at: now(), denied: denialOf(message)?.permission ?? needed };
    } catch (error) {
      signal.throwIfAborted();
      return { at: now(), failed: error instanceof Error ? error.message : String(error), cause: error };
    }
  },
});
