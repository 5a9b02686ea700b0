// What ExternalDNS does differently from version to version, as far as we read what it wrote.
import { isAtLeast } from '../gateway/versions.ts';

export type Policy = 'sync' | 'upsert-only' | 'create-only';

export interface ExternalDnsRules {
  /**
   * Record types in the names of the ownership TXT records of an alias A, the version's own first. 0.22 writes `a-`
   * and still reads `cname-` (external-dns 6523); both may stand in one zone.
   */
  readonly aliasTypes: readonly ('a' | 'cname')[];
  /** Prefix of its annotations when `--annotation-prefix` (from 0.20) is not set (external-dns 6424). */
  readonly annotationPrefix: string;
  /** What holds without `--policy`; none from 0.22 on, where the flag is required (external-dns 6508). */
  readonly policy?: Policy;
  /** Version of Gateway and HTTPRoute that it watches (external-dns 6291). */
  readonly watches: 'v1' | 'v1beta1';
}

interface Row {
  readonly rule: keyof ExternalDnsRules | 'annotationPrefixFlag';
  /** The first version that does it. */
  readonly from: string;
  readonly does: string;
  /** "ran here": what 0.19.0 does in the lab; the other side of the difference is from the source. */
  readonly evidence: 'ran here' | 'from source';
  readonly source: string;
}

/** Each difference between 0.18 and 0.22, with the version since which it holds and how we know. */
export const externalDnsRows: readonly Row[] = [
  {
    rule: 'aliasTypes',
    from: '0.18.0',
    does: 'cname-, and never the bare name again; the bare one is still read',
    evidence: 'ran here',
    source: 'registry/txt.go at v0.17.0 (newFormatOnly) and v0.18.0; the zone in the lab',
  },
  {
    rule: 'aliasTypes',
    from: '0.22.0',
    does: 'a-; cname- is still read, with a warning',
    evidence: 'from source',
    source: 'registry/txt/registry.go at v0.21.0 and v0.22.0 (isAliasARecord)',
  },
  {
    rule: 'annotationPrefixFlag',
    from: '0.20.0',
    does: '--annotation-prefix',
    evidence: 'from source',
    source: 'pkg/apis/externaldns/types.go at v0.19.0 and v0.20.0',
  },
  {
    rule: 'annotationPrefix',
    from: '0.22.0',
    does: 'external-dns.kubernetes.io/ without the flag',
    evidence: 'from source',
    source: 'pkg/apis/externaldns/types.go at v0.21.0 and v0.22.0; before, external-dns.alpha… ran here',
  },
  {
    rule: 'policy',
    from: '0.22.0',
    does: '--policy has to be given; before, sync',
    evidence: 'from source',
    source: 'pkg/apis/externaldns/validation/validation.go at v0.22.0',
  },
  {
    rule: 'watches',
    from: '0.21.0',
    does: 'Gateways and routes as v1; before, v1beta1',
    evidence: 'from source',
    source: 'source/gateway.go at v0.20.0 and v0.21.0 (informers)',
  },
];

/** The first version of which the newest row of a rule speaks. */
const since = (rule: Row['rule']): string =>
  externalDnsRows.findLast((row) => row.rule === rule)?.from ?? '0.18.0';

/** The rules of a version, as in its image tag. Without a version the newest. */
export const externalDnsRules = (version: string | undefined): ExternalDnsRules => {
  const has = (rule: Row['rule']): boolean => isAtLeast(version, since(rule));
  return {
    aliasTypes: has('aliasTypes') ? ['a', 'cname'] : ['cname', 'a'],
    annotationPrefix: has('annotationPrefix')
      ? 'external-dns.kubernetes.io/'
      : 'external-dns.alpha.kubernetes.io/',
    ...(!has('policy') && { policy: 'sync' as const }),
    watches: has('watches') ? 'v1' : 'v1beta1',
  };
};
