// The access entry by which the cluster knows the role that deploys, and how far its policies reach.

import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { notSeen } from './not-seen.ts';
import { quoted, type Setting } from './setting.ts';

export interface AccessEntry {
  readonly groups: readonly string[];
}

export interface AccessPolicy {
  /** `arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`. */
  readonly arn: string;
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[];
}

/** The port to a cluster's access entries. */
export interface AccessReader {
  /** `undefined` when the cluster has none for the principal. */
  entry(principal: string, signal: AbortSignal): Promise<Seen<AccessEntry | undefined>>;
  policies(principal: string, signal: AbortSignal): Promise<Seen<readonly AccessPolicy[]>>;
}

export interface AccessWant {
  /** From DescribeCluster. */
  readonly authenticationMode?: string;
  /** Whether the API server has let the role in. */
  readonly admitted: boolean;
  /** The bundle has definitions or charts, whose roles and classes are not in any namespace. */
  readonly clusterWide: boolean;
}

export interface AccessSeen {
  readonly entry: Seen<AccessEntry | undefined>;
  readonly policies?: Seen<readonly AccessPolicy[]>;
}

export async function observeAccess(
  setting: Setting,
  reader: AccessReader,
  signal: AbortSignal,
): Promise<AccessSeen> {
  const entry = await reader.entry(setting.roles.eks, signal);
  if ('value' in entry && entry.value === undefined) return { entry };
  return { entry, policies: await reader.policies(setting.roles.eks, signal) };
}

const admin = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';

export function judgeAccess(setting: Setting, want: AccessWant, seen: AccessSeen): readonly Finding[] {
  if (want.authenticationMode === 'CONFIG_MAP') return [];
  const role = setting.roles.eks;
  const what = `The access entry of \`${role}\` in the cluster \`${setting.cluster}\``;
  const { entry, policies } = seen;
  const findings: Finding[] = [];
  if (!('value' in entry)) findings.push(notSeen(entry, what, role));
  else if (entry.value === undefined) return want.admitted ? [] : [missing(setting)];
  if (policies === undefined) return findings;
  if (!('value' in policies))
    return [...findings, notSeen(policies, `What the cluster lets \`${role}\` do`, role)];
  // Groups may be bound to anything by RBAC; only where there are none do the policies say all.
  if (!('value' in entry) || entry.value === undefined || entry.value.groups.length > 0) return findings;
  if (policies.value.length === 0) return [...findings, powerless(setting)];
  const everywhere = policies.value.some(({ namespaces }) => namespaces.length === 0);
  return want.clusterWide && !everywhere ? [...findings, narrow(setting, policies.value)] : findings;
}

const entryCommand = ({ cluster, region, roles }: Setting, call: string): string =>
  `aws eks ${call} --cluster-name ${cluster} --region ${region} --principal-arn ${quoted(roles.eks)}`;

const associate = (setting: Setting): string =>
  `${entryCommand(setting, 'associate-access-policy')} --policy-arn ${admin} --access-scope type=cluster`;

const missing = (setting: Setting): Finding =>
  finding(
    'error',
    'cluster/no-access-entry',
    `The cluster \`${setting.cluster}\` does not know the role \`${setting.roles.eks}\`: it has no access entry.`,
    {
      hint: `Let an administrator of the cluster make one, and give it a policy (or bind one of its groups by RBAC).\n${entryCommand(setting, 'create-access-entry')}\n${associate(setting)}`,
    },
  );

const powerless = (setting: Setting): Finding =>
  finding(
    'error',
    'cluster/access-too-narrow',
    `The cluster \`${setting.cluster}\` knows the role \`${setting.roles.eks}\`, and lets it do nothing: its access entry has neither a policy nor a group.`,
    { hint: `Associate an access policy with it.\n${associate(setting)}` },
  );

const narrow = (setting: Setting, policies: readonly AccessPolicy[]): Finding =>
  finding(
    'warning',
    'cluster/access-too-narrow',
    `The role \`${setting.roles.eks}\` has access to some namespaces only; custom resource definitions, GatewayClasses and the charts' cluster roles belong to none.`,
    {
      hint: `Give it the scope of the cluster, or let another role install them.\n${associate(setting)}`,
      evidence: policies.map(({ arn, namespaces }) => ({
        from: arn,
        saw: `namespaces ${namespaces.join(', ')}`,
      })),
    },
  );
