// What ExternalDNS will do to the records of a host after a deploy.
import type { KubernetesObject } from '../bundle/object.ts';
import { parseOwnership, writtenOwnership } from '../externaldns/records.ts';
import type { ExternalDnsSettings } from '../externaldns/settings.ts';
import type { PlannedRecord } from '../report/plan.ts';

/** A record set of the zone, as the chain reads it. */
export interface LiveRecord {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly alias?: { readonly target: string };
  readonly values: readonly string[];
}

export interface HostRecords {
  readonly host: string;
  /** A, AAAA and CNAME of the host. */
  readonly records: readonly LiveRecord[];
  /** TXT record sets at the names where ownership is kept. */
  readonly ownership: readonly LiveRecord[];
  /**
   * The load balancers of the Gateways at which a route publishes the host after the deploy, an empty text for one that
   * is not there yet; empty where no route does.
   */
  readonly targets: readonly string[];
  /** Why ExternalDNS leaves the host out, by its settings. */
  readonly excluded?: string;
}

export interface ExternalDnsComing {
  readonly settings: ExternalDnsSettings;
  readonly version?: string;
  readonly deployment: KubernetesObject;
}

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

const sayValue = ({ alias, values }: LiveRecord): string =>
  alias === undefined ? values.join(', ') : `alias to ${plainName(alias.target)}`;

/** ExternalDNS writes aliases for load balancers of AWS (provider/aws/aws.go, canonicalHostedZone). */
const isElb = (target: string): boolean =>
  target === '' || /\.elb\.|\.elb\.amazonaws\.com/.test(`${target}.`);

const kindOf = (target: string): 'alias' | 'A' | 'AAAA' | 'CNAME' => {
  if (isElb(target)) return 'alias';
  if (target.includes(':')) return 'AAAA';
  return /^[\d.]+$/.test(target) ? 'A' : 'CNAME';
};

const wantedValue = (target: string): string => {
  if (target === '') return 'alias to the new load balancer';
  return isElb(target) ? `alias to ${plainName(target)}` : target;
};

const owner = ({ ownership }: HostRecords): string | undefined =>
  ownership.flatMap(({ values }) => parseOwnership(values)?.owner ?? [])[0];

/** Whether ExternalDNS may touch what stands there; without a TXT registry it thinks everything its own. */
const isOwned = (of: HostRecords, { settings }: ExternalDnsComing): boolean =>
  settings.registry !== 'txt' || settings.txtEncrypted || owner(of) === settings.txtOwnerId;

const kept = (record: LiveRecord, why?: string): PlannedRecord => ({
  name: record.name,
  type: record.type,
  action: 'unchanged',
  from: sayValue(record),
  ...(why !== undefined && { why }),
});

const whyNotOurs = (of: HostRecords, { settings }: ExternalDnsComing): string => {
  const who = owner(of);
  return who === undefined
    ? `it has no ownership record, so ExternalDNS ("${settings.txtOwnerId}") leaves it alone`
    : `it belongs to the owner "${who}", and this cluster's ExternalDNS is "${settings.txtOwnerId}"`;
};

const removed = (of: HostRecords, by: ExternalDnsComing): readonly PlannedRecord[] => {
  const { policy } = by.settings;
  const why = !isOwned(of, by)
    ? whyNotOurs(of, by)
    : policy === 'sync'
      ? undefined
      : `ExternalDNS runs with --policy=${policy ?? 'unknown'} and removes nothing`;
  if (why !== undefined) return of.records.map((record) => kept(record, why));
  return [...of.records, ...of.ownership].map((record) => ({
    name: record.name,
    type: record.type,
    action: 'deleted',
    from: sayValue(record),
  }));
};

const created = (
  of: HostRecords,
  target: string,
  { settings, version }: ExternalDnsComing,
): readonly PlannedRecord[] => {
  const kind = kindOf(target);
  const types = kind === 'alias' ? ['A', 'AAAA'] : [kind];
  const to = wantedValue(target);
  return [
    ...types.map((type): PlannedRecord => ({ name: of.host, type, action: 'created', to })),
    ...writtenOwnership(of.host, kind, settings, version).map(
      (name): PlannedRecord => ({
        name,
        type: 'TXT',
        action: 'created',
        to: `owner ${settings.txtOwnerId}`,
      }),
    ),
  ];
};

const pointsTo = (record: LiveRecord, targets: readonly string[]): boolean => {
  const names = targets.map(plainName);
  return record.alias === undefined
    ? record.values.some((value) => names.includes(plainName(value)))
    : names.includes(plainName(record.alias.target));
};

const changed = (record: LiveRecord, of: HostRecords, by: ExternalDnsComing): PlannedRecord => {
  const [target = ''] = of.targets;
  if (record.setIdentifier !== undefined) return kept(record, 'it is one of a set of several');
  if (pointsTo(record, of.targets)) return kept(record);
  if (!isOwned(of, by)) return kept(record, whyNotOurs(of, by));
  if (by.settings.policy === 'create-only')
    return kept(record, 'ExternalDNS runs with --policy=create-only and changes nothing');
  const { name, type } = record;
  return { name, type, action: 'changed', from: sayValue(record), to: wantedValue(target) };
};

/** Settings by which ExternalDNS does not see the record at all, and so does not remove it either. */
const blind =
  /--(dry-run|provider|domain-filter|exclude-domains|regex-domain-\w+|zone-id-filter|aws-zone-type)\b/;

/**
 * What becomes of each record of a host: rules of ExternalDNS's plan (plan/plan.go), its TXT registry and its policies.
 * An AAAA beside an A that is there already is not made anew: a controller that wanted it would have made it.
 */
export const planRecords = (of: HostRecords, by: ExternalDnsComing): readonly PlannedRecord[] => {
  const { excluded } = of;
  if (excluded !== undefined && blind.test(excluded))
    return of.records.map((record) => kept(record, excluded));
  if (of.targets.length === 0 || excluded !== undefined) return removed(of, by);
  const [target = ''] = of.targets;
  if (of.records.length === 0) return created(of, target, by);
  return of.records.map((record) => changed(record, of, by));
};
