// A hosted zone as a drift check looks at it: its records by name, who owns them, and what ExternalDNS would mend.
import { texts } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { ExternalDnsFound } from '../chain/release.ts';
import type { HostedZone, RecordSet } from '../chain/zone.ts';
import { excludedBy } from '../externaldns/excludes.ts';
import { type Ownership, ownershipNames, parseOwnership } from '../externaldns/records.ts';
import { externalDnsContainer } from '../externaldns/settings.ts';
import type { Source } from '../verdict/finding.ts';
import type { Healing, Sighting } from './item.ts';
import { isRunning } from './running.ts';
import { recordTrace } from './traces.ts';

export interface HostWant {
  readonly host: string;
  /** DNS names of the load balancers of its Gateways; none known: any target will do. */
  readonly loadBalancers: readonly string[];
  readonly route: KubernetesObject;
  /** Further routes of the host. */
  readonly others?: readonly KubernetesObject[];
  readonly source: Source;
  readonly gateways: readonly KubernetesObject[];
}

export interface RecordsWant {
  readonly hosts: readonly HostWant[];
  /** Every host that a route of the cluster publishes; absent where the routes may not be read. */
  readonly published?: ReadonlySet<string>;
  /** The same without those of routes that every Gateway refuses: ExternalDNS passes them over. */
  readonly accepted?: ReadonlySet<string>;
  /** Every route of the cluster, by `<kind>/<namespace>/<name>` in lower case. */
  readonly routes?: ReadonlyMap<string, KubernetesObject>;
  readonly zone: HostedZone;
  /** Servers to which the zone is delegated; absent where nobody has asked. */
  readonly delegated?: readonly string[];
  /** All of the zone. */
  readonly records: readonly RecordSet[];
  readonly externalDns?: ExternalDnsFound;
  readonly at: Date;
}

export const addressTypes = ['A', 'AAAA', 'CNAME'];

export const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

export const sayTarget = ({ alias, values }: RecordSet): string =>
  alias === undefined ? values.join(', ') : `alias to ${plain(alias.target)}`;

export const pointsTo = (record: RecordSet, targets: readonly string[]): boolean =>
  targets.length === 0 || targets.map(plain).includes(plain(record.alias?.target ?? record.values[0] ?? ''));

/** Seconds between two runs of ExternalDNS: `--interval`, a minute by default. */
const intervalOf = ({ deployment }: ExternalDnsFound): number => {
  const args = texts(externalDnsContainer(deployment), 'args').join(' ');
  const [, hours, minutes, seconds] = /--interval[= ](?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?/.exec(args) ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return total > 0 ? total : 60;
};

export class ZoneView {
  readonly want: RecordsWant;
  readonly #byName: ReadonlyMap<string, readonly RecordSet[]>;

  constructor(want: RecordsWant) {
    this.want = want;
    this.#byName = Map.groupBy(want.records, ({ name }) => name);
  }

  at(name: string): readonly RecordSet[] {
    return this.#byName.get(name) ?? [];
  }

  /** ExternalDNS's own next run, where its settings and the record's owner let it mend what is amiss. */
  heals(may: boolean): Healing | false {
    const { externalDns, at } = this.want;
    if (!may || externalDns === undefined || !isRunning(externalDns.deployment)) return false;
    // A run takes its time, and Route 53 some seconds.
    const until = new Date(at.getTime() + (intervalOf(externalDns) + 15) * 1000);
    return { by: 'ExternalDNS', until: until.toISOString() };
  }

  item(
    name: string,
    path: string,
    rest: Pick<Sighting, 'wanted' | 'found' | 'severity' | 'remedy' | 'heals'> & Partial<Sighting>,
  ): Sighting {
    const passing = rest.heals !== false;
    return { layer: 'route53', ref: `Record ${name}`, path, ...rest, ...(passing && { passing: true }) };
  }

  /** The calls that may have written one of the records. */
  calls(names: readonly string[], ...types: readonly string[]): Pick<Sighting, 'trace'> {
    return { trace: recordTrace(this.want.zone.id, names, ...types) };
  }

  ownerOf(host: string, type: 'A' | 'AAAA'): Ownership | undefined {
    const { externalDns } = this.want;
    const names = ownershipNames(host, type, externalDns?.settings, externalDns?.version);
    const found = names.flatMap((name) =>
      this.at(name).flatMap((record) => (record.type === 'TXT' ? (parseOwnership(record.values) ?? []) : [])),
    );
    return found.find(({ owner }) => owner === externalDns?.settings.txtOwnerId) ?? found[0];
  }

  isOurs(owner: Ownership | undefined): boolean {
    return owner !== undefined && owner.owner === this.want.externalDns?.settings.txtOwnerId;
  }

  /** No route that a Gateway accepts publishes it: ExternalDNS does not know of it any more, and removes what it owns. */
  isUnpublished({ host }: HostWant): boolean {
    return this.want.accepted?.has(host) === false;
  }

  /** Why ExternalDNS leaves the host alone, as a clause. */
  excluded({ host, route, gateways }: HostWant): string | undefined {
    const { externalDns, zone } = this.want;
    return externalDns && excludedBy(externalDns.settings, { host, route, gateways, zone });
  }
}
