// What ACM looks for in the zones before it renews a certificate: the records that prove its domains, and leave to issue.
import type { WholeZoneReader } from '../../chain/zone.ts';
import { caaNames, judgeCaa } from '../../drift/caa.ts';
import { isProvedByRecords, judgeProof } from '../../drift/certificates.ts';
import type { Sighting } from '../../drift/item.ts';
import type { AcmCertificate } from '../../preflight/certificates.ts';
import { proofsOf } from '../../preflight/renewal.ts';

/** Zones and records that may not be read are told by their own layer. */
async function ofDomain(
  domain: string,
  zones: WholeZoneReader,
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const known = await zones.zones(domain.replace(/^\*\./, ''), signal);
  const open = 'value' in known ? known.value.find((zone) => !zone.private) : undefined;
  if (open === undefined) return [];
  const sets = await zones.records(open.id, caaNames(domain, open), signal);
  return 'value' in sets ? judgeCaa(domain, open, sets.value) : [];
}

/** @param certificates in use */
export async function lookAtCertificateRecords(
  certificates: readonly AcmCertificate[],
  zones: WholeZoneReader,
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const proved = certificates.filter(isProvedByRecords);
  const sightings = (await proofsOf(proved, zones, signal)).flatMap(judgeProof);
  const domains = new Set(proved.flatMap(({ names }) => names));
  for (const domain of domains) sightings.push(...(await ofDomain(domain, zones, signal)));
  return sightings;
}
