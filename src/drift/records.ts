// The records of a hosted zone against what the hosts want: targets, owners, leftovers, what shadows them.
import { list, text, textMap, texts } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { ExternalDnsFound } from '../chain/release.ts';
import type { HostedZone, RecordSet } from '../chain/zone.ts';
import { excludedBy } from '../externaldns/excludes.ts';
import { type Ownership, ownershipNames, parseOwnership } from '../externaldns/records.ts';
import { externalDnsContainer } from '../externaldns/settings.ts';
import { isAtLeast } from '../gateway/versions.ts';
import type { Source } from '../verdict/finding.ts';
import type { Healing, Sighting } from './item.ts';
import { recordTrace } from './traces.ts';

export interface HostWant {
  readonly host: string;
  /** DNS names of the load balancers of its Gateways; none known: any target will do. */
  readonly loadBalancers: readonly string[];
  readonly route: KubernetesObject;
  readonly source: Source;
  readonly gateways: readonly KubernetesObject[];
}

export interface RecordsWant {
  readonly hosts: readonly HostWant[];
  /** Every host that a route of the cluster publishes; absent where the routes may not be read. */
  readonly published?: ReadonlySet<string>;
  /** `<kind>/<namespace>/<name>` in lower case of every route of the cluster. */
  readonly routes?: ReadonlySet<string>;
  readonly zone: HostedZone;
  /** All of the zone. */
  readonly records: readonly RecordSet[];
  readonly externalDns?: ExternalDnsFound;
  readonly at: Date;
}

const addressTypes = ['A', 'AAAA', 'CNAME'];

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

const sayTarget = ({ alias, values }: RecordSet): string =>
  alias === undefined ? values.join(', ') : `alias to ${plain(alias.target)}`;

const pointsTo = (record: RecordSet, targets: readonly string[]): boolean =>
  targets.length === 0 || targets.map(plain).includes(plain(record.alias?.target ?? record.values[0] ?? ''));

/** Seconds between two runs of ExternalDNS: `--interval`, a minute by default. */
const intervalOf = ({ deployment }: ExternalDnsFound): number => {
  const args = texts(externalDnsContainer(deployment), 'args').join(' ');
  const [, hours, minutes, seconds] = /--interval[= ](?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?/.exec(args) ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return total > 0 ? total : 60;
};

const isRunning = ({ deployment }: ExternalDnsFound): boolean =>
  list(deployment, 'status', 'conditions').some(
    (condition) => text(condition, 'type') === 'Available' && text(condition, 'status') === 'True',
  );

/** One zone, looked at from each host and from its records. */
class ZoneJudge {
  readonly #want: RecordsWant;
  readonly #byName: ReadonlyMap<string, readonly RecordSet[]>;

  constructor(want: RecordsWant) {
    this.#want = want;
    this.#byName = Map.groupBy(want.records, ({ name }) => name);
  }

  judge(): readonly Sighting[] {
    return [
      ...this.#want.hosts.flatMap((host) => this.#ofHost(host)),
      ...this.#apex(),
      ...this.#stale(),
      ...this.#orphans(),
    ];
  }

  #at(name: string): readonly RecordSet[] {
    return this.#byName.get(name) ?? [];
  }

  /** ExternalDNS's own next run, where its settings and the record's owner let it mend what is amiss. */
  #heals(may: boolean): Healing | false {
    const { externalDns, at } = this.#want;
    if (!may || externalDns === undefined || !isRunning(externalDns)) return false;
    // A run takes its time, and Route 53 some seconds.
    const until = new Date(at.getTime() + (intervalOf(externalDns) + 15) * 1000);
    return { by: 'ExternalDNS', until: until.toISOString() };
  }

  #item(
    name: string,
    path: string,
    rest: Pick<Sighting, 'wanted' | 'found' | 'severity' | 'remedy' | 'heals'> & Partial<Sighting>,
  ): Sighting {
    const passing = rest.heals !== false;
    return { layer: 'route53', ref: `Record ${name}`, path, ...rest, ...(passing && { passing: true }) };
  }

  /** The calls that may have written one of the records. */
  #calls(names: readonly string[], ...types: readonly string[]): Pick<Sighting, 'trace'> {
    return { trace: recordTrace(this.#want.zone.id, names, ...types) };
  }

  #ownerOf(host: string, type: 'A' | 'AAAA'): Ownership | undefined {
    const { externalDns } = this.#want;
    const names = ownershipNames(host, type, externalDns?.settings, externalDns?.version);
    const found = names.flatMap((name) =>
      this.#at(name).flatMap((record) =>
        record.type === 'TXT' ? (parseOwnership(record.values) ?? []) : [],
      ),
    );
    return found.find(({ owner }) => owner === externalDns?.settings.txtOwnerId) ?? found[0];
  }

  #ofHost(want: HostWant): readonly Sighting[] {
    const cut = this.#delegatedAway(want);
    if (cut.length > 0) return cut;
    return [
      ...this.#ofType(want, 'A'),
      ...this.#ofType(want, 'AAAA'),
      ...(want.host.startsWith('*.') ? this.#specific(want) : []),
    ];
  }

  #ofType(want: HostWant, type: 'A' | 'AAAA'): readonly Sighting[] {
    const { host } = want;
    const records = this.#at(host).filter(
      (record) => record.type === type || (type === 'A' && record.type === 'CNAME'),
    );
    const owner = this.#ownerOf(host, type);
    // An AAAA is wanted only where ExternalDNS says that it has made one.
    if (records.length === 0)
      return type === 'A' || owner !== undefined ? this.#missing(want, type, owner) : [];
    return [...this.#targets(want, records, owner), ...this.#ownership(want, type, owner)];
  }

  #missing(want: HostWant, type: 'A' | 'AAAA', owner: Ownership | undefined): readonly Sighting[] {
    if (type === 'AAAA' && owner?.owner !== this.#want.externalDns?.settings.txtOwnerId) return [];
    const settings = this.#want.externalDns?.settings;
    const excluded = this.#excluded(want);
    // A TXT that is there already cannot be created; 0.19 leaves it out of the batch (measured), older ones fail with it.
    const may = owner === undefined || isAtLeast(this.#want.externalDns?.version, '0.19.0');
    const heals = this.#heals(excluded === undefined && may);
    const txt = ownershipNames(want.host, type, settings, this.#want.externalDns?.version)[0] ?? '';
    const remedy =
      excluded !== undefined
        ? `Make it by hand: ${excluded}.`
        : !may
          ? `Delete the ownership record ${txt} (TXT) as well: ExternalDNS cannot create the record beside it, and then makes both anew.`
          : 'Look at the log of ExternalDNS if it does not come back.';
    return [
      this.#item(want.host, type, {
        wanted: want.loadBalancers.map((each) => `alias to ${each}`).join(', ') || 'an address',
        found: null,
        heals,
        severity: type === 'A' ? 'error' : 'warning',
        remedy,
        source: want.source,
        ...this.#calls([want.host], ...(type === 'A' ? ['A', 'CNAME'] : [type])),
      }),
    ];
  }

  #targets(want: HostWant, records: readonly RecordSet[], owner: Ownership | undefined): readonly Sighting[] {
    const settings = this.#want.externalDns?.settings;
    const ours = owner !== undefined && owner.owner === settings?.txtOwnerId;
    const mends = ours && settings?.policy !== 'create-only' && this.#excluded(want) === undefined;
    // Of records between which Route 53 chooses (weights, regions, health), the others are other clusters'.
    const chosen = records.filter(({ setIdentifier }) => setIdentifier !== undefined);
    if (chosen.some((record) => pointsTo(record, want.loadBalancers))) return [];
    return records
      .filter((record) => !pointsTo(record, want.loadBalancers))
      .map((record) =>
        this.#item(
          want.host,
          `${record.type}${record.setIdentifier === undefined ? '' : `[${record.setIdentifier}]`}.target`,
          {
            wanted: want.loadBalancers.map((each) => `alias to ${each}`).join(', '),
            found: sayTarget(record),
            heals: this.#heals(mends),
            severity: 'error',
            remedy: mends
              ? 'Look at the log of ExternalDNS if it does not change it back.'
              : 'Correct the record by hand: ExternalDNS leaves it alone.',
            source: want.source,
            ...this.#calls([want.host], record.type),
          },
        ),
      );
  }

  /** Only where ExternalDNS keeps a registry of TXT records that can be read. */
  #ownership(want: HostWant, type: 'A' | 'AAAA', owner: Ownership | undefined): readonly Sighting[] {
    const { externalDns } = this.#want;
    const settings = externalDns?.settings;
    if (settings === undefined || settings.registry !== 'txt' || settings.txtEncrypted) return [];
    if (owner?.owner === settings.txtOwnerId || this.#excluded(want) !== undefined) return [];
    const [txt = ''] = ownershipNames(want.host, type, settings, externalDns?.version);
    const value = `heritage=external-dns,external-dns/owner=${settings.txtOwnerId}`;
    return [
      this.#item(want.host, `TXT ${txt}`, {
        wanted: value,
        found: owner === undefined ? null : `heritage=external-dns,external-dns/owner=${owner.owner}`,
        ...(owner && { by: owner.owner }),
        heals: false,
        severity: 'error',
        remedy:
          owner === undefined
            ? `Write the record ${txt} (TXT, "${value}") back, or delete the ${type} record: without it ExternalDNS neither follows a new load balancer nor removes the name.`
            : `Find out who runs the owner "${owner.owner}": this cluster's ExternalDNS ("${settings.txtOwnerId}") leaves the record alone.`,
        source: want.source,
        ...this.#calls(ownershipNames(want.host, type, settings, externalDns?.version), 'TXT'),
      }),
    ];
  }

  #excluded({ host, route, gateways }: HostWant): string | undefined {
    const { externalDns, zone } = this.#want;
    return externalDns && excludedBy(externalDns.settings, { host, route, gateways, zone });
  }

  /** Name servers of a zone below answer for the host: what stands in this zone is never seen. */
  #delegatedAway({ host, source }: HostWant): readonly Sighting[] {
    return this.#want.records
      .filter(
        ({ name, type }) =>
          type === 'NS' && name !== this.#want.zone.name && (host === name || host.endsWith(`.${name}`)),
      )
      .map(({ name, values }) =>
        this.#item(host, `NS ${name}`, {
          wanted: null,
          found: values.join(', '),
          heals: false,
          severity: 'error',
          remedy: `Remove the delegation of ${name}, or give that zone the records.`,
          source,
          ...this.#calls([name], 'NS'),
        }),
      );
  }

  /** A name below a wildcard of its own domain that somebody else made: visitors of that name do not come to the load balancer. */
  #specific({ host, loadBalancers, source }: HostWant): readonly Sighting[] {
    const { published, zone } = this.#want;
    const suffix = host.slice(1);
    // Below the zone's own wildcard stands whatever else the zone is for: mail, other sites.
    if (suffix === `.${zone.name}`) return [];
    return this.#want.records
      .filter(
        (record) =>
          addressTypes.includes(record.type) &&
          record.type !== 'AAAA' &&
          record.name !== host &&
          record.name.endsWith(suffix) &&
          published?.has(record.name) === false &&
          !pointsTo(record, loadBalancers),
      )
      .map((record) =>
        this.#item(host, `shadowed by ${record.name}`, {
          wanted: null,
          found: `${record.type} ${sayTarget(record)}`,
          heals: false,
          severity: 'warning',
          remedy: `Remove ${record.name}, or leave it if it is meant to go elsewhere.`,
          source,
          ...this.#calls([record.name], record.type),
        }),
      );
  }

  /** Servers of the delegation set that the zone itself does not name any more. */
  #apex(): readonly Sighting[] {
    const { zone, hosts } = this.#want;
    const own = this.#at(zone.name).find(({ type }) => type === 'NS');
    const named = (own?.values ?? []).map(plain);
    const gone = zone.nameServers.filter((server) => !named.includes(plain(server)));
    if (gone.length === 0 || hosts.length === 0) return [];
    return [
      this.#item(zone.name, 'NS', {
        wanted: zone.nameServers.join(', '),
        found: own === undefined ? null : named.join(', '),
        heals: false,
        severity: 'warning',
        remedy: 'Write the NS record of the zone back to its delegation set.',
        ...this.#calls([zone.name], 'NS'),
      }),
    ];
  }

  /** `httproute/apps/shop` as ExternalDNS writes it: its route is gone, or does not name the host any more. */
  #isStale(host: string, { owner, resource = '' }: Ownership): boolean {
    const { externalDns, published, routes } = this.#want;
    if (owner !== externalDns?.settings.txtOwnerId || !/^(http|grpc)route\//.test(resource)) return false;
    if (published === undefined || routes === undefined || published.has(host)) return false;
    // A route may name hosts in an annotation, which is not read here.
    return !routes.has(resource);
  }

  #stale(): readonly Sighting[] {
    const { externalDns, hosts } = this.#want;
    const wanted = new Set(hosts.map(({ host }) => host));
    const names = new Set(
      this.#want.records.filter(({ type }) => addressTypes.includes(type)).map(({ name }) => name),
    );
    return [...names].flatMap((host) => {
      const owner = this.#ownerOf(host, 'A');
      if (wanted.has(host) || owner === undefined || !this.#isStale(host, owner)) return [];
      const record = this.#at(host).find(({ type }) => addressTypes.includes(type));
      return [
        this.#item(host, record?.type ?? 'A', {
          wanted: null,
          found: record === undefined ? '' : sayTarget(record),
          by: owner.owner,
          heals: this.#heals(externalDns?.settings.policy === 'sync'),
          severity: 'warning',
          remedy: `Delete it and its TXT: ${owner.resource ?? 'its route'} is gone, and the name leads to a load balancer that does not know it.`,
          ...this.#calls([host], record?.type ?? 'A'),
        }),
      ];
    });
  }

  /** An ownership record without its record keeps ExternalDNS from ever creating that name again. */
  #orphans(): readonly Sighting[] {
    const { records, externalDns, hosts } = this.#want;
    const settings = externalDns?.settings;
    if (settings === undefined) return [];
    const hold = [
      ...records.filter(({ type }) => addressTypes.includes(type)).map(({ name }) => name),
      ...hosts.map(({ host }) => host),
    ];
    const used = new Set(
      hold.flatMap((host) =>
        (['A', 'AAAA'] as const).flatMap((type) =>
          ownershipNames(host, type, settings, externalDns?.version),
        ),
      ),
    );
    return records.flatMap((record) => {
      const owner =
        record.type === 'TXT' && !used.has(record.name) ? parseOwnership(record.values) : undefined;
      if (owner === undefined || !this.#isStale(record.name, owner)) return [];
      return [
        this.#item(record.name, 'TXT', {
          wanted: null,
          found: `external-dns/owner=${owner.owner}`,
          by: owner.owner,
          heals: false,
          severity: 'notice',
          remedy: 'Delete it: it owns nothing, and ExternalDNS does not remove it.',
          ...this.#calls([record.name], 'TXT'),
        }),
      ];
    });
  }
}

export const judgeRecords = (want: RecordsWant): readonly Sighting[] => new ZoneJudge(want).judge();

/** `httproute/apps/shop`: a route as ExternalDNS names it in a TXT record. */
export const resourceOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind.toLowerCase()}/${metadata.namespace ?? ''}/${metadata.name}`;

/** Hosts that a route names outside its spec. */
export const annotatedHosts = (route: KubernetesObject): readonly string[] =>
  Object.entries(textMap(route, 'metadata', 'annotations')).flatMap(([name, value]) =>
    /^external-dns\.(alpha\.)?kubernetes\.io\/hostname$/.test(name)
      ? value.split(',').map((host) => host.trim().toLowerCase())
      : [],
  );
