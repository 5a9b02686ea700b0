// Counts what the quotas of a region count: its application load balancers and its target groups.
import {
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
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

/** Entries on a page, at most. */
const pageSize = 400;

export function regionReader(settings: RegionReaderSettings): RegionReader & { close(): void } {
  const { aws, credentials, clock } = settings;
  const client = elbv2Client(aws, credentials);
  const counted = (action: string, signal: AbortSignal, count: () => Promise<number>) =>
    look(
      { service: 'Elastic Load Balancing', action: `elasticloadbalancing:${action}`, resource: '*' },
      clock,
      signal,
      count,
    );
  return {
    loadBalancers: (signal) =>
      counted('DescribeLoadBalancers', signal, async () => {
        let count = 0;
        const pages = paginateDescribeLoadBalancers(
          { client },
          { PageSize: pageSize },
          { abortSignal: signal },
        );
        for await (const { LoadBalancers = [] } of pages)
          count += LoadBalancers.filter(({ Type }) => Type === 'application').length;
        return count;
      }),
    targetGroups: (signal) =>
      counted('DescribeTargetGroups', signal, async () => {
        let count = 0;
        const pages = paginateDescribeTargetGroups(
          { client },
          { PageSize: pageSize },
          { abortSignal: signal },
        );
        for await (const { TargetGroups = [] } of pages) count += TargetGroups.length;
        return count;
      }),
    close: () => client.destroy(),
  };
}
