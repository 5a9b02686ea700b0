// Waits until ExternalDNS has removed the records of hosts that nobody publishes any more: read-only, the proof alone.
import { number } from '../../bundle/field.ts';
import { refOf } from '../../bundle/object.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import { type ExternalDnsFound, observeRelease } from '../../chain/release.ts';
import type { RecordSet, ZoneReader } from '../../chain/zone.ts';
import { parseOwnership, recordNames } from '../../externaldns/records.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';

export interface HostRecords {
  readonly host: string;
  readonly records: readonly RecordSet[];
}

export interface RecordsLeft {
  readonly left: readonly HostRecords[];
  /** Why ExternalDNS will not remove them, however long one waits; absent where it only took too long. */
  readonly never?: string;
  /** Why ExternalDNS cannot remove them now, though it would: then nobody waited. */
  readonly stopped?: string;
}

const pause = 1_000;
const types = ['A', 'AAAA', 'CNAME', 'TXT'];

/** Why no record will go by itself. */
const neverOf = (dns: ExternalDnsFound | undefined): string | undefined => {
  if (dns === undefined) return 'there is no ExternalDNS in the cluster';
  const { policy, dryRun } = dns.settings;
  if (dryRun) return 'ExternalDNS runs with --dry-run';
  return policy === undefined || policy === 'sync'
    ? undefined
    : `ExternalDNS runs with --policy=${policy} and removes no records`;
};

/** Nobody is at work; whoever scales it up again has the records removed. */
const stoppedOf = (dns: ExternalDnsFound | undefined): string | undefined =>
  dns !== undefined && number(dns.deployment, 'spec', 'replicas') === 0
    ? `ExternalDNS (${refOf(dns.deployment)}) is scaled to zero`
    : undefined;

/**
 * Waits for all hosts together, so that they share what is read. Records of another owner at these names are none of
 * ours. Where the zone may not be read, that is said, and the hosts count as clean.
 * @param deadline monotonic milliseconds
 */
export async function recordsGone(
  { clock, draft, runner, signal }: Run,
  reader: ClusterReader,
  zones: ZoneReader,
  hosts: readonly string[],
  deadline: number,
): Promise<RecordsLeft> {
  const seen = await observeRelease(reader, signal);
  const dns = 'value' in seen ? seen.value.controllers.externalDns : undefined;
  const never = 'value' in seen ? neverOf(dns) : undefined;
  const stopped = never === undefined ? stoppedOf(dns) : undefined;
  let waiting = [...new Set(hosts)];
  for (;;) {
    const left: HostRecords[] = [];
    for (const [host, records] of await recordsOf(zones, waiting, dns, signal)) {
      if (typeof records === 'string') draft.findings([notKnown(host, records)]);
      else if (records.length === 0) runner.info(`${host}: no record`);
      else left.push({ host, records });
    }
    waiting = left.map(({ host }) => host);
    const helpless = never !== undefined || stopped !== undefined;
    if (left.length === 0 || helpless || clock.monotonic() > deadline)
      return { left, ...(never !== undefined && { never }), ...(stopped !== undefined && { stopped }) };
    await clock.sleep(pause, signal);
  }
}

const notKnown = (host: string, why: string): Finding =>
  finding('warning', 'record/look-denied', `Whether the records of ${host} are gone is not known: ${why}.`, {
    hint: 'Give the role of `dns-role-to-assume` that permission.',
  });

/** Each record with what it says, its owner among it: evidence for a finding. */
export const recordEvidence = (records: readonly RecordSet[]) =>
  records.map(({ name, type, values, alias }) => ({
    from: `${type} ${name}`,
    saw: alias?.target ?? values.join(', '),
  }));

type Records = readonly RecordSet[] | string;

/** Ours at each host and at the names of its ownership; a sentence's tail where they cannot be read. */
async function recordsOf(
  zones: ZoneReader,
  hosts: readonly string[],
  dns: ExternalDnsFound | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Records>> {
  const namesOf = (host: string): readonly string[] => [
    host,
    ...recordNames(host, dns?.settings, dns?.version).ownership,
  ];
  const all = hosts.flatMap(namesOf);
  const found = new Map<string, Records>();
  for (const host of hosts) {
    const known = await zones.zones(host, signal);
    if (!('value' in known)) {
      found.set(host, 'denied' in known ? `${known.denied} is missing` : known.failed);
      continue;
    }
    let records: Records = [];
    for (const { id } of known.value.filter(({ private: hidden }) => !hidden)) {
      // The names of all hosts at once: the reader gives them from one look at the zone.
      const seen = await zones.records(id, all, signal);
      if (!('value' in seen)) {
        records = 'denied' in seen ? `${seen.denied} is missing` : seen.failed;
        break;
      }
      const names = namesOf(host);
      const here = seen.value.filter(({ name, type }) => types.includes(type) && names.includes(name));
      records = [...records, ...here.filter((record) => !isForeign(record, here, dns?.settings.txtOwnerId))];
    }
    found.set(host, records);
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
