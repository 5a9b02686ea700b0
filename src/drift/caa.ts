// CAA records, which say what authorities may issue for a domain: where they leave Amazon's out, ACM renews nothing.
import type { HostedZone, RecordSet } from '../chain/zone.ts';
import type { Sighting } from './item.ts';
import { recordTrace } from './traces.ts';

/** ACM User Guide, "Configure a CAA record": any of these will do. */
const amazons = ['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com'];

const withoutWildcard = (domain: string): string => domain.replace(/^\*\./, '');

/** The names at which an authority looks, nearest first, as far as the zone reaches (RFC 8659, section 3). */
export const caaNames = (domain: string, { name: zone }: Pick<HostedZone, 'name'>): readonly string[] => {
  const labels = withoutWildcard(domain).split('.');
  return labels
    .map((_, index) => labels.slice(index).join('.'))
    .filter((name) => name === zone || name.endsWith(`.${zone}`));
};

interface Property {
  readonly tag: string;
  /** Without its parameters; empty: nobody. */
  readonly issuer: string;
}

const propertiesOf = ({ values }: RecordSet): readonly Property[] =>
  values.flatMap((value) => {
    const [, tag, text] = /^\s*\d+\s+(\w+)\s+"?([^"]*)"?\s*$/.exec(value) ?? [];
    if (tag === undefined || text === undefined) return [];
    return [{ tag: tag.toLowerCase(), issuer: (text.split(';')[0] ?? '').trim().toLowerCase() }];
  });

/** For a wildcard `issuewild` counts in place of `issue`, where there is one; without either everybody may (RFC 8659, 4.2, 4.3). */
const deciding = (domain: string, properties: readonly Property[]): readonly Property[] => {
  const wild = domain.startsWith('*.') ? properties.filter(({ tag }) => tag === 'issuewild') : [];
  return wild.length > 0 ? wild : properties.filter(({ tag }) => tag === 'issue');
};

/** @param records of `caaNames`, of any type */
export const judgeCaa = (
  domain: string,
  zone: Pick<HostedZone, 'id' | 'name'>,
  records: readonly RecordSet[],
): readonly Sighting[] => {
  const found = caaNames(domain, zone)
    .map((name) => records.find((each) => each.name === name && each.type === 'CAA'))
    .find((record) => record !== undefined);
  if (found === undefined) return [];
  const those = deciding(domain, propertiesOf(found));
  const [first] = those;
  if (first === undefined || those.some(({ issuer }) => amazons.includes(issuer))) return [];
  const wanted = `0 ${first.tag} "amazon.com"`;
  return [
    {
      layer: 'route53',
      ref: `Record ${found.name}`,
      path: 'CAA',
      wanted,
      found: found.values.join(', '),
      heals: false,
      severity: 'warning',
      remedy: `Add ${wanted} to it: without, ACM may not renew the certificate for ${domain}.`,
      trace: recordTrace(zone.id, [found.name], 'CAA'),
    },
  ];
};
