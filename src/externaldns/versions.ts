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

/** The rules of a version, as in its image tag. Without a version the newest. */
export const externalDnsRules = (version: string | undefined): ExternalDnsRules => {
  const renamed = isAtLeast(version, '0.22.0');
  return {
    aliasTypes: renamed ? ['a', 'cname'] : ['cname', 'a'],
    annotationPrefix: renamed ? 'external-dns.kubernetes.io/' : 'external-dns.alpha.kubernetes.io/',
    ...(!renamed && { policy: 'sync' as const }),
    watches: isAtLeast(version, '0.21.0') ? 'v1' : 'v1beta1',
  };
};
