// What has to be asked of the cluster before a preview may be applied.
import { textMap } from '../../bundle/field.ts';
import { refOf, type Sourced } from '../../bundle/object.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import { observeRelease } from '../../chain/release.ts';
import { recordNames } from '../../externaldns/records.ts';
import { identityOf, isSame, sayIdentity } from '../../preview/identity.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { gone } from '../teardown/gone.ts';
import type { PreviewOf } from './pull-request.ts';

/** Kinds that the API server keeps without a namespace, whatever `allowed-kinds` says. */
export async function clusterScoped(
  { signal }: Run,
  { discovery }: Cluster,
  objects: readonly Sourced[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { object, source } of objects) {
    const found = await discovery.find(object.apiVersion, object.kind, signal);
    if (found?.namespaced !== false) continue;
    const ref = refOf(object);
    findings.push(
      finding(
        'error',
        'preview/cluster-scoped',
        `${ref}: this kind is of the whole cluster, not of a preview.`,
        {
          source,
          ref,
          hint: 'Take its kind out of `allowed-kinds`.',
        },
      ),
    );
  }
  return findings;
}

/**
 * Annotations that the ExternalDNS of this cluster obeys, whatever prefix it was given (`--annotation-prefix`, from 0.20);
 * those of its usual prefixes are refused without a look (preview/policy.ts).
 */
export async function dnsAnnotations(
  { signal }: Run,
  reader: ClusterReader,
  objects: readonly Sourced[],
): Promise<readonly Finding[]> {
  const seen = await observeRelease(reader, signal);
  const prefix = 'value' in seen ? seen.value.controllers.externalDns?.settings.annotationPrefix : undefined;
  if (prefix === undefined || /(^|[.-])external-?dns[./]/i.test(prefix)) return [];
  return objects.flatMap(({ object, source }) =>
    Object.entries(textMap(object, 'metadata', 'annotations'))
      .filter(([key]) => key.startsWith(prefix))
      // Naming another controller makes it leave the object alone.
      .filter(([key, value]) => key !== `${prefix}controller` || value === 'dns-controller')
      .map(([key]) => {
        const ref = refOf(object);
        const message = `${ref}: the annotation ${key} tells ExternalDNS which records to write; it runs with --annotation-prefix=${prefix}.`;
        const hint = 'Remove it: the names of a preview are made by the action.';
        return finding('error', 'preview/dns-annotation', message, { source, ref, hint });
      }),
  );
}

/**
 * With the affixes and the version of the ExternalDNS that runs here.
 * @throws Problem `preview/name-too-long` where the name of an ownership record would pass 63 characters.
 */
export async function refuseLongNames(
  { inputs, signal }: Run,
  reader: ClusterReader,
  hosts: readonly string[],
): Promise<void> {
  const seen = await observeRelease(reader, signal);
  const dns = 'value' in seen ? seen.value.controllers.externalDns : undefined;
  if (dns === undefined || dns.settings.registry !== 'txt') return;
  const excess = hosts.flatMap((host) =>
    recordNames(host, dns.settings, dns.version).ownership.map((name) => ({
      host,
      over: (name.split('.')[0] ?? '').length - 63,
    })),
  );
  const worst = excess.toSorted((one, other) => other.over - one.over)[0];
  if (worst === undefined || worst.over <= 0) return;
  throw new Problem(
    'preview/name-too-long',
    `${worst.host} leaves no room for the ownership record that ExternalDNS keeps beside it: it would never be removed.`,
    {
      hint: `Set \`preview-name-length: ${inputs.preview.longestName - worst.over}\`, or shorten \`preview-name\`.`,
      evidence: [
        {
          from: refOf(dns.deployment),
          saw: `--txt-prefix=${dns.settings.txtPrefix} --txt-suffix=${dns.settings.txtSuffix}`,
        },
      ],
    },
  );
}

/**
 * The namespace is free, or this pull request's already; one that is going away is waited for.
 * @param deadline monotonic milliseconds
 * @throws Problem `preview/name-taken`, `preview/objects-left`.
 */
export async function claimNamespace(
  run: Run,
  reader: ClusterReader,
  { name, pull, repository }: PreviewOf,
  deadline: number,
): Promise<void> {
  const seen = await reader.get(kinds.namespace, undefined, name, run.signal);
  // Who may not read namespaces cannot tell whose this one is.
  if ('denied' in seen) {
    throw new Problem(
      'cluster/forbidden',
      `The role may not ${seen.denied}: nobody can tell whose ${name} is.`,
      {
        hint: `Give the role that permission.`,
      },
    );
  }
  if (!('value' in seen))
    throw new Problem('look/failed', `Namespace ${name} could not be read: ${seen.failed}.`);
  if (seen.value === undefined) return;
  const mine = { repository, number: pull.number };
  const owner = identityOf(seen.value);
  if (owner === undefined || !isSame(owner, mine)) {
    const whose =
      owner === undefined ? 'was not made by this action' : `is the preview of ${sayIdentity(owner)}`;
    throw new Problem(
      'preview/name-taken',
      `Namespace ${name} ${whose}; ${sayIdentity(mine)} would have the same name.`,
      { hint: 'Change `preview-name` in one of the two, so that the names differ.' },
    );
  }
  if (seen.value.metadata['deletionTimestamp'] === undefined) return;
  run.runner.info(`Namespace ${name} is being removed: waiting until it is gone`);
  if (await gone(run, reader, [{ kind: kinds.namespace, namespace: undefined, name }], deadline)) return;
  throw new Problem('preview/objects-left', `Namespace ${name} has not gone away in time.`, {
    hint: 'See its conditions: kubectl describe namespace.',
  });
}

/**
 * The namespace of the Services is there, and no route in it that this preview would write is another's.
 * @throws Problem `preview/name-taken`, `preview/no-services`, `cluster/forbidden`, `look/failed`.
 */
export async function claimRoutes(
  { signal }: Run,
  reader: ClusterReader,
  { pull, repository, name }: PreviewOf,
  namespace: string,
  routes: readonly Sourced[],
): Promise<void> {
  const home = await reader.get(kinds.namespace, undefined, namespace, signal);
  if ('value' in home && home.value === undefined) {
    throw new Problem(
      'preview/no-services',
      `Namespace ${namespace} does not exist: there are no Services to send to.`,
      {
        hint: 'Correct `preview-services`, or deploy the Services first.',
      },
    );
  }
  const mine = { repository, number: pull.number };
  for (const { object } of routes) {
    const kind = object.kind === 'GRPCRoute' ? kinds.grpcRoute : kinds.httpRoute;
    const seen = await reader.get(kind, namespace, object.metadata.name, signal);
    if ('denied' in seen)
      throw new Problem('cluster/forbidden', `The role may not ${seen.denied}.`, {
        hint: 'Give the role that permission.',
      });
    if (!('value' in seen))
      throw new Problem('look/failed', `${refOf(object)} could not be read: ${seen.failed}.`);
    if (seen.value === undefined) continue;
    const owner = identityOf(seen.value);
    if (owner !== undefined && isSame(owner, mine)) continue;
    const whose =
      owner === undefined ? 'was not made by this action' : `is of the preview of ${sayIdentity(owner)}`;
    throw new Problem(
      'preview/name-taken',
      `${refOf(object)} ${whose}; ${sayIdentity(mine)} (${name}) would have the same.`,
      {
        hint: 'Change `preview-name` in one of the two, so that the names differ.',
      },
    );
  }
}
