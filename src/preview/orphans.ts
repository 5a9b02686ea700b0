// Records below the preview domain that nobody removes any more: ExternalDNS wrote them for a route that is gone.
import type { RecordSet } from '../chain/zone.ts';
import { type Ownership, parseOwnership, recordNames } from '../externaldns/records.ts';
import type { ExternalDnsSettings } from '../externaldns/settings.ts';
import type { Seen } from '../verdict/seen.ts';

/** All that a zone has for a domain. */
export interface DomainReader {
  /** Every record set of the domain and below it, wildcards included; read anew each time. */
  below(zoneId: string, domain: string, signal: AbortSignal): Promise<Seen<readonly RecordSet[]>>;
}

export interface Orphan {
  readonly ownership: RecordSet;
  /** `httproute/<namespace>/<name>` as ExternalDNS wrote it. */
  readonly resource: string;
  /** Address records that it stands for. */
  readonly addresses: readonly RecordSet[];
}

const addressTypes = ['A', 'AAAA', 'CNAME'];
/** Other sources' records (Services, Ingresses, CRDs) cannot be told here from those whose object is gone. */
const ofRoute = /^(http|grpc)route\//;

/**
 * @param records all of the preview domain
 * @param published every hostname that a route in the cluster has, wildcards included
 * @param externalDns only records of its own owner are told: others' are theirs
 */
export const orphansOf = (
  records: readonly RecordSet[],
  published: readonly string[],
  externalDns: { readonly settings: ExternalDnsSettings; readonly version?: string },
): readonly Orphan[] => {
  const { settings, version } = externalDns;
  const ownershipOf = (host: string): readonly string[] => recordNames(host, settings, version).ownership;
  const wanted = new Set(published.map((host) => host.toLowerCase()).flatMap(ownershipOf));
  const addresses = records.filter(({ type }) => addressTypes.includes(type));
  return records.flatMap((ownership) => {
    const owned: Ownership | undefined =
      ownership.type === 'TXT' ? parseOwnership(ownership.values) : undefined;
    const { owner, resource = '' } = owned ?? {};
    if (owner !== settings.txtOwnerId || !ofRoute.test(resource) || wanted.has(ownership.name)) return [];
    return [
      {
        ownership,
        resource,
        addresses: addresses.filter(({ name }) => ownershipOf(name).includes(ownership.name)),
      },
    ];
  });
};
