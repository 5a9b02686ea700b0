// Removes previews: their routes, the proof that the records are gone, then everything else. One that is stuck holds up no other.
import { kinds } from '../../chain/cluster.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import { hostnamesOf } from '../../gateway/shapes.ts';
import { clusterReader } from '../../kube/reader.ts';
import { removeObject } from '../../kube/remove.ts';
import type { Standing } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { begin } from '../phase.ts';
import { gone } from '../teardown/gone.ts';
import { type RecordsLeft, recordEvidence, recordsGone } from '../teardown/records-gone.ts';
import { type LiveRoute, removeRoutes, routesOf } from './routes.ts';
import { forgetTurn } from './turn.ts';

export interface Removing {
  readonly cluster: Cluster;
  readonly zones: ZoneReader;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

/** A preview on its way out, with every host that its routes had. */
interface Leaving {
  readonly preview: Standing;
  readonly routes: readonly LiveRoute[];
  readonly hosts: readonly string[];
}

/**
 * @returns those that are gone to the last record and object; what is left of the others is among the findings
 * @throws Problem `cluster/forbidden`, `look/failed`, `apply/failed`.
 */
export async function removePreviews(
  run: Run,
  removing: Removing,
  previews: readonly Standing[],
): Promise<readonly Standing[]> {
  const { cluster, zones, deadline } = removing;
  const reader = clusterReader(cluster.kube);
  begin(run, 'Remove the routes');
  const leaving: Leaving[] = [];
  for (const preview of previews) leaving.push(await withoutRoutes(run, cluster, preview));

  begin(run, 'Wait until the records are gone');
  const routed: Leaving[] = [];
  for (const each of leaving) {
    const { preview, routes } = each;
    const doomed = routes.map(({ kind, object }) => ({
      kind,
      namespace: preview.namespace,
      name: object.metadata.name,
    }));
    if (await gone(run, reader, doomed, deadline)) routed.push(each);
    else objectsLeft(run, `routes of ${preview.name}`);
  }
  const hosts = routed.flatMap((each) => each.hosts);
  const records = await recordsGone(run, reader, zones, hosts, deadline);
  tellRecords(run, records);
  const named = new Set(records.left.map(({ host }) => host));
  const unnamed = routed
    .filter((each) => !each.hosts.some((host) => named.has(host)))
    .map(({ preview }) => preview);

  for (const preview of unnamed.filter(({ own }) => !own)) await forgetTurn(run, cluster, preview);
  begin(run, 'Remove the namespaces');
  const owners = unnamed.filter(({ own }) => own);
  for (const { namespace } of owners) {
    await removeObject(cluster.kube, kinds.namespace, undefined, namespace, run.signal);
    run.draft.objects([{ ref: `Namespace ${namespace}`, result: 'pruned' }]);
  }
  const left = new Set<Standing>();
  for (const preview of owners) {
    const doomed = { kind: kinds.namespace, namespace: undefined, name: preview.namespace };
    if (await gone(run, reader, [doomed], deadline)) continue;
    left.add(preview);
    objectsLeft(run, `namespace ${preview.namespace}`);
  }
  return unnamed.filter((preview) => !left.has(preview));
}

async function withoutRoutes(run: Run, cluster: Cluster, preview: Standing): Promise<Leaving> {
  const routes = await routesOf(run, cluster, preview);
  await removeRoutes(run, cluster, routes);
  const hosts = new Set([...preview.hosts, ...routes.flatMap(({ object }) => hostnamesOf(object))]);
  return { preview, routes, hosts: [...hosts] };
}

function objectsLeft({ draft }: Run, what: string): void {
  draft.findings([
    finding('error', 'preview/objects-left', `The ${what} did not go away in time.`, {
      hint: 'A finalizer may hold them back. Run the job again once it is gone: it goes on where this one ended.',
    }),
  ]);
}

/** What still stands, and whether waiting longer would help. */
export function tellRecords({ draft }: Run, { left, never, stopped }: RecordsLeft): void {
  const look = stopped === undefined ? 'See the log of ExternalDNS' : `${stopped}: scale it up`;
  draft.findings(
    left.map(({ host, records }) =>
      finding(
        'error',
        'preview/records-left',
        `${records.length} ${records.length === 1 ? 'record' : 'records'} of ${host} still stand in Route 53.`,
        {
          hint:
            never === undefined
              ? `${look}, then run the job again: the namespace is still there, so nothing is forgotten.`
              : `They will not go by themselves: ${never}. Use --policy=sync for the preview domain.`,
          evidence: recordEvidence(records),
        },
      ),
    ),
  );
}
