// Reads a load balancer: does it exist, is it up, under which name.
import {
  DescribeLoadBalancersCommand,
  type ElasticLoadBalancingV2Client,
  type LoadBalancer,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clock } from '../clock.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, elbv2Client } from './clients.ts';
import { denialOf, hasCode, permissionOf, sentenceOf } from './denial.ts';

export interface LoadBalancerDescription {
  readonly arn: string;
  /** `provisioning`, `active`, `active_impaired`, `failed`. */
  readonly state: string;
  /** Why it is in that state, where AWS says so. */
  readonly reason?: string;
  /** `internet-facing` or `internal`. */
  readonly scheme: string;
  /** Lower case, no trailing dot. */
  readonly dnsName: string;
  /** Hosted zone that an alias to it names. */
  readonly zoneId: string;
}

export interface LoadBalancerReader {
  /** By ARN or DNS name; `undefined` when there is none. Never throws but for the signal's abort. */
  describe(arnOrDnsName: string, signal: AbortSignal): Promise<Seen<LoadBalancerDescription | undefined>>;
}

export function loadBalancerReader(settings: {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}): LoadBalancerReader {
  const { aws, credentials, clock } = settings;
  const client = elbv2Client(aws, credentials);
  return {
    describe: async (arnOrDnsName, signal) => {
      try {
        const found = await find(client, arnOrDnsName.replace(/\.$/, ''), signal);
        return { at: clock.now(), value: found && described(found) };
      } catch (error) {
        signal.throwIfAborted();
        const denial = denialOf(error);
        const at = clock.now();
        if (denial === undefined) {
          return {
            at,
            failed: `Elastic Load Balancing did not answer as it should: ${sentenceOf(error)}.`,
            cause: error,
          };
        }
        return { at, denied: permissionOf(denial, 'elasticloadbalancing:DescribeLoadBalancers', '*') };
      }
    },
  };
}

async function find(
  client: ElasticLoadBalancingV2Client,
  arnOrDnsName: string,
  signal: AbortSignal,
): Promise<LoadBalancer | undefined> {
  if (arnOrDnsName.startsWith('arn:')) {
    return await one(client, { LoadBalancerArns: [arnOrDnsName] }, () => true, signal);
  }
  const dnsName = arnOrDnsName.toLowerCase();
  const sameName = (found: LoadBalancer): boolean => found.DNSName?.toLowerCase() === dnsName;
  const name = nameIn(dnsName);
  const byName = name && (await one(client, { Names: [name] }, sameName, signal));
  return byName || (await one(client, {}, sameName, signal));
}

/**
 * The load balancer's name out of its DNS name, `[internal-]<name>-<hash>.…`: one call instead of all pages. Capitals
 * are lost in a lower-case DNS name, so a miss says nothing yet.
 */
export function nameIn(dnsName: string): string | undefined {
  const [label = ''] = dnsName.split('.');
  return /^(?:internal-)?(.+)-[^-]+$/.exec(label)?.[1];
}

async function one(
  client: ElasticLoadBalancingV2Client,
  filter: { readonly Names?: string[]; readonly LoadBalancerArns?: string[] },
  wanted: (found: LoadBalancer) => boolean,
  signal: AbortSignal,
): Promise<LoadBalancer | undefined> {
  let marker: string | undefined;
  do {
    try {
      const command = new DescribeLoadBalancersCommand({
        ...filter,
        ...(marker !== undefined && { Marker: marker }),
      });
      const page = await client.send(command, { abortSignal: signal });
      const found = page.LoadBalancers?.find(wanted);
      if (found !== undefined) return found;
      marker = page.NextMarker;
    } catch (error) {
      if (hasCode(error, 'LoadBalancerNotFound')) return undefined;
      throw error;
    }
  } while (marker !== undefined && marker !== '');
  return undefined;
}

const described = (found: LoadBalancer): LoadBalancerDescription => ({
  arn: found.LoadBalancerArn ?? '',
  state: found.State?.Code ?? 'unknown',
  ...(found.State?.Reason !== undefined && { reason: found.State.Reason }),
  scheme: found.Scheme ?? 'unknown',
  dnsName: (found.DNSName ?? '').toLowerCase(),
  zoneId: found.CanonicalHostedZoneId ?? '',
});
