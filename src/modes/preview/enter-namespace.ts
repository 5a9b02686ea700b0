// A role that has only the rights of policy/previews.yaml lets itself into the namespace that it made.
import { kinds } from '../../chain/cluster.ts';
import { mayI } from '../../kube/access.ts';
import { whoAmI } from '../../kube/whoami.ts';
import { bindingOf, previewGroup } from '../../preview/fences.ts';
import type { Run } from '../../run.ts';
import type { Source } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { Writer } from '../apply/write.ts';

const pause = 250;

/**
 * Does nothing for a role outside the group: it has its rights from elsewhere.
 * @param deadline monotonic milliseconds
 * @throws Problem `cluster/forbidden` where the binding gives no rights.
 */
export async function enter(
  { clock, inputs, signal }: Run,
  { kube }: Cluster,
  writer: Writer,
  { number, source }: { readonly number: number; readonly source: Source },
  deadline: number,
): Promise<void> {
  const { namespace } = inputs;
  const identity = await whoAmI(kube, signal);
  if (identity?.groups.includes(previewGroup) !== true) return;
  await writer.apply([{ object: bindingOf({ namespace, number }), source }]);
  while (!(await mayI(kube, 'patch', kinds.httpRoute, namespace, signal))) {
    if (clock.monotonic() > deadline) {
      throw new Problem('cluster/forbidden', `The role may not patch httproutes in ${namespace}.`, {
        hint: `Its group ${previewGroup} has to be bound there: apply policy/previews.yaml as it is.`,
      });
    }
    await clock.sleep(pause, signal);
  }
}
