// Finds the load balancer that has a DNS name: with one call where its own name can be told from it, else among all.
import {
  DescribeLoadBalancersCommand,
  type ElasticLoadBalancingV2Client,
  type LoadBalancer,
  paginateDescribeLoadBalancers,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { hasCode } from './denial.ts';

/**
 * The load balancer's name out of its DNS name, `[internal-]<name>-<hash>.…`: one call instead of all pages. Capitals
 * are lost in a lower-case DNS name, so a miss says nothing yet.
 */
export function nameIn(dnsName: string): string | undefined {
  const [label = ''] = dnsName.split('.');
  return /^(?:internal-)?(.+)-[^-]+$/.exec(label)?.[1];
}

/**
 * @param dnsName in lower case, without the dot at its end
 * @returns `undefined` where there is none
 * @throws whatever the SDK throws
 */
export async function findLoadBalancer(
  client: ElasticLoadBalancingV2Client,
  dnsName: string,
  signal: AbortSignal,
): Promise<LoadBalancer | undefined> {
  const isIt = (found: LoadBalancer): boolean => found.DNSName?.toLowerCase() === dnsName;
  return (await named(client, nameIn(dnsName), signal))?.find(isIt) ?? (await firstOf(client, isIt, signal));
}

async function named(
  client: ElasticLoadBalancingV2Client,
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly LoadBalancer[] | undefined> {
  if (name === undefined) return undefined;
  try {
    const command = new DescribeLoadBalancersCommand({ Names: [name] });
    return (await client.send(command, { abortSignal: signal })).LoadBalancers;
  } catch (error) {
    if (hasCode(error, 'LoadBalancerNotFound')) return undefined;
    throw error;
  }
}

async function firstOf(
  client: ElasticLoadBalancingV2Client,
  isIt: (found: LoadBalancer) => boolean,
  signal: AbortSignal,
): Promise<LoadBalancer | undefined> {
  const pages = paginateDescribeLoadBalancers({ client }, {}, { abortSignal: signal });
  for await (const { LoadBalancers = [] } of pages) {
    const found = LoadBalancers.find(isIt);
    if (found !== undefined) return found;
  }
  return undefined;
}
