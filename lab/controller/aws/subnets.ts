// Which subnets a load balancer goes into: those of the VPC that carry the role's tag, else those that reach the internet as the scheme wants it; one a zone.
import { type Access, callEc2, element } from './signed.ts';

export type Scheme = 'internal' | 'internet-facing';

interface Subnet {
  id: string;
  zone: string;
  freeAddresses: number;
  clusters: string[];
}

const LEAST_FREE_ADDRESSES = 8;
const LEAST_SUBNETS = 2;
const CLUSTER_TAG = 'kubernetes.io/cluster/';

export async function chooseSubnets(
  access: Access,
  vpcId: string,
  clusterName: string,
  scheme: Scheme,
): Promise<string[]> {
  const role = scheme === 'internet-facing' ? 'kubernetes.io/role/elb' : 'kubernetes.io/role/internal-elb';
  const tagged = await describe(access, vpcId, role);
  const subnets = tagged.length > 0 ? tagged : await byReachability(access, vpcId, scheme);
  const foreign = subnets.filter(
    (subnet) => subnet.clusters.length > 0 && !subnet.clusters.includes(clusterName),
  );
  const full = subnets.filter(
    (subnet) => !foreign.includes(subnet) && subnet.freeAddresses < LEAST_FREE_ADDRESSES,
  );
  const fit = subnets.filter((subnet) => !foreign.includes(subnet) && !full.includes(subnet));
  const byZone = new Map<string, string>();
  for (const subnet of fit.sort((one, other) => (one.id < other.id ? -1 : 1))) {
    if (!byZone.has(subnet.zone)) byZone.set(subnet.zone, subnet.id);
  }
  if (byZone.size === 0) {
    throw new Error(
      `couldn't auto-discover subnets: unable to resolve at least one subnet. Evaluated ${subnets.length} subnets: ` +
        `${foreign.length} are tagged for other clusters, and ${full.length} have insufficient available IP addresses`,
    );
  }
  if (byZone.size < LEAST_SUBNETS) {
    throw new Error(
      `couldn't auto-discover subnets: subnets count less than minimal required count: ${byZone.size} < ${LEAST_SUBNETS}`,
    );
  }
  return [...byZone.values()].sort();
}

/** Those that a configuration names by id are to be there, whatever their tags. */
export async function namedSubnets(access: Access, ids: readonly string[]): Promise<string[]> {
  const input = Object.fromEntries(ids.map((id, index) => [`SubnetId.${index + 1}`, id]));
  try {
    await callEc2(access, 'DescribeSubnets', input);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`failed to list subnets by names or IDs: ${words}`, { cause: error });
  }
  return [...ids];
}

async function describe(access: Access, vpcId: string, role?: string): Promise<Subnet[]> {
  const xml = await callEc2(access, 'DescribeSubnets', {
    'Filter.1.Name': 'vpc-id',
    'Filter.1.Value.1': vpcId,
    ...(role !== undefined && {
      'Filter.2.Name': `tag:${role}`,
      'Filter.2.Value.1': '',
      'Filter.2.Value.2': '1',
    }),
  });
  // A subnet's own element is the only kind of item that holds a subnetId.
  return xml
    .split('<subnetId>')
    .slice(1)
    .map((part) => {
      const text = `<subnetId>${part}`;
      return {
        id: element(text, 'subnetId') ?? '',
        zone: element(text, 'availabilityZone') ?? '',
        freeAddresses: Number(element(text, 'availableIpAddressCount') ?? '0'),
        clusters: [...text.matchAll(/<key>([^<]*)<\/key>/g)]
          .map(([, key]) => key ?? '')
          .filter((key) => key.startsWith(CLUSTER_TAG))
          .map((key) => key.slice(CLUSTER_TAG.length)),
      };
    });
}

/** Public subnets for a load balancer that faces the internet, the others for one that does not. */
async function byReachability(access: Access, vpcId: string, scheme: Scheme): Promise<Subnet[]> {
  const xml = await callEc2(access, 'DescribeRouteTables', {
    'Filter.1.Name': 'vpc-id',
    'Filter.1.Value.1': vpcId,
  });
  const tables = xml
    .split('<routeSet>')
    .slice(1)
    .map((text) => {
      const [routes = '', rest = ''] = text.split('</routeSet>');
      return {
        isPublic: routes.includes('<gatewayId>igw'),
        isMain: rest.includes('<main>true</main>'),
        subnets: [...rest.matchAll(/<subnetId>([^<]*)<\/subnetId>/g)].map(([, id]) => id),
      };
    });
  const isPublic = ({ id }: Subnet): boolean =>
    (tables.find(({ subnets }) => subnets.includes(id)) ?? tables.find(({ isMain }) => isMain))?.isPublic ??
    false;
  const all = await describe(access, vpcId);
  return all.filter((subnet) => isPublic(subnet) === (scheme === 'internet-facing'));
}
