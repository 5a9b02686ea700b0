// Waits until ExternalDNS has removed the records of hosts that nobody publishes any more: read-only, the proof alone.
import { route53ZoneReader } from '../aws/route53.ts';
import type { ClusterReader } from '../chain/cluster.ts';
import { type ExternalDnsFound, observeRelease } from '../chain/release.ts';
import type { RecordSet, ZoneReader } from '../chain/zone.ts';
import { parseOwnership, recordNames } from '../externaldns/records.ts';
import type { Run } from '../run.ts';
import { finding } from '../verdict/finding.ts';
import type { SignedIn } from './sign-in.ts';

export interface HostRecords {
  readonly host: string;
  readonly records: readonly RecordSet[];
}

export interface RecordsLeft {
  readonly left: readonly HostRecords[];
  /** Why ExternalDNS will not remove them, however long one waits; absent where it only took too long. */
  readonly never?: string;
}

const pause = 1_000;

export const zonesOf = ({ clock, inputs }: Run, { aws, dns }: SignedIn): ZoneReader =>
  route53ZoneReader({
    aws,
    credentials: dns,
    clock,
    ...(inputs.hostedZoneId !== undefined && { hostedZoneId: inputs.hostedZoneId }),
  });

/** Why no record will go by itself. */
const neverOf = (dns: ExternalDnsFound | undefined): string | undefined => {
  if (dns === undefined) return 'there is no ExternalDNS in the cluster';
  const { policy, dryRun } = dns.settings;
  if (dryRun) return 'ExternalDNS runs with --dry-run';
  return policy === undefined || policy === 'sync'
    ? undefined
    : `ExternalDNS runs with --policy=${policy} and removes no records`;
};

/**
 * Records of another owner at these names are none of ours. Where the zone may not be read, that is said, and the hosts
 * count as clean.
 * @param deadline monotonic milliseconds
 */
export async function recordsGone(
  run: Run,
  reader: ClusterReader,
  zones: ZoneReader,
  hosts: readonly string[],
  deadline: number,
): Promise<RecordsLeft> {
  const { clock, draft, runner, signal } = run;
  const seen = await observeRelease(reader, signal);
  const dns = 'value' in seen ? seen.value.controllers.externalDns : undefined;
  const never = 'value' in seen ? neverOf(dns) : undefined;
  const left: HostRecords[] = [];
  for (const host of hosts) {
    const { ownership } = recordNames(host, dns?.settings, dns?.version);
    for (;;) {
      const found = await recordsOf(zones, host, ownership, signal);
      if (typeof found === 'string') {
        const message = `Whether the records of ${host} are gone is not known: ${found}.`;
        const hint = 'Give the role of `dns-role-to-assume` that permission.';
        draft.findings([finding('warning', 'record/look-denied', message, { hint })]);
        break;
      }
      const ours = found.filter((record) => !isForeign(record, found, dns?.settings.txtOwnerId));
      if (ours.length === 0) {
        runner.info(`${host}: no record`);
        break;
      }
      if (never !== undefined || clock.monotonic() > deadline) {
        left.push({ host, records: ours });
        break;
      }
      await clock.sleep(pause, signal);
    }
  }
  return { left, ...(never !== undefined && { never }) };
}

/** Each record with what it says, its owner among it: evidence for a finding. */
export const recordEvidence = (records: readonly RecordSet[]) =>
  records.map(({ name, type, values, alias }) => ({
    from: `${type} ${name}`,
    saw: alias?.target ?? values.join(', '),
  }));

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
  for (const { id } of known.value.filter(({ private: hidden }) => !hidden)) {
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
