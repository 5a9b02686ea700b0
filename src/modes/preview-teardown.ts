// teardown of a preview: the routes of a closed pull request, the proof that its records are gone, then everything else.
import type { KubernetesObject } from '../bundle/object.ts';
import { kinds } from '../chain/cluster.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { clusterReader, type KubeReader } from '../kube/reader.ts';
import { removeObject } from '../kube/remove.ts';
import { hostsOfNamespace, identityOf, isSame, previewLabel } from '../preview/identity.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { finding } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { gone } from './gone.ts';
import { removeRoutes, routesIn } from './preview-routes.ts';
import { type PreviewOf, previewOf, telling } from './pull-request.ts';
import type { Cluster } from './reach-cluster.ts';
import { type RecordsLeft, recordEvidence, recordsGone, zonesOf } from './records-gone.ts';
import type { SignedIn } from './sign-in.ts';
import { begin, withCluster } from './steps.ts';

/** @throws Problem for all expected trouble before the pull request is known; the signal's reason on abort. */
export async function teardownPreview(run: Run): Promise<Outcome> {
  const of = previewOf(run);
  if (of === undefined) return 'refused';
  const inside: Run = { ...run, inputs: { ...run.inputs, namespace: of.name } };
  return await telling(inside, of, () =>
    withCluster(inside, (signedIn, cluster) => remove(inside, of, signedIn, cluster)),
  );
}

async function remove(run: Run, of: PreviewOf, signedIn: SignedIn, cluster: Cluster): Promise<Outcome> {
  const { clock, inputs } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const reader = clusterReader(cluster.kube);

  begin(run, 'Remove the routes');
  const namespaces = await namespacesOf(run, reader, of);
  // Its own name as well: a namespace that somebody deleted by hand may have left its record.
  const hosts = new Set([of.host, ...namespaces.flatMap(hostsOfNamespace)]);
  for (const { metadata } of namespaces) {
    const routes = await routesIn(run, cluster, metadata.name);
    for (const host of routes.flatMap(({ object }) => hostnamesOf(object))) hosts.add(host);
    await removeRoutes(run, cluster, routes);
    const doomed = routes.map(({ kind, object }) => ({
      kind,
      namespace: metadata.name,
      name: object.metadata.name,
    }));
    if (!(await gone(run, reader, doomed, deadline))) return objectsLeft(run, `routes in ${metadata.name}`);
  }

  begin(run, 'Wait until the records are gone');
  const records = await recordsGone(run, reader, zonesOf(run, signedIn), [...hosts], deadline);
  if (records.left.length > 0) return recordsLeft(run, records);

  begin(run, 'Remove the namespace');
  for (const { metadata } of namespaces) {
    await removeObject(cluster.kube, kinds.namespace, undefined, metadata.name, run.signal);
    run.draft.objects([{ ref: `Namespace ${metadata.name}`, result: 'pruned' }]);
  }
  const doomed = namespaces.map(({ metadata }) => ({
    kind: kinds.namespace,
    namespace: undefined,
    name: metadata.name,
  }));
  if (!(await gone(run, reader, doomed, deadline)))
    return objectsLeft(run, `namespace ${doomed.map(({ name }) => name).join(', ')}`);
  return 'removed';
}

/**
 * Every namespace of the pull request, by what it says of itself: branches are renamed, templates change.
 * @throws Problem `cluster/forbidden`, `look/failed`.
 */
async function namespacesOf(
  { signal, runner }: Run,
  reader: KubeReader,
  { pull, repository }: PreviewOf,
): Promise<readonly KubernetesObject[]> {
  const selection = { labelSelector: `${previewLabel}=${pull.number}` };
  const seen = await reader.select(kinds.namespace, undefined, selection, signal);
  if ('denied' in seen) {
    throw new Problem('cluster/forbidden', `The role may not ${seen.denied}: previews cannot be found.`, {
      hint: 'Give the role that permission.',
    });
  }
  if (!('value' in seen))
    throw new Problem('look/failed', `The namespaces could not be read: ${seen.failed}.`);
  const found = seen.value.filter((namespace) => {
    const owner = identityOf(namespace);
    return owner !== undefined && isSame(owner, { repository, number: pull.number });
  });
  for (const { metadata } of found) runner.info(`Namespace ${metadata.name}`);
  if (found.length === 0) runner.info('There is no namespace of this preview (any more).');
  return found;
}

function recordsLeft({ draft }: Run, { left, never }: RecordsLeft): Outcome {
  draft.findings(
    left.map(({ host, records }) =>
      finding(
        'error',
        'preview/records-left',
        `${records.length} ${records.length === 1 ? 'record' : 'records'} of ${host} still stand in Route 53.`,
        {
          hint:
            never === undefined
              ? 'See the log of ExternalDNS, then run the job again: the namespace is still there, so nothing is forgotten.'
              : `They will not go by themselves: ${never}. Use --policy=sync for the preview domain.`,
          evidence: recordEvidence(records),
        },
      ),
    ),
  );
  return 'failed';
}

function objectsLeft({ draft }: Run, what: string): Outcome {
  draft.findings([
    finding('error', 'preview/objects-left', `The ${what} did not go away in time.`, {
      hint: 'A finalizer may hold them back. Run the job again once it is gone: it goes on where this one ended.',
    }),
  ]);
  return 'failed';
}
