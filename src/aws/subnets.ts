// Reads the subnets of a VPC, and which of them lead to the internet.
import {
  EC2Client,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  type RouteTable,
  type Subnet as SdkSubnet,
} from '@aws-sdk/client-ec2';
import type { Clock } from '../clock.ts';
import type { Subnet } from '../gateway/subnets.ts';
import type { SubnetReader } from '../preflight/subnets.ts';
import { type AwsSettings, type CredentialSource, configuration } from './clients.ts';
import { look } from './look.ts';

export interface SubnetReaderSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

export function subnetReader(settings: SubnetReaderSettings): SubnetReader & { close(): void } {
  const { aws, credentials, clock } = settings;
  const client = new EC2Client({ ...configuration(aws), credentials });
  const asking = (action: string) => ({ service: 'EC2', action: `ec2:${action}`, resource: '*' });
  return {
    subnets: (vpc, signal) =>
      look(asking('DescribeSubnets'), clock, signal, async () =>
        (await subnetsIn(client, vpc, signal)).map(subnetOf),
      ),
    publicOf: (vpc, ids, signal) =>
      look(asking('DescribeRouteTables'), clock, signal, async () =>
        openOnes(ids, await routeTablesIn(client, vpc, signal)),
      ),
    close: () => client.destroy(),
  };
}

const inVpc = (vpc: string) => ({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] });

async function subnetsIn(client: EC2Client, vpc: string, signal: AbortSignal): Promise<readonly SdkSubnet[]> {
  const all: SdkSubnet[] = [];
  const pages = paginateDescribeSubnets({ client }, inVpc(vpc), { abortSignal: signal });
  for await (const { Subnets = [] } of pages) all.push(...Subnets);
  return all;
}

async function routeTablesIn(
  client: EC2Client,
  vpc: string,
  signal: AbortSignal,
): Promise<readonly RouteTable[]> {
  const all: RouteTable[] = [];
  const pages = paginateDescribeRouteTables({ client }, inVpc(vpc), { abortSignal: signal });
  for await (const { RouteTables = [] } of pages) all.push(...RouteTables);
  return all;
}

const subnetOf = (found: SdkSubnet): Subnet => ({
  id: found.SubnetId ?? '',
  zone: found.AvailabilityZone ?? '',
  freeAddresses: found.AvailableIpAddressCount ?? 0,
  tags: new Map((found.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  ipv6: (found.Ipv6CidrBlockAssociationSet ?? []).some(
    ({ Ipv6CidrBlockState }) => Ipv6CidrBlockState?.State === 'associated',
  ),
  outpost: found.OutpostArn !== undefined && found.OutpostArn !== '',
});

const leadsOut = ({ Routes = [] }: RouteTable): boolean =>
  Routes.some(({ GatewayId = '' }) => /^(igw|vpce)-/.test(GatewayId));

/** A subnet that no table names has the VPC's main one. */
const openOnes = (ids: readonly string[], tables: readonly RouteTable[]): ReadonlySet<string> => {
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
  const tableOf = (id: string): RouteTable | undefined =>
    tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === id)) ?? main;
  return new Set(
    ids.filter((id) => {
      const table = tableOf(id);
      return table !== undefined && leadsOut(table);
    }),
  );
};
