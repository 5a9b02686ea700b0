// Counts what the quotas of a region count: its application load balancers and its target groups.
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clock } from '../clock.ts';
import type { RegionReader } from '../preflight/quotas.ts';
import { type AwsSettings, type CredentialSource, elbv2Client } from './clients.ts';
import { look } from './look.ts';

export interface RegionReaderSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

interface Page {
  readonly count: number;
  readonly next: string | undefined;
}

async function countOf(read: (marker: string | undefined) => Promise<Page>): Promise<number> {
  let sum = 0;
  let marker: string | undefined;
  do {
    const { count, next } = await read(marker);
    sum += count;
    marker = next === '' ? undefined : next;
  } while (marker !== undefined);
  return sum;
}

export function regionReader({
  aws,
  credentials,
  clock,
}: RegionReaderSettings): RegionReader & { close(): void } {
  const client = elbv2Client(aws, credentials);
  const counted = (
    action: string,
    signal: AbortSignal,
    read: (Marker: string | undefined) => Promise<Page>,
  ) =>
    look(
      { service: 'Elastic Load Balancing', action: `elasticloadbalancing:${action}`, resource: '*' },
      clock,
      signal,
      () => countOf(read),
    );
  return {
    loadBalancers: (signal) =>
      counted('DescribeLoadBalancers', signal, async (Marker) => {
        const command = new DescribeLoadBalancersCommand({ PageSize: 400, ...(Marker && { Marker }) });
        const { LoadBalancers = [], NextMarker } = await client.send(command, { abortSignal: signal });
        return { count: LoadBalancers.filter(({ Type }) => Type === 'application').length, next: NextMarker };
      }),
    targetGroups: (signal) =>
      counted('DescribeTargetGroups', signal, async (Marker) => {
        const command = new DescribeTargetGroupsCommand({ PageSize: 400, ...(Marker && { Marker }) });
        const { TargetGroups = [], NextMarker } = await client.send(command, { abortSignal: signal });
        return { count: TargetGroups.length, next: NextMarker };
      }),
    close: () => client.destroy(),
  };
}
