// What preflight looks at: the cluster by name, the accounts, and the roles that the action has assumed.
import { parseArn } from '../access/arn.ts';
import type { Finding } from '../verdict/finding.ts';

export interface Setting {
  readonly cluster: string;
  /** Of the cluster. */
  readonly arn: string;
  readonly region: string;
  /** Account ids. */
  readonly accounts: { readonly eks: string; readonly dns: string };
  /** ARNs of the roles that look: in the EKS account, and for the hosted zone (the same where none is given). */
  readonly roles: { readonly eks: string; readonly dns: string };
}

/** `role/path/name` → `name`, as IAM's calls want it. */
export const roleName = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

export const accountOf = (arn: string): string => parseArn(arn)?.account ?? '';

/** The role of ours that looks into an account. */
export const lookerIn = (setting: Setting, account: string): string =>
  account === setting.accounts.dns && account !== setting.accounts.eks
    ? setting.roles.dns
    : setting.roles.eks;

/** A word for a shell: quoted where it has to be. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A finding about something of an account: what is in the DNS account is its people's job. */
export const inAccount = (setting: Setting, account: string, found: Finding): Finding =>
  account === setting.accounts.dns && account !== setting.accounts.eks
    ? { ...found, owner: 'dns-account' }
    : found;
