// The wiring of the turns: a run holds the bundle's Lease while it writes, and says for whom it waits.
import { randomUUID } from 'node:crypto';
import type { Inventory } from '../../apply/inventory.ts';
import type { Runner } from '../../apply/lease.ts';
import { type Turn, takeTurn } from '../../apply/turn.ts';
import { leaseStore } from '../../kube/lease.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { waitTeller } from '../chain/wait-teller.ts';

export interface BundleTurn {
  /** The run, its signal aborted also when another run took over. */
  readonly run: Run;
  /**
   * Waits for the turn, as long as `wait-timeout` allows; does nothing where the run has it, or where the Lease's namespace
   * does not exist yet. @throws Problem `run/held-by-another`.
   */
  take(): Promise<void>;
  /** Whether what began then belongs to a run that died while it held the turn. */
  readonly isAbandoned: (began: Date) => boolean;
  /** Whether another run had to be waited for. */
  waited(): boolean;
  /** Whether this run has the turn, so that no other run of the bundle writes. */
  held(): boolean;
  /** Lets the next run write; harmless where the turn was never had. `last`: nothing of the bundle is left. */
  end(last?: 'last'): Promise<void>;
}

/** Milliseconds by which a runner's clock may differ from the API server's. */
const skew = 60_000;

const runnerOf = ({ environment }: Run): Runner => {
  const { repository, runUrl, workflow } = environment;
  const { run, actor } = workflow;
  const name =
    run === undefined ? repository || 'a run' : `${repository} run ${run.id} attempt ${run.attempt}`;
  return {
    identity: `${name} (${randomUUID().slice(0, 8)})`,
    ...(run && { run }),
    ...(runUrl !== undefined && { url: runUrl }),
    ...(actor !== undefined && { actor }),
  };
};

/** @param of what names the bundle: its Lease stands beside the ConfigMap of its inventory, whether that is kept or not */
export function turnOf(run: Run, cluster: Cluster, { namespace, name }: Inventory): BundleTurn {
  const { inputs, draft, signal } = run;
  const lost = new AbortController();
  const us = runnerOf(run);
  let turn: Turn | undefined;
  let tried = false;
  let waited = false;
  const tell = waitTeller(run);
  const onWait = (why: string): void => {
    waited = true;
    tell(why);
  };
  return {
    run: { ...run, signal: AbortSignal.any([signal, lost.signal]) },
    take: async () => {
      if (tried) return;
      const store = leaseStore(cluster.kube, namespace, name);
      const options = { us, patience: inputs.waitTimeout * 1_000, onWait };
      const taken = await takeTurn(store, options, signal);
      tried = taken !== undefined;
      if (taken === undefined) return;
      if ('unguarded' in taken) {
        draft.findings([unguarded(namespace, taken.unguarded)]);
        return;
      }
      turn = taken;
      const { lost: gone } = taken;
      gone.addEventListener('abort', () => lost.abort(gone.reason));
    },
    isAbandoned: (began) => turn?.abandoned !== undefined && wasDuring(began, turn.abandoned),
    waited: () => waited,
    held: () => turn !== undefined,
    end: async (last) => {
      await turn?.end(last);
      turn = undefined;
    },
  };
}

const unguarded = (namespace: string, why: string): Finding =>
  finding(
    'notice',
    'run/unguarded',
    `No Lease can be kept in namespace ${namespace}: ${why}. Two runs of this bundle at once would not be kept apart.`,
    {
      hint: 'Let the role get, create and patch leases.coordination.k8s.io there, or give the workflow a `concurrency` group.',
    },
  );

const wasDuring = (moment: Date, { from, until }: NonNullable<Turn['abandoned']>): boolean =>
  moment.getTime() >= from.getTime() - skew && moment.getTime() <= until.getTime() + skew;
