// The records of one host against what its routes want: missing, elsewhere, without an owner, chosen among others, shadowed.
import { textMap } from '../bundle/field.ts';
import type { RecordSet } from '../chain/zone.ts';
import { type Ownership, ownershipNames } from '../externaldns/records.ts';
import { isAtLeast } from '../gateway/versions.ts';
import type { Sighting } from './item.ts';
import { addressTypes, type HostWant, pointsTo, sayTarget, type ZoneView } from './zone-view.ts';

class HostJudge {
  readonly #zone: ZoneView;

  constructor(zone: ZoneView) {
    this.#zone = zone;
  }

  judge(want: HostWant): readonly Sighting[] {
    const cut = this.#delegatedAway(want);
    if (cut.length > 0) return cut;
    return [
      ...this.#ofType(want, 'A'),
      ...this.#ofType(want, 'AAAA'),
      ...this.#followed(want),
      ...(want.host.startsWith('*.') ? this.#specific(want) : []),
    ];
  }

  #ofType(want: HostWant, type: 'A' | 'AAAA'): readonly Sighting[] {
    const { host } = want;
    const records = this.#zone
      .at(host)
      .filter((record) => record.type === type || (type === 'A' && record.type === 'CNAME'));
    const owner = this.#zone.ownerOf(host, type);
    if (records.length === 0)
      return type === 'A' || this.#wantsV6(want, owner) ? this.#missing(want, type, owner) : [];
    return [
      ...this.#targets(want, records, owner),
      ...this.#chosen(want, records, owner),
      ...this.#ownership(want, type, owner),
    ];
  }

  /**
   * An AAAA is wanted where ExternalDNS says that it has made one, and where it makes one beside each alias: since 0.16
   * (external-dns 5111), of records that it owns, unless it is told to leave the type alone.
   */
  #wantsV6(want: HostWant, owner: Ownership | undefined): boolean {
    if (owner !== undefined) return this.#zone.isOurs(owner);
    const { externalDns } = this.#zone.want;
    const alias = this.#zone
      .at(want.host)
      .some((each) => each.type === 'A' && each.alias !== undefined && each.setIdentifier === undefined);
    return (
      alias &&
      externalDns?.version !== undefined &&
      isAtLeast(externalDns.version, '0.16.0') &&
      externalDns.settings.recordTypes.includes('AAAA') &&
      this.#zone.isOurs(this.#zone.ownerOf(want.host, 'A')) &&
      this.#zone.excluded(want) === undefined
    );
  }

  #missing(want: HostWant, type: 'A' | 'AAAA', owner: Ownership | undefined): readonly Sighting[] {
    const settings = this.#zone.want.externalDns?.settings;
    const excluded = this.#zone.excluded(want);
    // A TXT that is there already cannot be created; 0.19 leaves it out of the batch (measured), older ones fail with it.
    const may = owner === undefined || isAtLeast(this.#zone.want.externalDns?.version, '0.19.0');
    const unpublished = this.#zone.isUnpublished(want);
    const heals = this.#zone.heals(excluded === undefined && may && !unpublished);
    const txt = ownershipNames(want.host, type, settings, this.#zone.want.externalDns?.version)[0] ?? '';
    const remedy =
      excluded !== undefined
        ? `Make it by hand: ${excluded}.`
        : unpublished
          ? 'Mend the route or its Gateway: no Gateway accepts a route that publishes the host, so ExternalDNS does not make it.'
          : !may
            ? `Delete the ownership record ${txt} (TXT) as well: ExternalDNS cannot create the record beside it, and then makes both anew.`
            : 'Look at the log of ExternalDNS if it does not come back.';
    return [
      this.#zone.item(want.host, type, {
        wanted: want.loadBalancers.map((each) => `alias to ${each}`).join(', ') || 'an address',
        found: null,
        heals,
        severity: type === 'A' ? 'error' : 'warning',
        remedy,
        source: want.source,
        ...this.#zone.calls([want.host], ...(type === 'A' ? ['A', 'CNAME'] : [type])),
      }),
    ];
  }

  #targets(want: HostWant, records: readonly RecordSet[], owner: Ownership | undefined): readonly Sighting[] {
    const settings = this.#zone.want.externalDns?.settings;
    const ours = owner !== undefined && owner.owner === settings?.txtOwnerId;
    const mends =
      ours &&
      settings?.policy !== 'create-only' &&
      this.#zone.excluded(want) === undefined &&
      !this.#zone.isUnpublished(want);
    // Of records between which Route 53 chooses (weights, regions, health), the others are other clusters'.
    const chosen = records.filter(({ setIdentifier }) => setIdentifier !== undefined);
    if (chosen.some((record) => pointsTo(record, want.loadBalancers))) return [];
    return records
      .filter((record) => !pointsTo(record, want.loadBalancers))
      .map((record) =>
        this.#zone.item(
          want.host,
          `${record.type}${record.setIdentifier === undefined ? '' : `[${record.setIdentifier}]`}.target`,
          {
            wanted: want.loadBalancers.map((each) => `alias to ${each}`).join(', '),
            found: sayTarget(record),
            heals: this.#zone.heals(mends),
            severity: 'error',
            remedy: mends
              ? 'Look at the log of ExternalDNS if it does not change it back.'
              : 'Correct the record by hand: ExternalDNS leaves it alone.',
            source: want.source,
            ...this.#zone.calls([want.host], record.type),
          },
        ),
      );
  }

  /** Where the route asks for one record, others between which Route 53 chooses take a part of the visitors elsewhere. */
  #chosen(want: HostWant, records: readonly RecordSet[], owner: Ownership | undefined): readonly Sighting[] {
    const settings = this.#zone.want.externalDns?.settings;
    const several = records.filter(({ setIdentifier }) => setIdentifier !== undefined);
    const asked = `${settings?.annotationPrefix}set-identifier`;
    const wanted = [want.route, ...(want.others ?? [])].some(
      (route) => textMap(route, 'metadata', 'annotations')[asked] !== undefined,
    );
    // Where none leads to the load balancer, each is told by its target.
    if (wanted || !this.#zone.isOurs(owner) || this.#zone.excluded(want) !== undefined) return [];
    if (!several.some((record) => pointsTo(record, want.loadBalancers))) return [];
    return several
      .filter((record) => !pointsTo(record, want.loadBalancers))
      .map((record) =>
        this.#zone.item(want.host, `${record.type}[${record.setIdentifier}]`, {
          wanted: null,
          found: sayTarget(record),
          heals: false,
          severity: 'error',
          remedy: `Delete all records of this name and type, so that ExternalDNS makes the one that the route asks for; or, if they are meant, annotate the route with \`${asked}\`.`,
          source: want.source,
          ...this.#zone.calls([want.host], record.type),
        }),
      );
  }

  /** Browsers that know records of the type HTTPS go where it leads, and by its addresses (RFC 9460). */
  #followed(want: HostWant): readonly Sighting[] {
    const own = ['.', `${want.host}.`, want.host];
    return this.#zone
      .at(want.host)
      .filter(({ type }) => type === 'HTTPS')
      .flatMap(({ type, values }) => {
        const away = values.filter((value) => {
          const [, target = '.'] = value.trim().split(/\s+/);
          return !own.includes(target.toLowerCase()) || /\bipv[46]hint=/i.test(value);
        });
        if (away.length === 0) return [];
        return [
          this.#zone.item(want.host, type, {
            wanted: null,
            found: away.join(', '),
            heals: false,
            severity: 'warning',
            remedy:
              'Remove it, or let it lead to the name itself (`.`) without addresses: browsers follow it in place of the A record.',
            source: want.source,
            ...this.#zone.calls([want.host], type),
          }),
        ];
      });
  }

  /** Only where ExternalDNS keeps a registry of TXT records that can be read. */
  #ownership(want: HostWant, type: 'A' | 'AAAA', owner: Ownership | undefined): readonly Sighting[] {
    const { externalDns } = this.#zone.want;
    const settings = externalDns?.settings;
    if (settings === undefined || settings.registry !== 'txt' || settings.txtEncrypted) return [];
    if (owner?.owner === settings.txtOwnerId || this.#zone.excluded(want) !== undefined) return [];
    const [txt = ''] = ownershipNames(want.host, type, settings, externalDns?.version);
    const value = `heritage=external-dns,external-dns/owner=${settings.txtOwnerId}`;
    return [
      this.#zone.item(want.host, `TXT ${txt}`, {
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
        ...this.#zone.calls(ownershipNames(want.host, type, settings, externalDns?.version), 'TXT'),
      }),
    ];
  }

  /** Name servers of a zone below answer for the host: what stands in this zone is never seen. */
  #delegatedAway({ host, source }: HostWant): readonly Sighting[] {
    return this.#zone.want.records
      .filter(
        ({ name, type }) =>
          type === 'NS' && name !== this.#zone.want.zone.name && (host === name || host.endsWith(`.${name}`)),
      )
      .map(({ name, values }) =>
        this.#zone.item(host, `NS ${name}`, {
          wanted: null,
          found: values.join(', '),
          heals: false,
          severity: 'error',
          remedy: `Remove the delegation of ${name}, or give that zone the records.`,
          source,
          ...this.#zone.calls([name], 'NS'),
        }),
      );
  }

  /** A name below a wildcard of its own domain that somebody else made: visitors of that name do not come to the load balancer. */
  #specific({ host, loadBalancers, source }: HostWant): readonly Sighting[] {
    const { published, zone } = this.#zone.want;
    const suffix = host.slice(1);
    // Below the zone's own wildcard stands whatever else the zone is for: mail, other sites.
    if (suffix === `.${zone.name}`) return [];
    return this.#zone.want.records
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
        this.#zone.item(host, `shadowed by ${record.name}`, {
          wanted: null,
          found: `${record.type} ${sayTarget(record)}`,
          heals: false,
          severity: 'warning',
          remedy: `Remove ${record.name}, or leave it if it is meant to go elsewhere.`,
          source,
          ...this.#zone.calls([record.name], record.type),
        }),
      );
  }
}

export const judgeHost = (zone: ZoneView, want: HostWant): readonly Sighting[] =>
  new HostJudge(zone).judge(want);
