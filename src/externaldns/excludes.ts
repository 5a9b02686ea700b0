// Why ExternalDNS, by its own settings, does not publish a host: the sentence names the flag.
import { text, textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { isOfGateway, isOfListenerSet, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { fitsSelector } from './selector.ts';
import type { ExternalDnsSettings } from './settings.ts';

export interface Published {
  readonly host: string;
  readonly route: KubernetesObject;
  /** The route's Gateways that are known. */
  readonly gateways: readonly KubernetesObject[];
  readonly zone?: { readonly id: string; readonly name: string; readonly private?: boolean };
}

/** matchFilter of endpoint/domain_filter.go (0.19). */
const inDomain = (filters: readonly string[], domain: string): boolean =>
  filters.some((raw) => {
    const filter = raw.toLowerCase().replace(/\.$/, '');
    const dots = (name: string): number => name.split('.').length;
    if (filter.startsWith('.') && domain.endsWith(filter)) return true;
    return dots(domain) === dots(filter) ? domain === filter : domain.endsWith(`.${filter}`);
  });

/** Go's RE2 reads almost all that JavaScript reads; what cannot be compiled here excludes nothing. */
const inRegex = (pattern: string, domain: string): boolean | undefined => {
  try {
    return new RegExp(pattern).test(domain);
  } catch {
    return undefined;
  }
};

type Check = (settings: ExternalDnsSettings, published: Published) => string | undefined;

const bySource: Check = ({ sources }, { route }) => {
  const wanted = `gateway-${route.kind.toLowerCase()}`;
  return sources.includes(wanted)
    ? undefined
    : `ExternalDNS runs without --source=${wanted}; its sources are ${sources.join(', ') || 'none'}`;
};

const byDomain: Check = (settings, { host }) => {
  const { domainFilters, excludeDomains, regexDomainFilter, regexDomainExclusion } = settings;
  if (regexDomainFilter !== '') {
    if (regexDomainExclusion !== '')
      return inRegex(regexDomainExclusion, host) === true
        ? `ExternalDNS's --regex-domain-exclusion=${regexDomainExclusion} excludes ${host}`
        : undefined;
    return inRegex(regexDomainFilter, host) === false
      ? `ExternalDNS's --regex-domain-filter=${regexDomainFilter} does not admit ${host}`
      : undefined;
  }
  if (domainFilters.length > 0 && !inDomain(domainFilters, host))
    return `ExternalDNS's --domain-filter=${domainFilters.join(',')} does not admit ${host}`;
  return inDomain(excludeDomains, host)
    ? `ExternalDNS's --exclude-domains=${excludeDomains.join(',')} excludes ${host}`
    : undefined;
};

const byZone: Check = (settings, { zone }) => {
  if (zone === undefined) return undefined;
  const { zoneIdFilters, zoneType, domainFilters, regexDomainFilter, zoneMatchParent } = settings;
  const sayZone = `the hosted zone ${zone.name} (${zone.id})`;
  if (zoneIdFilters.length > 0 && !zoneIdFilters.some((id) => `/hostedzone/${zone.id}`.endsWith(id)))
    return `ExternalDNS's --zone-id-filter=${zoneIdFilters.join(',')} leaves out ${sayZone}`;
  if (zoneType === 'public' && zone.private === true)
    return `ExternalDNS's --aws-zone-type=public leaves out ${sayZone}, which is private`;
  if (zoneType === 'private' && zone.private !== true)
    return `ExternalDNS's --aws-zone-type=private leaves out ${sayZone}, which is public`;
  const isParent = (filter: string): boolean => filter.toLowerCase().endsWith(`.${zone.name}`);
  if (
    regexDomainFilter === '' &&
    domainFilters.length > 0 &&
    !inDomain(domainFilters, zone.name) &&
    !(zoneMatchParent && domainFilters.some(isParent))
  )
    return `ExternalDNS's --domain-filter=${domainFilters.join(',')} leaves out ${sayZone}: without --aws-zone-match-parent the filter must admit the zone's own name`;
  return undefined;
};

const byGateway: Check = ({ gatewayName, gatewayNamespace, gatewayLabelFilter }, { gateways }) => {
  const reasonFor = (gateway: KubernetesObject): string | undefined => {
    if (gatewayName !== '' && gateway.metadata.name !== gatewayName)
      return `ExternalDNS's --gateway-name=${gatewayName} leaves out ${refOf(gateway)}`;
    if (gatewayNamespace !== '' && namespaceOf(gateway) !== gatewayNamespace)
      return `ExternalDNS's --gateway-namespace=${gatewayNamespace} leaves out ${refOf(gateway)}`;
    return fitsSelector(gatewayLabelFilter, textMap(gateway, 'metadata', 'labels')) === false
      ? `ExternalDNS's --gateway-label-filter=${gatewayLabelFilter} leaves out ${refOf(gateway)}`
      : undefined;
  };
  const reasons = gateways.map(reasonFor);
  return reasons.length > 0 && reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
};

/** pkg/apis/externaldns/types.go, v0.21.0: off unless it is asked for; before, ListenerSets are passed over (source/gateway.go). */
const byListenerSet: Check = ({ gatewayListenerSets }, { route }) => {
  const parents = parentRefsOf(route).filter((parent) => isOfGateway(parent) || isOfListenerSet(parent));
  return gatewayListenerSets || parents.length === 0 || parents.some(isOfGateway)
    ? undefined
    : `ExternalDNS runs without --gateway-listener-sets (0.21 and later have it), and ${refOf(route)} names ListenerSets alone as its parents`;
};

const byRoute: Check = ({ namespace, labelFilter, annotationFilter, annotationPrefix }, { route }) => {
  const ref = refOf(route);
  if (namespace !== '' && namespaceOf(route) !== namespace)
    return `ExternalDNS's --namespace=${namespace} leaves out ${ref}`;
  if (fitsSelector(labelFilter, textMap(route, 'metadata', 'labels')) === false)
    return `ExternalDNS's --label-filter=${labelFilter} leaves out ${ref}`;
  const annotations = textMap(route, 'metadata', 'annotations');
  if (fitsSelector(annotationFilter, annotations) === false)
    return `ExternalDNS's --annotation-filter=${annotationFilter} leaves out ${ref}`;
  const controller = text(annotations, `${annotationPrefix}controller`);
  return controller !== undefined && controller !== 'dns-controller'
    ? `the annotation ${annotationPrefix}controller: ${controller} on ${ref} takes it away from ExternalDNS`
    : undefined;
};

const byMode: Check = ({ dryRun, provider }) => {
  if (dryRun) return 'ExternalDNS runs with --dry-run and writes nothing';
  return provider !== '' && provider !== 'aws'
    ? `ExternalDNS runs with --provider=${provider} and writes nothing to Route 53`
    : undefined;
};

const checks: readonly Check[] = [byMode, bySource, byDomain, byZone, byRoute, byListenerSet, byGateway];

/**
 * A clause that names the setting which keeps ExternalDNS from publishing the host; `undefined` when none does. The rules are
 * those of source/gateway.go, endpoint/domain_filter.go and provider/aws/aws.go of ExternalDNS 0.19. It logs none of this
 * above the level debug.
 */
export const excludedBy = (settings: ExternalDnsSettings, published: Published): string | undefined => {
  for (const check of checks) {
    const reason = check(settings, published);
    if (reason !== undefined) return reason;
  }
  return undefined;
};
