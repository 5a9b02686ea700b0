// Which subnets LBC takes for a load balancer, and why it takes others not (pkg/networking/subnet_resolver.go, v2.14.0 … v3.5.0).
import { field, list, text, texts } from '../bundle/field.ts';
import type { JsonObject, KubernetesObject } from '../bundle/object.ts';
import { featureGates, lbcFlag } from './lbc-settings.ts';

export interface Subnet {
  readonly id: string;
  /** `us-east-1a`. */
  readonly zone: string;
  readonly freeAddresses: number;
  readonly tags: ReadonlyMap<string, string>;
  /** It has an IPv6 network. */
  readonly ipv6: boolean;
  readonly outpost: boolean;
}

/** What a Gateway asks of its subnets. */
export interface SubnetsAsked {
  readonly scheme: 'internal' | 'internet-facing';
  readonly dualStack: boolean;
  /** Ids, or values of the tag `Name`; empty: they are discovered. */
  readonly named: readonly string[];
  /** Tags by which they are discovered in place of the role's. */
  readonly selector: ReadonlyMap<string, readonly string[]>;
}

export interface SubnetRules {
  readonly cluster: string;
  /** Subnets with the tag of another cluster alone are left out. */
  readonly clusterTagCheck: boolean;
  readonly fewest: number;
}

/** Elastic Load Balancing wants as many free addresses in each. */
export const fewestAddresses = 8;

export const roleTag = ({ scheme }: SubnetsAsked): string =>
  scheme === 'internal' ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';

/**
 * @param configuration of the Gateway, merged with its class's
 * @param lbc the controller's Deployment, for the scheme of its flag; without it LBC's own default, internal
 */
export const subnetsAsked = (configuration: JsonObject, lbc: KubernetesObject | undefined): SubnetsAsked => {
  const fallback = lbc && lbcFlag(lbc, 'default-load-balancer-scheme');
  const scheme = text(configuration, 'scheme') ?? fallback;
  const tags = field(configuration, 'loadBalancerSubnetsSelector');
  const keys = typeof tags === 'object' && tags !== null && !Array.isArray(tags) ? Object.keys(tags) : [];
  return {
    scheme: scheme === 'internet-facing' ? 'internet-facing' : 'internal',
    dualStack: text(configuration, 'ipAddressType')?.startsWith('dualstack') ?? false,
    named: list(configuration, 'loadBalancerSubnets').flatMap((each) => text(each, 'identifier') ?? []),
    selector: new Map(keys.map((key) => [key, texts(tags, key)])),
  };
};

/** By the controller's feature gates. */
export const subnetRules = (cluster: string, lbc: KubernetesObject | undefined): SubnetRules => {
  const gates: ReadonlyMap<string, string> = lbc === undefined ? new Map() : featureGates(lbc);
  return {
    cluster,
    clusterTagCheck: gates.get('SubnetsClusterTagCheck') !== 'false',
    fewest: gates.get('ALBSingleSubnet') === 'true' ? 1 : 2,
  };
};

/** A local zone (`us-west-2-lax-1a`) or an outpost: one subnet is enough there. */
const isSpecial = ({ zone, outpost }: Subnet): boolean => outpost || !/^[a-z]+(-[a-z]+)+-\d[a-z]$/.test(zone);

const clusterTag = 'kubernetes.io/cluster/';

const whyNot = (
  { tags, freeAddresses, ipv6 }: Subnet,
  { dualStack }: SubnetsAsked,
  { cluster, clusterTagCheck }: SubnetRules,
): string | undefined => {
  const others = [...tags.keys()].filter((key) => key.startsWith(clusterTag));
  if (clusterTagCheck && others.length > 0 && !others.includes(`${clusterTag}${cluster}`))
    return `is tagged for another cluster (${others[0]})`;
  if (freeAddresses < fewestAddresses)
    return `has ${freeAddresses} free addresses, fewer than ${fewestAddresses}`;
  return dualStack && !ipv6 ? 'has no IPv6 network, which a dualstack load balancer needs' : undefined;
};

export interface Choice {
  /** One a zone. */
  readonly chosen: readonly Subnet[];
  /** Those that fit by their tags and are left out, with the reason as a clause. */
  readonly unfit: readonly { readonly subnet: Subnet; readonly why: string }[];
  /** Fewer zones than an ALB wants. */
  readonly tooFew: boolean;
}

const isTooFew = (subnets: readonly Subnet[], { fewest }: SubnetRules): boolean => {
  const zones = new Set(subnets.map(({ zone }) => zone)).size;
  return zones < (subnets.length > 0 && subnets.every(isSpecial) ? 1 : fewest);
};

/** Of these candidates those that LBC takes. */
export const chooseSubnets = (
  candidates: readonly Subnet[],
  asked: SubnetsAsked,
  rules: SubnetRules,
): Choice => {
  const unfit = candidates.flatMap((subnet) => {
    const why = whyNot(subnet, asked, rules);
    return why === undefined ? [] : [{ subnet, why }];
  });
  const fit = candidates.filter((each) => unfit.every(({ subnet }) => subnet !== each));
  const own = ({ tags }: Subnet): number => (tags.has(`${clusterTag}${rules.cluster}`) ? 0 : 1);
  const sorted = fit.toSorted((one, other) => own(one) - own(other) || (one.id < other.id ? -1 : 1));
  const byZone = new Map(sorted.toReversed().map((subnet) => [subnet.zone, subnet]));
  const chosen = [...byZone.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return { chosen, unfit, tooFew: isTooFew(chosen, rules) };
};

/** Those that carry the role's tag, or all of the selector's. */
export const taggedSubnets = (subnets: readonly Subnet[], asked: SubnetsAsked): readonly Subnet[] => {
  const wanted: ReadonlyMap<string, readonly string[]> =
    asked.selector.size > 0 ? asked.selector : new Map([[roleTag(asked), ['', '1']]]);
  return subnets.filter(({ tags }) =>
    [...wanted].every(([key, values]) => tags.has(key) && values.includes(tags.get(key) ?? '')),
  );
};

/** The subnets that are named, each where it is known. A name may stand for several, one for each time it is written. */
export const namedSubnets = (
  subnets: readonly Subnet[],
  { named }: SubnetsAsked,
): readonly { readonly name: string; readonly subnet?: Subnet }[] => {
  const taken = new Set<Subnet>();
  return named.map((name) => {
    const subnet = subnets
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .find((each) => !taken.has(each) && (each.id === name || each.tags.get('Name') === name));
    if (subnet === undefined) return { name };
    taken.add(subnet);
    return { name, subnet };
  });
};

/** The same zone twice, or fewer zones than an ALB wants. */
export const zoneTrouble = (subnets: readonly Subnet[], rules: SubnetRules): string | undefined => {
  const twice = [...Map.groupBy(subnets, ({ zone }) => zone)].find(([, all]) => all.length > 1);
  if (twice !== undefined)
    return `${twice[1].map(({ id }) => `\`${id}\``).join(' and ')} are both in the zone ${twice[0]}: a load balancer takes one subnet a zone`;
  return isTooFew(subnets, rules)
    ? `they are in ${new Set(subnets.map(({ zone }) => zone)).size} zone, and an ALB wants ${rules.fewest}`
    : undefined;
};
