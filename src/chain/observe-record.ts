// What is seen of a host's record: the zones that could hold it, its record sets there, and ExternalDNS's log.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { recordNames } from '../externaldns/records.ts';
import { annotatedTargets } from '../externaldns/targets.ts';
import type { Seen } from '../verdict/seen.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { type ExternalDnsFound, podsOf } from './release.ts';
import type { HostedZone, RecordSet, ZoneReader } from './zone.ts';

export interface RecordWant {
  /** The record's name: a wildcard stays one. */
  readonly host: string;
  /** The Gateway's address (`Found.loadBalancer`); without it any target counts. */
  readonly loadBalancer?: string;
  readonly route: KubernetesObject;
  /** The route's Gateways that are known; ExternalDNS's filters look at them. */
  readonly gateways: readonly KubernetesObject[];
  /** Absent when ExternalDNS is not installed or could not be looked for. */
  readonly externalDns?: ExternalDnsFound;
  /** The account in which the action reads the zone. */
  readonly zoneAccount?: string;
  /** When this run wrote; older lines of ExternalDNS's log count for nothing. */
  readonly since: Date;
}

export interface RecordValue {
  /** Zones that could hold the host, longest name first, public and private. */
  readonly zones: readonly HostedZone[];
  /** The zone that has records of the host, or else the first; a private one only where there is no public one. */
  readonly zone?: HostedZone;
  /** A, AAAA and CNAME of the host. */
  readonly records: readonly RecordSet[];
  /** TXT record sets at the names where ExternalDNS keeps ownership. */
  readonly ownership: readonly RecordSet[];
  /** A wildcard record of the zone gives the host too, so that the name servers answer for it without a record of its own. */
  readonly covered?: true;
  /** A private zone that has records of the host; looked for only while the public one has none. */
  readonly twin?: HostedZone;
  /** ExternalDNS's log; read only while the record is not as wanted. */
  readonly log?: Seen<string>;
}

const addressTypes = ['A', 'AAAA', 'CNAME'];

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

export const targetOf = (record: RecordSet): string =>
  record.alias === undefined ? record.values.join(', ') : record.alias.target;

/** Where the record is to point: where the Gateway's annotation says, or else to its load balancer; none where neither is known. */
export const targetsOf = ({ gateways, externalDns, loadBalancer }: RecordWant): readonly string[] => {
  const annotated = externalDns === undefined ? [] : annotatedTargets(gateways, externalDns.settings);
  if (annotated.length > 0) return annotated;
  return loadBalancer === undefined ? [] : [loadBalancer];
};

export const pointsTo = (record: RecordSet, targets: readonly string[]): boolean => {
  const wanted = targets.map(plainName);
  const has = record.alias === undefined ? record.values : [record.alias.target];
  return wanted.length === 0 || has.some((value) => wanted.includes(plainName(value)));
};

/** The records that answer over IPv4: an AAAA alone does not make the host live, and its lack breaks nothing. */
export const answering = (records: readonly RecordSet[]): readonly RecordSet[] =>
  records.filter(({ type }) => type !== 'AAAA');

const logLines = 200;

const observeLog = async (
  reader: ClusterReader,
  externalDns: ExternalDnsFound,
  signal: AbortSignal,
): Promise<Seen<string>> => {
  const pods = await reader.list(kinds.pod, externalDns.namespace, signal);
  if (!('value' in pods)) return pods;
  const [pod] = podsOf(externalDns.deployment, pods.value);
  if (pod === undefined) return { at: pods.at, failed: `no pod of ${refOf(externalDns.deployment)} exists` };
  return reader.log(externalDns.namespace, pod.metadata.name, logLines, signal);
};

/** `*.b.example.com` and `*.example.com` over `a.b.example.com` in `example.com`. */
const wildcardsOver = (host: string, zone: string): readonly string[] => {
  const labels = host.split('.');
  return labels
    .map((_label, index) => `*.${labels.slice(index + 1).join('.')}`)
    .filter((name) => name !== host && (name === `*.${zone}` || name.endsWith(`.${zone}`)));
};

/** The records and their ownership in the zones that could hold the host, the longest name first; private ones only where no other could. */
export const observeRecordSets = async (
  zoneReader: ZoneReader,
  { host, externalDns }: Pick<RecordWant, 'host' | 'externalDns'>,
  signal: AbortSignal,
): Promise<Seen<RecordValue>> => {
  const zones = await zoneReader.zones(host, signal);
  if (!('value' in zones)) return zones;
  const names = recordNames(host, externalDns?.settings, externalDns?.version);
  const open = zones.value.filter((each) => !each.private);
  const hidden = zones.value.filter((each) => each.private);
  let at = zones.at;
  let value: RecordValue = { zones: zones.value, records: [], ownership: [] };
  for (const zone of open.length > 0 ? open : hidden) {
    const wild = wildcardsOver(host, zone.name);
    const seen = await zoneReader.records(zone.id, [names.host, ...names.ownership, ...wild], signal);
    if (!('value' in seen)) return seen;
    at = seen.at;
    const records = seen.value.filter(({ name, type }) => name === host && addressTypes.includes(type));
    const ownership = seen.value.filter(({ name, type }) => type === 'TXT' && names.ownership.includes(name));
    const covered = seen.value.some(({ name, type }) => wild.includes(name) && addressTypes.includes(type));
    if (value.zone === undefined || records.length > 0)
      value = { ...value, zone, records, ownership, ...(covered && { covered }) };
    if (records.length > 0) break;
  }
  return { at, value };
};

/** Reads the record sets; and, while they are amiss, ExternalDNS's log. */
export const observeRecord = async (
  zoneReader: ZoneReader,
  reader: ClusterReader,
  want: RecordWant,
  signal: AbortSignal,
): Promise<Seen<RecordValue>> => {
  const { externalDns } = want;
  const seen = await observeRecordSets(zoneReader, want, signal);
  if (!('value' in seen)) return seen;
  const { at, value } = seen;
  const asWanted = answering(value.records).some((record) => pointsTo(record, targetsOf(want)));
  if (asWanted || value.zone === undefined) return { at, value };
  const hidden = value.zones.filter((each) => each.private);
  const twin =
    value.records.length === 0 ? await observeTwin(zoneReader, want.host, hidden, signal) : undefined;
  const log = externalDns === undefined ? undefined : await observeLog(reader, externalDns, signal);
  return { at, value: { ...value, ...(twin && { twin }), ...(log && { log }) } };
};

/** The private zone that has the host's records; one that may not be read tells nothing. */
const observeTwin = async (
  zoneReader: ZoneReader,
  host: string,
  hidden: readonly HostedZone[],
  signal: AbortSignal,
): Promise<HostedZone | undefined> => {
  for (const zone of hidden) {
    const seen = await zoneReader.records(zone.id, [host], signal);
    if ('value' in seen && seen.value.some(({ type }) => addressTypes.includes(type))) return zone;
  }
  return undefined;
};
