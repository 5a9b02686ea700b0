// The subnets of the load balancers that are to come: enough of them, in two zones, with room, reachable from outside.
import {
  type Choice,
  chooseSubnets,
  fewestAddresses,
  namedSubnets,
  roleTag,
  type Subnet,
  type SubnetRules,
  type SubnetsAsked,
  taggedSubnets,
  zoneTrouble,
} from '../gateway/subnets.ts';
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { notSeen } from './not-seen.ts';
import { quoted, type Setting } from './setting.ts';

/** The port to a VPC's subnets. */
export interface SubnetReader {
  subnets(vpc: string, signal: AbortSignal): Promise<Seen<readonly Subnet[]>>;
  /** Ids of those whose route table leads to an internet gateway, or through a VPC endpoint that may lead to one. */
  publicOf(vpc: string, ids: readonly string[], signal: AbortSignal): Promise<Seen<ReadonlySet<string>>>;
}

export interface GatewaySubnets {
  /** `Gateway infra/public`. */
  readonly gateway: string;
  readonly source?: Source;
  readonly asked: SubnetsAsked;
  /** It has a load balancer, which keeps its subnets where none are named. */
  readonly standing: boolean;
}

export interface SubnetsSeen {
  readonly subnets: Seen<readonly Subnet[]>;
  /** Absent where nothing depends on it. */
  readonly open?: Seen<ReadonlySet<string>>;
}

const isDiscovered = ({ asked, standing }: GatewaySubnets): boolean => asked.named.length === 0 && !standing;

/** Gateways whose subnets are open to be judged: those that name some, and those that have no load balancer yet. */
const isOpen = (want: GatewaySubnets): boolean => want.asked.named.length > 0 || isDiscovered(want);

/** `undefined` where there is nothing to ask for. */
export async function observeSubnets(
  vpc: string,
  wants: readonly GatewaySubnets[],
  rules: SubnetRules,
  reader: SubnetReader,
  signal: AbortSignal,
): Promise<SubnetsSeen | undefined> {
  const open = wants.filter(isOpen);
  if (open.length === 0) return undefined;
  const subnets = await reader.subnets(vpc, signal);
  if (!('value' in subnets)) return { subnets };
  const all = subnets.value;
  const needed = open.some(
    (want) =>
      want.asked.scheme === 'internet-facing' ||
      (isDiscovered(want) && chooseSubnets(taggedSubnets(all, want.asked), want.asked, rules).tooFew),
  );
  const ids = all.map(({ id }) => id);
  return needed ? { subnets, open: await reader.publicOf(vpc, ids, signal) } : { subnets };
}

export interface Place {
  readonly setting: Setting;
  readonly vpc: string;
  readonly rules: SubnetRules;
  /** Since 2.12.1 LBC takes subnets by their routes where none has the role's tag. */
  readonly byReachability: boolean;
}

export function judgeSubnets(
  place: Place,
  wants: readonly GatewaySubnets[],
  seen: SubnetsSeen | undefined,
): readonly Finding[] {
  if (seen === undefined) return [];
  const { setting, vpc } = place;
  const { subnets, open } = seen;
  if (!('value' in subnets))
    return [notSeen(subnets, `The choice of subnets in the VPC \`${vpc}\``, setting.roles.eks)];
  const reachable = open !== undefined && 'value' in open ? open.value : undefined;
  const judged = wants
    .filter(isOpen)
    .flatMap((want) =>
      want.asked.named.length > 0
        ? judgeNamed(place, want, subnets.value, reachable)
        : judgeDiscovered(place, want, subnets.value, reachable),
    );
  return open !== undefined && !('value' in open)
    ? [...judged, notSeen(open, 'Which subnets are open to the internet', setting.roles.eks)]
    : judged;
}

const at = ({ gateway, source }: GatewaySubnets) => ({ ref: gateway, ...(source && { source }) });

const sayAll = (subnets: readonly Subnet[]): string => subnets.map(({ id }) => `\`${id}\``).join(', ');

const list = ({ setting, vpc }: Place): string =>
  `aws ec2 describe-subnets --region ${setting.region} --filters Name=vpc-id,Values=${vpc} --query 'Subnets[].[SubnetId,AvailabilityZone,AvailableIpAddressCount,CidrBlock]' --output table`;

const seenAs = ({ id, zone, freeAddresses, tags }: Subnet) => ({
  from: `ec2:DescribeSubnets ${id}`,
  saw: `${zone}, ${freeAddresses} free addresses, tags ${[...tags.keys()].filter((key) => key.startsWith('kubernetes.io/')).join(', ') || 'none of Kubernetes'}`,
});

function judgeNamed(
  place: Place,
  want: GatewaySubnets,
  subnets: readonly Subnet[],
  reachable: ReadonlySet<string> | undefined,
): readonly Finding[] {
  const all = namedSubnets(subnets, want.asked);
  const missing = all.flatMap(({ name, subnet }) => (subnet === undefined ? [name] : []));
  const unfit = (says: string, hint: string): Finding =>
    finding('error', 'gateway/subnets-unfit', `The subnets that ${want.gateway} names do not do: ${says}.`, {
      ...at(want),
      hint: `${hint}\n${list(place)}`,
      evidence: all.flatMap(({ subnet }) => (subnet === undefined ? [] : [seenAs(subnet)])),
    });
  if (missing.length > 0)
    return [
      unfit(
        `the VPC \`${place.vpc}\` of the cluster has no ${missing.map((name) => `\`${name}\``).join(', ')}`,
        'Correct `loadBalancerSubnets` (an id, or the value of the tag `Name`); these are there.',
      ),
    ];
  const found = all.flatMap(({ subnet }) => subnet ?? []);
  const zones = zoneTrouble(found, place.rules);
  if (zones !== undefined)
    return [unfit(zones, 'Name one subnet in each of two zones in `loadBalancerSubnets`; these are there.')];
  const narrow = found.filter(({ freeAddresses }) => !want.standing && freeAddresses < fewestAddresses);
  const blind = found.filter(({ ipv6 }) => want.asked.dualStack && !ipv6);
  const hint = 'Name others in `loadBalancerSubnets`; these are there.';
  return [
    ...(narrow.length === 0
      ? []
      : [unfit(`fewer than ${fewestAddresses} addresses are free in ${sayAll(narrow)}`, hint)]),
    ...(blind.length === 0
      ? []
      : [unfit(`${sayAll(blind)} have no IPv6 network, which a dualstack load balancer needs`, hint)]),
    ...judgeOpen(place, want, found, reachable),
  ];
}

/** An internet-facing load balancer in a subnet without a way out is built, and nobody reaches it there. */
function judgeOpen(
  { setting, vpc }: Place,
  want: GatewaySubnets,
  chosen: readonly Subnet[],
  reachable: ReadonlySet<string> | undefined,
): readonly Finding[] {
  if (want.asked.scheme === 'internal' || reachable === undefined) return [];
  const closed = chosen.filter(({ id }) => !reachable.has(id));
  if (closed.length === 0) return [];
  return [
    finding(
      'warning',
      'gateway/subnets-private',
      `The load balancer of ${want.gateway} is internet-facing, and would stand in ${sayAll(closed)}, from which no route leads to an internet gateway: nobody outside reaches it there.`,
      {
        ...at(want),
        hint: `Take the tag away from private subnets and give it to public ones, or name public ones in \`loadBalancerSubnets\`. This shows where each subnet's routes lead.\naws ec2 describe-route-tables --region ${setting.region} --filters Name=vpc-id,Values=${vpc} --query 'RouteTables[].{subnets:Associations[].SubnetId,main:Associations[].Main,ways:Routes[].GatewayId}'`,
        evidence: closed.map(seenAs),
      },
    ),
  ];
}

function judgeDiscovered(
  place: Place,
  want: GatewaySubnets,
  subnets: readonly Subnet[],
  reachable: ReadonlySet<string> | undefined,
): readonly Finding[] {
  const { asked } = want;
  const tagged = taggedSubnets(subnets, asked);
  const fallback = tagged.length === 0 && asked.selector.size === 0 && place.byReachability;
  const fitting = ({ id }: Subnet): boolean =>
    reachable === undefined || reachable.has(id) === (asked.scheme === 'internet-facing');
  // What cannot be known is not judged: the look that failed says so.
  if (fallback && reachable === undefined) return [];
  const choice = chooseSubnets(fallback ? subnets.filter(fitting) : tagged, asked, place.rules);
  if (!choice.tooFew) return judgeOpen(place, want, choice.chosen, reachable);
  return [tooFew(place, want, choice, fallback ? 'routes' : 'tags', subnets.filter(fitting))];
}

function tooFew(
  place: Place,
  want: GatewaySubnets,
  { chosen, unfit }: Choice,
  by: 'routes' | 'tags',
  candidates: readonly Subnet[],
): Finding {
  const { vpc, rules } = place;
  const { asked } = want;
  const tags = [...asked.selector].map(([key, values]) => `${key}=${values.join('|')}`).join(', ');
  const kind =
    by === 'routes'
      ? `${asked.scheme === 'internal' ? 'private' : 'public'} subnets (none is tagged \`${roleTag(asked)}\`)`
      : `subnets tagged \`${tags || roleTag(asked)}\``;
  const rest = unfit.map(({ subnet, why }) => `\`${subnet.id}\` ${why}`).join('; ');
  return finding(
    'error',
    'gateway/subnets-unfit',
    `The controller will find ${chosen.length === 0 ? 'no subnet' : `subnets in ${chosen.length} zone`} for the load balancer of ${want.gateway}, and an ALB wants ${rules.fewest}: it looks for ${kind} in the VPC \`${vpc}\`.${rest === '' ? '' : ` ${rest}.`}`,
    {
      ...at(want),
      hint: mend(place, want, candidates),
      evidence: [...chosen, ...unfit.map(({ subnet }) => subnet)].map(seenAs),
    },
  );
}

/** One subnet in each of two zones, of those that would do. */
function mend(place: Place, { asked }: GatewaySubnets, candidates: readonly Subnet[]): string {
  const { region } = place.setting;
  const best = chooseSubnets(candidates, asked, place.rules);
  if (best.tooFew)
    return `Create subnets in two zones, each with at least ${fewestAddresses} free addresses, and tag them. These are there.\n${list(place)}`;
  const [[key, values] = [roleTag(asked), ['1']]] = [...asked.selector];
  const tag =
    asked.selector.size > 0 ? `Key=${key},Value=${values[0] ?? ''}` : `Key=${roleTag(asked)},Value=1`;
  const ids = best.chosen.map(({ id }) => id).join(' ');
  return `Tag subnets in two zones (these would do), or name them in \`loadBalancerSubnets\` of its LoadBalancerConfiguration.\naws ec2 create-tags --region ${region} --resources ${ids} --tags ${quoted(tag)}`;
}
