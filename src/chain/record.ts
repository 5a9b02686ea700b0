// The link `record`: Route 53 has the host's record, it points to the Gateway's load balancer, and ExternalDNS owns it.
import { refOf } from '../bundle/object.ts';
import { excludedBy } from '../externaldns/excludes.ts';
import { complaintIn, type LogComplaint } from '../externaldns/log.ts';
import { type Ownership, parseOwnership, recordNames } from '../externaldns/records.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, type NotOk, ok, unknown, type Verdict, waiting } from '../verdict/verdict.ts';
import type { Found } from './link.ts';
import { judgeNotSeen } from './look.ts';
import {
  answering,
  pointsTo,
  type RecordValue,
  type RecordWant,
  targetOf,
  targetsOf,
} from './observe-record.ts';
import type { HostedZone } from './zone.ts';

export { observeRecord, observeRecordSets, type RecordValue, type RecordWant } from './observe-record.ts';

const sayZone = ({ name, id, private: hidden }: HostedZone, account?: string): string =>
  `${hidden ? 'private ' : ''}hosted zone ${name} (${id}${account === undefined ? '' : `, account ${account}`})`;

const recordEvidence = (value: RecordValue): readonly Evidence[] => {
  const zone = value.zone?.name ?? '';
  return [
    ...value.records.map((record) => ({
      from: `zone ${zone} ${record.type} ${record.name}`,
      saw: `${record.alias === undefined ? '' : 'alias to '}${targetOf(record)}`,
    })),
    ...value.ownership.map((record) => ({
      from: `zone ${zone} TXT ${record.name}`,
      saw: record.values.join(', '),
    })),
  ];
};

/** Everything a verdict about the record may want to name. */
interface Case {
  readonly want: RecordWant;
  readonly value: RecordValue;
  readonly zone: HostedZone;
  readonly evidence: readonly Evidence[];
}

const sayLogUnread = (log: RecordValue['log']): string => {
  if (log === undefined || 'value' in log) return '';
  return 'denied' in log
    ? `ExternalDNS's log could not be read: the permission ${log.denied} is missing.`
    : `ExternalDNS's log could not be read: ${log.failed}.`;
};

const judgeDenied = (of: Case, complaint: Extract<LogComplaint, { kind: 'denied' }>, from: string): NotOk => {
  const { want, zone } = of;
  const who = complaint.identity === undefined ? 'ExternalDNS' : `ExternalDNS (${complaint.identity})`;
  const what =
    complaint.action === undefined ? 'has no AWS credentials that work' : `may not call ${complaint.action}`;
  return broken('record/external-dns-denied', {
    message: `${who} ${what}; the ${sayZone(zone, want.zoneAccount)} has no record of ${want.host} from it.`,
    evidence: [{ from, saw: complaint.line }, ...of.evidence],
    hint: `Its pod identity association must lead to a role that may change the zone${want.zoneAccount === undefined ? '' : ` in account ${want.zoneAccount}`}: check the target role's trust policy (principal, sts:TagSession, the session tags it demands) and its Route 53 permissions. After a change restart ExternalDNS: the association is read when a pod starts.`,
  });
};

const judgeNoZone = (
  of: Case,
  complaint: Extract<LogComplaint, { kind: 'no-zone' }>,
  from: string,
): NotOk => {
  const { want, zone } = of;
  const sees = complaint.zones.length === 0 ? 'no hosted zone' : `only ${complaint.zones.join(', ')}`;
  return broken('record/external-dns-no-zone', {
    message: `ExternalDNS sees ${sees}; ${want.host} belongs into the ${sayZone(zone, want.zoneAccount)}.`,
    evidence: [{ from, saw: complaint.line }, ...of.evidence],
    hint: `It works in an account without this zone, or filters it away: its pod identity association needs a target role${want.zoneAccount === undefined ? '' : ` in account ${want.zoneAccount}`} that may list and change the zone.`,
  });
};

/** The cause by ExternalDNS's own settings or words, if there is one. */
const judgeExternalDns = (of: Case): NotOk | undefined => {
  const { want, value, zone } = of;
  const { externalDns, host, route, gateways } = want;
  if (externalDns === undefined) return undefined;
  const excluded = excludedBy(externalDns.settings, { host, route, gateways, zone });
  if (excluded !== undefined)
    return broken('record/external-dns-excludes', {
      message: `No record of ${host} will be written: ${excluded}.`,
      evidence: of.evidence,
      hint: `Change the setting of ${refOf(externalDns.deployment)} (the chart's values), or the host.`,
    });
  if (value.log === undefined || !('value' in value.log)) return undefined;
  const complaint = complaintIn(value.log.value, host, want.since);
  const from = `log of ${refOf(externalDns.deployment)}`;
  if (complaint?.kind === 'denied') return judgeDenied(of, complaint, from);
  if (complaint?.kind === 'no-zone') return judgeNoZone(of, complaint, from);
  if (complaint === undefined) return undefined;
  return waiting(value.records.length === 0 ? 'record/missing' : 'record/other-target', {
    message: `ExternalDNS fails: its last run ended with an error, and ${host} has no right record in the ${sayZone(zone)}.`,
    evidence: [{ from, saw: complaint.line }, ...of.evidence],
  });
};

/** The ownership record's first label may be longer than DNS allows; then there will be none. */
const judgeLabel = ({ want, zone, evidence }: Case): NotOk | undefined => {
  const settings = want.externalDns?.settings;
  if (settings === undefined || settings.registry !== 'txt') return undefined;
  const [name = ''] = recordNames(want.host, settings, want.externalDns?.version).ownership;
  const [label = ''] = name.split('.');
  if (label.length <= 63) return undefined;
  return broken('record/label-too-long', {
    message: `ExternalDNS cannot keep ${want.host} in the ${sayZone(zone)}: the first label of its ownership record, ${label}, has ${label.length} characters, and DNS allows 63.`,
    evidence: [{ from: 'ownership TXT', saw: name }, ...evidence],
    hint: `Shorten the first label by ${label.length - 63} or more.`,
  });
};

const judgeMissing = (of: Case): Verdict => {
  const { want, value, zone } = of;
  const told = judgeExternalDns(of);
  if (told !== undefined) return told;
  const long = judgeLabel(of);
  if (long !== undefined) return long;
  const orphans = value.ownership.length > 0 ? ' An ownership TXT without its record stands there.' : '';
  const twin = value.twin === undefined ? '' : ` Only its private twin (${value.twin.id}) has one.`;
  return waiting('record/missing', {
    message: `The ${sayZone(zone, want.zoneAccount)} has no record of ${want.host} yet.${orphans}${twin}`,
    evidence: of.evidence,
    hint: [
      want.externalDns === undefined
        ? 'ExternalDNS was not found in the cluster; nothing else is known to write the record.'
        : 'ExternalDNS runs once a minute by default, within seconds with --events.',
      sayLogUnread(value.log),
    ]
      .filter((each) => each !== '')
      .join(' '),
  });
};

interface Owned {
  readonly ownership: Ownership;
  readonly name: string;
}

const ownersOf = (value: RecordValue): readonly Owned[] =>
  value.ownership.flatMap(({ name, values }) => {
    const ownership = parseOwnership(values);
    return ownership === undefined ? [] : [{ ownership, name }];
  });

/** Who owns the record: judged only where a registry of TXT records is known to be used. */
const judgeOwner = (of: Case): NotOk | undefined => {
  const { want, value, zone } = of;
  const settings = want.externalDns?.settings;
  if (settings === undefined || settings.registry !== 'txt' || settings.txtEncrypted) return undefined;
  const owners = ownersOf(value);
  if (owners.some(({ ownership }) => ownership.owner === settings.txtOwnerId)) return undefined;
  const [other] = owners;
  const long = other === undefined ? judgeLabel(of) : undefined;
  if (long !== undefined) return long;
  const resource = other?.ownership.resource === undefined ? '' : ` for ${other.ownership.resource}`;
  if (other !== undefined)
    return broken('record/owned-by-another', {
      message: `The record of ${want.host} in the ${sayZone(zone, want.zoneAccount)} belongs to the owner "${other.ownership.owner}"${resource}; this cluster's ExternalDNS is "${settings.txtOwnerId}" and leaves it alone.`,
      evidence: of.evidence,
      hint: `Give the host up there first, or, if "${other.ownership.owner}" is gone, delete the record and ${other.name} (TXT); then ExternalDNS writes it anew.`,
    });
  return broken('record/unowned', {
    message: `The record of ${want.host} in the ${sayZone(zone, want.zoneAccount)} has no ownership TXT, so ExternalDNS neither changes nor removes it.`,
    evidence: of.evidence,
    hint: `Somebody made it by hand or by Terraform: delete it and let ExternalDNS write it, or add a TXT record ${recordNames(want.host, settings, want.externalDns?.version).ownership[0] ?? ''} with the value "heritage=external-dns,external-dns/owner=${settings.txtOwnerId}".`,
  });
};

const judgeOtherTarget = (of: Case): Verdict => {
  const { want, value, zone } = of;
  const targets = answering(value.records).map(targetOf).join(', ');
  const owner = judgeOwner(of);
  if (owner !== undefined) return owner;
  const message = `The record of ${want.host} in the ${sayZone(zone, want.zoneAccount)} points to ${targets}, not to ${targetsOf(want).join(', ')}.`;
  if (want.externalDns === undefined)
    return broken('record/other-target', {
      message,
      evidence: of.evidence,
      hint: 'ExternalDNS was not found in the cluster: correct the record by hand.',
    });
  if (want.externalDns.settings.policy === 'create-only')
    return broken('record/other-target', {
      message,
      evidence: of.evidence,
      hint: 'ExternalDNS runs with --policy=create-only and never changes a record: delete it, or use upsert-only or sync.',
    });
  return (
    judgeExternalDns(of) ??
    waiting('record/other-target', {
      message,
      evidence: of.evidence,
      hint: 'ExternalDNS owns it and will change it at its next run, unless another route or Gateway claims the same host: the older claim wins.',
    })
  );
};

const judgeRight = (of: Case): Verdict => {
  const { want, value, zone } = of;
  const owner = judgeOwner(of);
  if (owner !== undefined) return owner;
  const own = `httproute/${want.route.metadata.namespace ?? 'default'}/${want.route.metadata.name}`;
  const other = ownersOf(value).find(
    ({ ownership }) =>
      ownership.resource !== undefined && ownership.resource.replace(/^grpcroute/, 'httproute') !== own,
  );
  const note =
    other === undefined
      ? ''
      : ` (kept for ${other.ownership.resource}: ExternalDNS names one resource a host)`;
  const [wanted] = targetsOf(want);
  const target = wanted ?? answering(value.records).map(targetOf).join(', ');
  const others = new Set(value.records.flatMap(({ setIdentifier }) => setIdentifier ?? [])).size;
  const sets = others > 1 ? `, one of ${others} record sets between which Route 53 chooses` : '';
  return ok(`${want.host} in the ${sayZone(zone)} points to ${target}${sets}${note}.`, of.evidence);
};

const judgeZones = (want: RecordWant): Verdict =>
  broken('record/zone-missing', {
    message: `No public hosted zone that could hold ${want.host} is to be seen${want.zoneAccount === undefined ? '' : ` in account ${want.zoneAccount}`}.`,
    hint: 'The zone may be in another account (input `dns-role-to-assume`), be private, or be another than the one in `hosted-zone-id`.',
  });

/**
 * An A alias (or CNAME) to the load balancer, owned by this cluster's ExternalDNS. While it is missing or points elsewhere,
 * ExternalDNS's settings and log say whether it ever will be right. A missing AAAA is no fault.
 */
export const judgeRecord = (want: RecordWant, seen: Seen<RecordValue>): Verdict => {
  if ('denied' in seen)
    return unknown('record/look-denied', {
      message: `The records of ${want.host} could not be read: the permission ${seen.denied} is missing.`,
      hint: `Grant ${seen.denied} to the role that reads the zone${want.zoneAccount === undefined ? '' : ` in account ${want.zoneAccount}`} (input \`dns-role-to-assume\`).`,
    });
  if (!('value' in seen)) return judgeNotSeen(seen, `The record of ${want.host}`);
  const { value } = seen;
  if (value.zone === undefined) return judgeZones(want);
  const of: Case = { want, value, zone: value.zone, evidence: recordEvidence(value) };
  const records = answering(value.records);
  if (records.length === 0) return judgeMissing(of);
  return records.some((record) => pointsTo(record, targetsOf(want))) ? judgeRight(of) : judgeOtherTarget(of);
};

/**
 * Whether the name servers may know better: they give a record the moment it is made, while the zone's list is read once in
 * 5 s. Not where a wildcard would answer, nor where there is a record already.
 */
export const mayBeNewer = (seen: Seen<RecordValue>, verdict: Verdict): boolean =>
  verdict.state === 'waiting' &&
  verdict.code === 'record/missing' &&
  'value' in seen &&
  seen.value.zone?.private === false &&
  seen.value.covered !== true;

/** The zone in which the record is, or belongs. */
export const foundRecord = (seen: Seen<RecordValue>): Found => {
  if (!('value' in seen) || seen.value.zone === undefined) return {};
  const { zone, zones, records } = seen.value;
  const { id, name, nameServers } = zone;
  if (zone.private) return { privateZone: { id, name } };
  const twins = zones.filter((each) => !each.private && each.name === name && each.id !== id);
  const routed = records.some(({ setIdentifier }) => setIdentifier !== undefined);
  return {
    zone: { id, name, nameServers, ...(twins.length > 0 && { twins }), ...(routed && { routed: true }) },
  };
};
