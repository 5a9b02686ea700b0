// ExternalDNS's settings, as its Deployment gives them: flags, and their twins in the environment.
import { list, text, texts } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { externalDnsRules, type Policy } from './versions.ts';

export interface ExternalDnsSettings {
  readonly txtOwnerId: string;
  readonly txtPrefix: string;
  readonly txtSuffix: string;
  readonly txtWildcardReplacement: string;
  readonly txtEncrypted: boolean;
  /** `txt`, `noop`, `dynamodb`, `aws-sd`, `crd`: only with `txt` are there ownership records. */
  readonly registry: string;
  readonly policy?: Policy;
  readonly sources: readonly string[];
  readonly provider: string;
  readonly domainFilters: readonly string[];
  readonly excludeDomains: readonly string[];
  readonly regexDomainFilter: string;
  readonly regexDomainExclusion: string;
  readonly zoneIdFilters: readonly string[];
  readonly zoneType: string;
  readonly zoneMatchParent: boolean;
  readonly gatewayName: string;
  readonly gatewayNamespace: string;
  readonly gatewayLabelFilter: string;
  /** Follows ListenerSets to their Gateways; from 0.21 on. */
  readonly gatewayListenerSets: boolean;
  readonly namespace: string;
  readonly labelFilter: string;
  readonly annotationFilter: string;
  readonly annotationPrefix: string;
  readonly ignoreHostnameAnnotation: boolean;
  /** Names made of an object's fields, besides those that it names itself. */
  readonly fqdnTemplate: string;
  /** `A`, `AAAA`, `CNAME` … that it writes. */
  readonly recordTypes: readonly string[];
  readonly assumeRole: string;
  readonly dryRun: boolean;
}

type Flags = ReadonlyMap<string, readonly string[]>;

const switches = new Set([
  'dry-run',
  'once',
  'events',
  'txt-encrypt-enabled',
  'aws-zone-match-parent',
  'ignore-hostname-annotation',
  'gateway-listener-sets',
]);

/** `--name=value`, `--name value`, `--switch`, `--no-switch`, as kingpin reads them. */
const flagsOf = (args: readonly string[]): [string, string][] => {
  const found: [string, string][] = [];
  for (const [index, arg] of args.entries()) {
    const [, name, value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === undefined) continue;
    const next = args[index + 1];
    if (value !== undefined) found.push([name, value]);
    else if (name.startsWith('no-')) found.push([name.slice(3), 'false']);
    else if (switches.has(name) || next === undefined || next.startsWith('--')) found.push([name, 'true']);
    else found.push([name, next]);
  }
  return found;
};

/** `EXTERNAL_DNS_DOMAIN_FILTER`: several values stand on lines of their own. */
const twinsOf = (env: readonly Json[]): [string, string][] =>
  env.flatMap((variable) => {
    const name = /^EXTERNAL_DNS_(\w+)$/.exec(text(variable, 'name') ?? '')?.[1];
    if (name === undefined) return [];
    const flag = name.toLowerCase().replaceAll('_', '-');
    return (text(variable, 'value') ?? '').split('\n').map((value): [string, string] => [flag, value]);
  });

/** A flag wins over the environment, whole. */
const gather = (container: Json | undefined): Flags => {
  const flags = flagsOf([...texts(container, 'command').slice(1), ...texts(container, 'args')]);
  const given = new Set(flags.map(([name]) => name));
  const all = [...flags, ...twinsOf(list(container, 'env')).filter(([name]) => !given.has(name))];
  const names = [...new Set(all.map(([name]) => name))];
  return new Map(
    names.map((name) => [name, all.filter((each) => each[0] === name).map(([, value]) => value)]),
  );
};

const policyOf = (value: string | undefined): Policy | undefined =>
  value === 'sync' || value === 'upsert-only' || value === 'create-only' ? value : undefined;

/** The container that runs ExternalDNS: the one whose image ends so, or the only one. */
export const externalDnsContainer = (deployment: KubernetesObject): Json | undefined => {
  const containers = list(deployment, 'spec', 'template', 'spec', 'containers');
  return (
    containers.find((container) => /(^|\/)external-dns[^/]*$/.test(text(container, 'image') ?? '')) ??
    containers[0]
  );
};

/**
 * The settings of a Deployment of ExternalDNS; defaults as in pkg/apis/externaldns/types.go of 0.19 (and 0.22).
 * @param version from the image tag; it decides the defaults of policy and annotation prefix
 */
export const settingsOf = (
  deployment: KubernetesObject,
  version: string | undefined,
): ExternalDnsSettings => {
  const flags = gather(externalDnsContainer(deployment));
  const rules = externalDnsRules(version);
  const one = (name: string, fallback = ''): string => flags.get(name)?.at(-1) ?? fallback;
  // A repeated flag may also hold several values, separated by commas, in filters of domains and zones.
  const many = (name: string): readonly string[] =>
    (flags.get(name) ?? []).flatMap((value) => value.split(',')).flatMap((value) => value.trim() || []);
  const policy = policyOf(one('policy')) ?? rules.policy;
  const managed = many('managed-record-types');
  const excluded = many('exclude-record-types');
  return {
    txtOwnerId: one('txt-owner-id', 'default'),
    txtPrefix: one('txt-prefix'),
    txtSuffix: one('txt-suffix'),
    txtWildcardReplacement: one('txt-wildcard-replacement'),
    txtEncrypted: one('txt-encrypt-enabled') === 'true',
    registry: one('registry', 'txt'),
    ...(policy && { policy }),
    sources: many('source'),
    provider: one('provider'),
    domainFilters: many('domain-filter'),
    excludeDomains: many('exclude-domains'),
    regexDomainFilter: one('regex-domain-filter'),
    regexDomainExclusion: one('regex-domain-exclusion'),
    zoneIdFilters: many('zone-id-filter'),
    zoneType: one('aws-zone-type'),
    zoneMatchParent: one('aws-zone-match-parent') === 'true',
    gatewayName: one('gateway-name'),
    gatewayNamespace: one('gateway-namespace'),
    gatewayLabelFilter: one('gateway-label-filter'),
    gatewayListenerSets: one('gateway-listener-sets') === 'true',
    namespace: one('namespace'),
    labelFilter: one('label-filter'),
    annotationFilter: one('annotation-filter'),
    annotationPrefix: one('annotation-prefix', rules.annotationPrefix),
    ignoreHostnameAnnotation: one('ignore-hostname-annotation') === 'true',
    fqdnTemplate: one('fqdn-template'),
    recordTypes: (managed.length > 0 ? managed : ['A', 'AAAA', 'CNAME']).filter(
      (type) => !excluded.includes(type),
    ),
    assumeRole: one('aws-assume-role'),
    dryRun: one('dry-run') === 'true',
  };
};
