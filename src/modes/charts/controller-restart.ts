// Starts the load balancer controller again where definitions that it looks for at its start came or changed later.
import { kinds } from '../../chain/cluster.ts';
import { observeRelease } from '../../chain/release.ts';
import { missedByController, soughtAtStart } from '../../chain/restart.ts';
import { clusterReader } from '../../kube/reader.ts';
import { restartDeployment } from '../../kube/restart.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';

/**
 * What cannot be looked at is left alone: the chain then says what the controller does not do.
 * @param changed names of definitions that this run created or changed
 * @param at when it had done so, by the cluster's clock
 */
export async function restartController(
  { draft, runner, signal }: Run,
  { kube }: Cluster,
  changed: ReadonlySet<string>,
  at: Date,
): Promise<void> {
  const reader = clusterReader(kube);
  const seen = await observeRelease(reader, signal);
  const lbc = 'value' in seen ? seen.value.controllers.lbc : undefined;
  if (lbc === undefined) return;
  const pods = await reader.list(kinds.pod, lbc.namespace, signal);
  const live = await Promise.all(soughtAtStart.map((name) => reader.get(kinds.crd, undefined, name, signal)));
  if (!('value' in pods)) return;
  const missed = missedByController(podsOf(lbc.name, pods.value), {
    live: live.flatMap((each) => ('value' in each && each.value ? [each.value] : [])),
    changed,
    at,
  });
  if (missed.length === 0) return;
  const ref = `Deployment ${lbc.namespace}/${lbc.name}`;
  const done = await restartDeployment(kube, lbc.namespace, lbc.name, signal);
  if ('value' in done) {
    runner.info(
      `${ref} restarted: it looks for definitions only when it starts, and these came or changed later: ${missed.join(', ')}`,
    );
    return;
  }
  const why = 'denied' in done ? `the role may not ${done.denied}` : done.failed;
  draft.findings([
    finding(
      'warning',
      'release/restart-refused',
      `${ref} should start again, but could not be told to: ${why}. It looks for definitions only when it starts, and these came or changed later: ${missed.join(', ')}.`,
      {
        ref,
        hint: `Start it by hand:\nkubectl --namespace ${lbc.namespace} rollout restart deployment ${lbc.name}`,
      },
    ),
  ]);
}

/** The names of a Deployment's pods begin with its own, and two hashes follow. */
const podsOf = <Pod extends { readonly metadata: { readonly name: string } }>(
  deployment: string,
  pods: readonly Pod[],
): readonly Pod[] =>
  pods.filter(({ metadata }) => new RegExp(`^${deployment}-[a-z0-9]+-[a-z0-9]+$`).test(metadata.name));
