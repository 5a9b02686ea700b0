// How much of the quotas of Elastic Load Balancing is used: of the region, and of each load balancer.
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Setting } from './setting.ts';

interface Quota {
  readonly says: string;
  /** Where it has not been read: what AWS gives every account. */
  readonly usual: number;
  /** Of Service Quotas; absent: it cannot be raised. */
  readonly code?: string;
}

/** By the names of `elasticloadbalancing:DescribeAccountLimits`, which gives what holds for the account. */
const quotas = {
  'application-load-balancers': {
    says: 'application load balancers',
    usual: 50,
    code: 'L-53DA6B97',
  },
  'target-groups': { says: 'target groups', usual: 3000, code: 'L-B22855CB' },
  'rules-per-application-load-balancer': { says: 'rules', usual: 100, code: 'L-7EED9B64' },
  'target-groups-per-application-load-balancer': { says: 'target groups', usual: 100 },
  'listeners-per-application-load-balancer': { says: 'listeners', usual: 50, code: 'L-B6DF7632' },
  // The default certificates of its listeners are not counted.
  'certificates-per-application-load-balancer': { says: 'certificates', usual: 25, code: 'L-9365A611' },
} as const satisfies Readonly<Record<string, Quota>>;

export type QuotaName = keyof typeof quotas;

/** The port to what the region holds. */
export interface RegionReader {
  loadBalancers(signal: AbortSignal): Promise<Seen<number>>;
  targetGroups(signal: AbortSignal): Promise<Seen<number>>;
}

export interface Used {
  /** `load balancer of Gateway infra/public`, `region eu-west-1`. */
  readonly of: string;
  readonly ref?: string;
  readonly counts: Partial<Readonly<Record<QuotaName, number>>>;
  /** Load balancers that the next deploy will make. */
  readonly coming?: number;
}

export type Limits = ReadonlyMap<string, number>;

/** From this part of a quota on it is said. */
const nearly = 0.8;

const names = Object.keys(quotas).filter((name): name is QuotaName => name in quotas);

const counted = ({ counts, coming = 0 }: Used, limits: Limits | undefined) =>
  names.flatMap((name) => {
    const now = counts[name];
    if (now === undefined) return [];
    const more = name === 'application-load-balancers' ? coming : 0;
    return [{ name, now, more, limit: limits?.get(name) ?? quotas[name].usual }];
  });

/** `rules 12 of 100 (88 left), listeners 2 of 50 (48 left)`. */
export const sayUsed = (used: Used, limits: Limits | undefined): string =>
  counted(used, limits)
    .map(
      ({ name, now, limit }) => `${quotas[name].says} ${now} of ${limit} (${Math.max(0, limit - now)} left)`,
    )
    .join(', ');

/** @param limits `undefined`: they could not be read, and AWS's usual ones stand in */
export const judgeUsed = (
  { region }: Pick<Setting, 'region'>,
  used: Used,
  limits: Limits | undefined,
): readonly Finding[] =>
  counted(used, limits).flatMap(({ name, now, more, limit }) => {
    if (now + more <= nearly * limit) return [];
    const quota: Quota = quotas[name];
    const coming = more === 0 ? '' : `, and the next deploy makes ${more}`;
    const usual = limits?.has(name) ? '' : " (AWS's usual quota)";
    return [
      finding(
        now + more > limit ? 'error' : 'warning',
        'gateway/quota',
        `The ${used.of} has ${now} of ${limit} ${quota.says}${usual}${coming}.`,
        {
          ...(used.ref !== undefined && { ref: used.ref }),
          hint:
            quota.code === undefined
              ? 'This quota cannot be raised: use a second Gateway.'
              : `Ask AWS for more${used.ref === undefined ? '' : ', or use a second Gateway'}.\naws service-quotas request-service-quota-increase --region ${region} --service-code elasticloadbalancing --quota-code ${quota.code} --desired-value ${limit * 2}`,
          evidence: [
            {
              from: `elasticloadbalancing:DescribeAccountLimits ${name}`,
              saw: limits?.has(name) ? String(limit) : 'not read',
            },
          ],
        },
      ),
    ];
  });
