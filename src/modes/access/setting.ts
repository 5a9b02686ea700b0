// The setting in which checks of the accounts look, out of what the run was given.
import { partitionOf } from '../../access/arn.ts';
import type { Setting } from '../../preflight/setting.ts';
import type { Run } from '../../run.ts';
import type { SignedIn } from './sign-in.ts';

/** @param arn of the cluster, where it is known */
export function settingOf(
  { inputs }: Pick<Run, 'inputs'>,
  { accounts }: Pick<SignedIn, 'accounts'>,
  arn?: string,
): Setting {
  const { clusterName: cluster, region, role, dnsRole } = inputs;
  const composed = `arn:${partitionOf(region).name}:eks:${region}:${accounts.eks}:cluster/${cluster}`;
  return { cluster, arn: arn ?? composed, region, accounts, roles: { eks: role, dns: dnsRole ?? role } };
}
