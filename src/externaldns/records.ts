// The names and values of the records that ExternalDNS keeps for a host.
import type { ExternalDnsSettings } from './settings.ts';
import { externalDnsRules } from './versions.ts';

export interface RecordNames {
  /** Where the alias A and AAAA (or the CNAME) stand. */
  readonly host: string;
  /** Where an ownership TXT may stand, the version's own name first; no name twice. */
  readonly ownership: readonly string[];
}

type Naming = Pick<ExternalDnsSettings, 'txtPrefix' | 'txtSuffix' | 'txtWildcardReplacement'>;

const plain: Naming = { txtPrefix: '', txtSuffix: '', txtWildcardReplacement: '' };

const template = '%{record_type}';

/** toTXTName of registry/txt.go (0.19): affixes and type go into the first label, before or behind it. */
const ownershipName = (host: string, type: string | undefined, naming: Naming): string => {
  const [first = '', ...rest] = host.split('.');
  const label = first === '*' && naming.txtWildcardReplacement ? naming.txtWildcardReplacement : first;
  const { txtPrefix, txtSuffix } = naming;
  const templated = txtPrefix.includes(template) || txtSuffix.includes(template);
  const affix = (value: string): string => value.replaceAll(template, type ?? '').toLowerCase();
  const typed = type === undefined || templated ? label : `${type}-${label}`;
  return [`${affix(txtPrefix)}${typed}${affix(txtSuffix)}`, ...rest].join('.');
};

/**
 * The names to read for a host. Typed names (`cname-`, `a-`, `aaaa-`) are written since 0.12, the bare one was written until
 * 0.17 and is still read; a wildcard keeps its `*` unless `--txt-wildcard-replacement` is set.
 * @param settings absent when ExternalDNS was not found: its defaults
 */
export const recordNames = (host: string, settings: Naming = plain, version?: string): RecordNames => ({
  host,
  ownership: [
    ...new Set(
      [...externalDnsRules(version).aliasTypes, 'aaaa', undefined].map((type) =>
        ownershipName(host, type, settings),
      ),
    ),
  ],
});

/** Where the ownership of a host's A (or of the CNAME in its stead) or of its AAAA may stand, the usual name first. */
export const ownershipNames = (
  host: string,
  type: 'A' | 'AAAA',
  settings: Naming = plain,
  version?: string,
): readonly string[] => [
  ...new Set(
    [...(type === 'A' ? externalDnsRules(version).aliasTypes : ['aaaa']), undefined].map((each) =>
      ownershipName(host, each, settings),
    ),
  ),
];

/**
 * The ownership records that this version writes beside an alias (A and AAAA), an address or a CNAME; none without a
 * registry of TXT records. Only of an alias the type in the name depends on the version (registry/txt.go, isAlias).
 */
export const writtenOwnership = (
  host: string,
  kind: 'alias' | 'A' | 'AAAA' | 'CNAME',
  settings: Naming & Pick<ExternalDnsSettings, 'registry'>,
  version?: string,
): readonly string[] => {
  if (settings.registry !== 'txt') return [];
  const [first = 'a'] = externalDnsRules(version).aliasTypes;
  const types = kind === 'alias' ? [first, 'aaaa'] : [kind.toLowerCase()];
  return types.map((type) => ownershipName(host, type, settings));
};

export interface Ownership {
  readonly owner: string;
  /** `httproute/<namespace>/<name>` as ExternalDNS writes it. */
  readonly resource?: string;
}

/** TXT data as Route 53 stores it: one or more quoted strings, which count as one. */
const unquote = (value: string): string => {
  const strings = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = '']) => inner);
  return (strings.length > 0 ? strings.join('') : value).replaceAll(/\\(["\\])/g, '$1');
};

/**
 * The ownership that the values of a TXT record set declare (`heritage=external-dns,external-dns/owner=…`); `undefined`
 * when none of them is ExternalDNS's own, or when they are encrypted.
 */
export const parseOwnership = (txtValues: readonly string[]): Ownership | undefined => {
  for (const value of txtValues) {
    const pairs = new Map(
      unquote(value)
        .split(',')
        .map((pair): [string, string] => {
          const [key = '', ...rest] = pair.split('=');
          return [key.trim(), rest.join('=')];
        }),
    );
    const owner = pairs.get('external-dns/owner');
    const resource = pairs.get('external-dns/resource');
    if (pairs.get('heritage') === 'external-dns' && owner !== undefined)
      return { owner, ...(resource !== undefined && { resource }) };
  }
  return undefined;
};
