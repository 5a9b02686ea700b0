// Lists the records below the preview domain whose routes are gone: this action never writes to a zone.
import { kinds } from '../../chain/cluster.ts';
import { observeRelease } from '../../chain/release.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import { hostnamesOf } from '../../gateway/shapes.ts';
import type { KubeReader } from '../../kube/reader.ts';
import { type DomainReader, type Orphan, orphansOf } from '../../preview/orphans.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';

/** Milliseconds: ExternalDNS comes by once a minute, and what it still removes is nobody's trouble. */
const patience = 90_000;
const pause = 5_000;

/** @param until monotonic milliseconds */
export async function listOrphans(
  run: Run,
  reader: KubeReader,
  zones: ZoneReader & DomainReader,
  until: number,
): Promise<void> {
  const { clock, draft, inputs, runner, signal } = run;
  const deadline = Math.min(until, clock.monotonic() + patience);
  for (;;) {
    const found = await look(run, reader, zones);
    if (typeof found === 'string') {
      draft.findings([
        finding(
          'warning',
          'look/denied',
          `Whether records are left below ${inputs.preview.domain} is not known: ${found}.`,
          {
            hint: 'Give the roles of the run that permission.',
          },
        ),
      ]);
      return;
    }
    if (found.length === 0) {
      runner.info(`Every record of this cluster below ${inputs.preview.domain} has its route.`);
      return;
    }
    if (clock.monotonic() + pause > deadline) {
      draft.findings(found.map(findingOfOrphan));
      return;
    }
    runner.info(`… ${found.length} records without a route: waiting for ExternalDNS`);
    await clock.sleep(pause, signal);
  }
}

const findingOfOrphan = ({ ownership, resource, addresses }: Orphan) =>
  finding(
    'warning',
    'preview/orphan-record',
    `${addresses[0]?.name ?? ownership.name} was written for ${resource}, which is gone or has another hostname.`,
    {
      hint: 'ExternalDNS removes it where it runs with --policy=sync, this owner and this domain; otherwise remove the records by hand.',
      evidence: [ownership, ...addresses].map(({ type, name, values, alias }) => ({
        from: `${type} ${name}`,
        saw: alias?.target ?? values.join(', '),
      })),
    },
  );

/** The orphans, or the tail of a sentence that says why they are not known. */
async function look(
  { inputs, signal }: Run,
  reader: KubeReader,
  zones: ZoneReader & DomainReader,
): Promise<readonly Orphan[] | string> {
  const { domain } = inputs.preview;
  const release = await observeRelease(reader, signal);
  if (!('value' in release)) return 'denied' in release ? `${release.denied} is missing` : release.failed;
  const { externalDns } = release.value.controllers;
  if (externalDns === undefined) return 'ExternalDNS was not found in the cluster';
  if (externalDns.settings.registry !== 'txt')
    return 'ExternalDNS keeps its ownership elsewhere than in TXT records';
  const hosts: string[] = [];
  for (const kind of [kinds.httpRoute, kinds.grpcRoute]) {
    const routes = await reader.list(kind, undefined, signal);
    if (!('value' in routes)) return 'denied' in routes ? `${routes.denied} is missing` : routes.failed;
    hosts.push(...routes.value.flatMap(hostnamesOf));
  }
  const known = await zones.zones(`any.${domain}`, signal);
  if (!('value' in known)) return 'denied' in known ? `${known.denied} is missing` : known.failed;
  const found: Orphan[] = [];
  for (const { id } of known.value.filter((zone) => !zone.private)) {
    const records = await zones.below(id, domain, signal);
    if (!('value' in records)) return 'denied' in records ? `${records.denied} is missing` : records.failed;
    found.push(...orphansOf(records.value, hosts, externalDns));
  }
  return found;
}
