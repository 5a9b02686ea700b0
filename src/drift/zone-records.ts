// The records of a whole zone: its own name servers, and what is left over of routes that are gone.
import type { KubernetesObject } from '../bundle/object.ts';
import type { HostedZone } from '../chain/zone.ts';
import { type Ownership, ownershipNames, parseOwnership } from '../externaldns/records.ts';
import { intersect } from '../gateway/hostnames.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import type { Sighting } from './item.ts';
import { addressTypes, plain, sayTarget, type ZoneView } from './zone-view.ts';

/** Name servers that the zone names and its delegation set has not. */
export const strangersAt = ({ nameServers }: HostedZone, named: readonly string[]): readonly string[] => {
  const own = nameServers.map(plain);
  return named.map(plain).filter((server) => !own.includes(server));
};

class LeftoverJudge {
  readonly #zone: ZoneView;

  constructor(zone: ZoneView) {
    this.#zone = zone;
  }

  judge(): readonly Sighting[] {
    return [...this.#apex(), ...this.#stale(), ...this.#orphans()];
  }

  /**
   * Servers of the delegation set that the zone itself does not name any more, and others that it names. Where it is delegated
   * to others as well (two providers), they are meant.
   */
  #apex(): readonly Sighting[] {
    const { zone, hosts, delegated } = this.#zone.want;
    const own = this.#zone.at(zone.name).find(({ type }) => type === 'NS');
    const named = (own?.values ?? []).map(plain);
    const gone = zone.nameServers.some((server) => !named.includes(plain(server)));
    const strange =
      delegated !== undefined &&
      strangersAt(zone, named).some((server) => !delegated.map(plain).includes(server));
    if ((!gone && !strange) || hosts.length === 0) return [];
    return [
      this.#zone.item(zone.name, 'NS', {
        wanted: zone.nameServers.join(', '),
        found: own === undefined ? null : named.join(', '),
        heals: false,
        severity: 'warning',
        remedy: 'Write the NS record of the zone back to its delegation set.',
        ...this.#zone.calls([zone.name], 'NS'),
      }),
    ];
  }

  /** `httproute/apps/shop` as ExternalDNS writes it: its route is gone, or does not name the host any more. */
  #isStale(host: string, { owner, resource = '' }: Ownership): boolean {
    const { externalDns, published, routes } = this.#zone.want;
    if (owner !== externalDns?.settings.txtOwnerId || !/^(http|grpc)route\//.test(resource)) return false;
    if (published === undefined || routes === undefined || published.has(host)) return false;
    const route = routes.get(resource);
    return route === undefined || !this.#mayName(route, host);
  }

  /** Whether a route that is there may publish the host in a way that is not seen here: by a listener, or a template. */
  #mayName(route: KubernetesObject, host: string): boolean {
    const own = hostnamesOf(route);
    const inDoubt = own.length === 0 || this.#zone.want.externalDns?.settings.fqdnTemplate !== '';
    return inDoubt || own.some((name) => intersect(name, host) !== undefined);
  }

  #stale(): readonly Sighting[] {
    const { externalDns, hosts } = this.#zone.want;
    const wanted = new Set(hosts.map(({ host }) => host));
    const names = new Set(
      this.#zone.want.records.filter(({ type }) => addressTypes.includes(type)).map(({ name }) => name),
    );
    return [...names].flatMap((host) => {
      const owner = this.#zone.ownerOf(host, 'A');
      if (wanted.has(host) || owner === undefined || !this.#isStale(host, owner)) return [];
      const record = this.#zone.at(host).find(({ type }) => addressTypes.includes(type));
      return [
        this.#zone.item(host, record?.type ?? 'A', {
          wanted: null,
          found: record === undefined ? '' : sayTarget(record),
          by: owner.owner,
          heals: this.#zone.heals(externalDns?.settings.policy === 'sync'),
          severity: 'warning',
          remedy: `Delete it and its TXT: ${owner.resource ?? 'its route'} is gone or does not name it any more, and the name leads to a load balancer that does not know it.`,
          ...this.#zone.calls([host], record?.type ?? 'A'),
        }),
      ];
    });
  }

  /** An ownership record without its record keeps ExternalDNS from ever creating that name again. */
  #orphans(): readonly Sighting[] {
    const { records, externalDns, hosts } = this.#zone.want;
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
        this.#zone.item(record.name, 'TXT', {
          wanted: null,
          found: `external-dns/owner=${owner.owner}`,
          by: owner.owner,
          heals: false,
          severity: 'notice',
          remedy: 'Delete it: it owns nothing, and ExternalDNS does not remove it.',
          ...this.#zone.calls([record.name], 'TXT'),
        }),
      ];
    });
  }
}

export const judgeZone = (zone: ZoneView): readonly Sighting[] => new LeftoverJudge(zone).judge();
