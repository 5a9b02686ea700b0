// What the controllers' roles may do, as IAM's policy simulator has it: the first role assumes the second, which writes the zone.
import { partitionOf } from '../access/arn.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Association } from './associations.ts';
import { notSeen } from './not-seen.ts';
import { accountOf, inAccount, lookerIn, quoted, roleName, type Setting } from './setting.ts';
import { controllerNames, type Workload } from './workloads.ts';

export interface Simulated {
  readonly action: string;
  /** `unsure`: a condition asks for more than the simulation knows. */
  readonly decision: 'allowed' | 'denied' | 'explicitly-denied' | 'unsure';
}

/** The port to IAM's simulator of one account. */
export interface PermissionReader {
  simulate(
    roleArn: string,
    actions: readonly string[],
    resource: string,
    signal: AbortSignal,
  ): Promise<Seen<readonly Simulated[]>>;
}

export interface PermissionWant {
  readonly roleArn: string;
  readonly actions: readonly string[];
  readonly resource: string;
}

export interface PermissionSeen {
  readonly want: PermissionWant;
  readonly seen: Seen<readonly Simulated[]>;
}

/** ExternalDNS's; those of LBC fill pages, and LBC names in its events what it lacks. */
export function wantedPermissions(
  setting: Setting,
  association: Association,
  zoneIds: readonly string[],
): readonly PermissionWant[] {
  const { roleArn, targetRoleArn } = association;
  const writer = targetRoleArn ?? roleArn;
  const hop =
    targetRoleArn === undefined
      ? []
      : [
          {
            roleArn,
            // Across accounts the caller's own policy must allow the hop too, tags included.
            actions: association.disableSessionTags
              ? ['sts:AssumeRole']
              : ['sts:AssumeRole', 'sts:TagSession'],
            resource: targetRoleArn,
          },
        ];
  const partition = partitionOf(setting.region).name;
  const zones = zoneIds.map((id) => ({
    roleArn: writer,
    actions: ['route53:ChangeResourceRecordSets', 'route53:ListResourceRecordSets'],
    resource: `arn:${partition}:route53:::hostedzone/${id}`,
  }));
  return [...hop, { roleArn: writer, actions: ['route53:ListHostedZones'], resource: '*' }, ...zones];
}

/** @param readerIn the reader for the account of a role */
export async function observePermissions(
  wanted: readonly PermissionWant[],
  readerIn: (account: string) => PermissionReader,
  signal: AbortSignal,
): Promise<readonly PermissionSeen[]> {
  const all: PermissionSeen[] = [];
  for (const want of wanted) {
    const { roleArn, actions, resource } = want;
    const seen = await readerIn(accountOf(roleArn)).simulate(roleArn, actions, resource, signal);
    all.push({ want, seen });
  }
  return all;
}

export function judgePermissions(
  setting: Setting,
  workload: Workload,
  all: readonly PermissionSeen[],
): readonly Finding[] {
  const name = controllerNames[workload.controller];
  const said = new Set<string>();
  const judge = ({ want, seen }: PermissionSeen): readonly Finding[] => {
    const { roleArn, resource } = want;
    if (!('value' in seen)) {
      // One denial a role says it all.
      if (said.has(roleArn)) return [];
      said.add(roleArn);
      return [notSeen(seen, `What \`${roleArn}\` may do`, lookerIn(setting, accountOf(roleArn)))];
    }
    const lacking = seen.value.filter(({ decision }) => decision === 'denied').map(({ action }) => action);
    const forbidden = seen.value.filter(({ decision }) => decision === 'explicitly-denied');
    return [
      ...(lacking.length === 0 ? [] : [lacks(name, want, lacking)]),
      ...forbidden.map(({ action }) =>
        finding(
          'error',
          'identity/permission-missing',
          `${name}'s role \`${roleArn}\` is denied ${action} on \`${resource}\` by a policy.`,
          {
            hint: 'Find the statement that denies it (identity policy, permissions boundary, SCP): another that allows it does not help.',
          },
        ),
      ),
    ];
  };
  return all.flatMap((each) =>
    judge(each).map((found) => inAccount(setting, accountOf(each.want.roleArn), found)),
  );
}

function lacks(name: string, { roleArn, resource }: PermissionWant, actions: readonly string[]): Finding {
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: resource }],
  };
  return finding(
    'error',
    'identity/permission-missing',
    `${name}'s role \`${roleArn}\` may not ${actions.join(' and ')} on \`${resource}\`.`,
    {
      hint: `Give it a policy that allows it.\naws iam put-role-policy --role-name ${roleName(roleArn)} --policy-name eks-gateway-${actions[0]?.split(':')[0] ?? 'more'} --policy-document ${quoted(JSON.stringify(policy))}`,
    },
  );
}
