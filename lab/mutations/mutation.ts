// One change that somebody makes behind the repository's back, what a drift check must say of it, and how it is mended.
import { execFileSync } from 'node:child_process';
import {
  ChangeResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { layout } from '../cluster/layout.ts';

export interface Mutation {
  /** A sentence: `kubectl set image`. */
  readonly name: string;
  readonly layer: 'kubernetes' | 'helm' | 'route53' | 'aws' | 'https';
  /** `Deployment shop/shop`. */
  readonly ref: string | RegExp;
  readonly path: string | RegExp;
  /** The author, where one can be known. */
  readonly by?: string;
  /** Who mends it by itself; absent: nobody. */
  readonly heals?: string;
  readonly make: () => void | Promise<void>;
  /** Absent: the family's own way of mending does it. */
  readonly mend?: () => void | Promise<void>;
}

/** Mutations that stand together: made one after the other, found by one check, mended, and gone in the next. */
export interface Family {
  readonly name: string;
  readonly mutations: readonly Mutation[];
  readonly mend?: () => void | Promise<void>;
  /** How long the check waits for whoever mends them, where that has to be known; a second otherwise. */
  readonly recheck?: string;
  /** Somebody mends them within a minute: where that one was faster than the check, they are made anew. */
  readonly hurried?: true;
}

export const kubectl = (...args: string[]): string =>
  execFileSync('kubectl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const zone = (): string => process.env['LAB_HOSTED_ZONE_ID'] ?? '';

const clientOf = (account: 'eks' | 'dns') => ({
  region: layout.region,
  credentials: layout.admin[account],
  endpoint: `http://${layout.addresses.aws}:${layout.ports.aws}`,
});

/** Settings of the SDK's clients, as an administrator of the account. */
export const asAdmin = clientOf;

/** As CloudTrail names that administrator. */
export const adminOf = (account: 'eks' | 'dns'): string =>
  `arn:aws:iam::${layout.accounts[account]}:user/lab-admin`;

const route53 = new Route53Client(clientOf('dns'));

type RecordChange = readonly [action: 'UPSERT' | 'DELETE', record: ResourceRecordSet];

/** All of them at once, so that ExternalDNS sees no state between. */
export async function changeRecords(...changes: readonly RecordChange[]): Promise<void> {
  const Changes = changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet }));
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone(), ChangeBatch: { Changes } }));
}

export const changeRecord = (...change: RecordChange): Promise<void> => changeRecords(change);
