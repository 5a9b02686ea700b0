// teardown: the routes of a closed pull request, the proof that its records are gone, then everything else.
import { route53ZoneReader } from '../aws/route53.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { type ClusterReader, kinds } from '../chain/cluster.ts';
import { observeRelease } from '../chain/release.ts';
import type { RecordSet, ZoneReader } from '../chain/zone.ts';
import { parseOwnership, recordNames } from '../externaldns/records.ts';
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
import type { SignedIn } from './sign-in.ts';
import { begin, withCluster } from './steps.ts';

/** @throws Problem for all expected trouble before the pull request is known; the signal's reason on abort. */
export async function teardown(run: Run): Promise<Outcome> {
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
  if (!(await recordsGone(run, reader, zonesOf(run, signedIn), [...hosts], deadline))) return 'failed';

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

function objectsLeft({ draft }: Run, what: string): Outcome {
  draft.findings([
    finding('error', 'preview/objects-left', `The ${what} did not go away in time.`, {
      hint: 'A finalizer may hold them back. Run the job again once it is gone: it goes on where this one ended.',
    }),
  ]);
  return 'failed';
}

const zonesOf = ({ clock, inputs }: Run, { aws, dns }: SignedIn): ZoneReader =>
  route53ZoneReader({
    aws,
    credentials: dns,
    clock,
    ...(inputs.hostedZoneId !== undefined && { hostedZoneId: inputs.hostedZoneId }),
  });

const pause = 1_000;

/**
 * Read-only: ExternalDNS removes them, and this proves it. Records of another owner at these names are none of ours.
 * Where the zone may not be read, that is said, and the rest is removed all the same.
 */
async function recordsGone(
  { clock, draft, runner, signal }: Run,
  reader: ClusterReader,
  zones: ZoneReader,
  hosts: readonly string[],
  deadline: number,
): Promise<boolean> {
  const seen = await observeRelease(reader, signal);
  const dns = 'value' in seen ? seen.value.controllers.externalDns : undefined;
  const never = dns?.settings.policy !== undefined && dns.settings.policy !== 'sync';
  for (const host of hosts) {
    const { ownership } = recordNames(host, dns?.settings, dns?.version);
    for (;;) {
      const left = await recordsOf(zones, host, ownership, signal);
      if (typeof left === 'string') {
        draft.findings([
          finding(
            'warning',
            'record/look-denied',
            `Whether the records of ${host} are gone is not known: ${left}.`,
            {
              hint: 'Give the role of `dns-role-to-assume` that permission.',
            },
          ),
        ]);
        break;
      }
      const ours = left.filter((record) => !isForeign(record, left, dns?.settings.txtOwnerId));
      if (ours.length === 0) {
        runner.info(`${host}: no record`);
        break;
      }
      if (never || clock.monotonic() > deadline) {
        draft.findings([
          finding(
            'error',
            'preview/records-left',
            `${ours.length} ${ours.length === 1 ? 'record' : 'records'} of ${host} still stand in Route 53.`,
            {
              hint: never
                ? `ExternalDNS runs with --policy=${dns?.settings.policy} and removes no records: use --policy=sync for the preview domain.`
                : 'See the log of ExternalDNS, then run the job again: the namespace is still there, so nothing is forgotten.',
              evidence: ours.map(({ name, type, values, alias }) => ({
                from: `${type} ${name}`,
                saw: alias?.target ?? values.join(', '),
              })),
            },
          ),
        ]);
        return false;
      }
      await clock.sleep(pause, signal);
    }
  }
  return true;
}

/** The records at the host and at the names of its ownership; a sentence's tail where they cannot be read. */
async function recordsOf(
  zones: ZoneReader,
  host: string,
  ownership: readonly string[],
  signal: AbortSignal,
): Promise<readonly RecordSet[] | string> {
  const known = await zones.zones(host, signal);
  if (!('value' in known)) return 'denied' in known ? `${known.denied} is missing` : known.failed;
  const found: RecordSet[] = [];
  for (const { id } of known.value) {
    const seen = await zones.records(id, [host, ...ownership], signal);
    if (!('value' in seen)) return 'denied' in seen ? `${seen.denied} is missing` : seen.failed;
    found.push(...seen.value.filter(({ type }) => ['A', 'AAAA', 'CNAME', 'TXT'].includes(type)));
  }
  return found;
}

/** Owned by another ExternalDNS by its own TXT, or an address beside such a TXT. */
function isForeign(record: RecordSet, all: readonly RecordSet[], owner: string | undefined): boolean {
  const owners = all.flatMap(({ type, values }) =>
    type === 'TXT' ? (parseOwnership(values)?.owner ?? []) : [],
  );
  return (
    owner !== undefined &&
    owners.length > 0 &&
    !owners.includes(owner) &&
    (record.type !== 'TXT' || parseOwnership(record.values) !== undefined)
  );
}
