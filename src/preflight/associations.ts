// The pod identity associations of the controllers: there, with the right target role.
import { textMap } from '../bundle/field.ts';
import { refOf } from '../bundle/object.ts';
import type { ClusterReader } from '../chain/cluster.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { notSeen } from './not-seen.ts';
import { accountOf, quoted, type Setting } from './setting.ts';
import { controllerNames, sayWorkload, type Workload } from './workloads.ts';

export interface AssociationSummary {
  readonly id: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface Association extends AssociationSummary {
  readonly roleArn: string;
  readonly targetRoleArn?: string;
  /** What EKS sends as sts:ExternalId when it assumes the target role. */
  readonly externalId?: string;
  /** No session tags are sent. */
  readonly disableSessionTags: boolean;
  readonly modifiedAt?: Date;
}

/** The port to a cluster's pod identity associations. */
export interface AssociationReader {
  list(signal: AbortSignal): Promise<Seen<readonly AssociationSummary[]>>;
  describe(id: string, signal: AbortSignal): Promise<Seen<Association | undefined>>;
}

export interface AssociationSeen {
  readonly all: Seen<readonly AssociationSummary[]>;
  /** Absent where there is none for the workload's service account. */
  readonly own?: Seen<Association | undefined>;
  /** The role of the service account's IRSA annotation. */
  readonly irsa?: string;
}

const serviceAccounts = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' };
const irsaAnnotation = 'eks.amazonaws.com/role-arn';

export async function observeAssociation(
  workload: Workload,
  reader: AssociationReader,
  cluster: ClusterReader | undefined,
  signal: AbortSignal,
): Promise<AssociationSeen> {
  const { namespace, serviceAccount } = workload;
  const all = await reader.list(signal);
  const found =
    'value' in all
      ? all.value.find((each) => each.namespace === namespace && each.serviceAccount === serviceAccount)
      : undefined;
  if (found !== undefined) return { all, own: await reader.describe(found.id, signal) };
  const account = await cluster?.get(serviceAccounts, namespace, serviceAccount, signal);
  const irsa =
    account !== undefined && 'value' in account && account.value !== undefined
      ? textMap(account.value, 'metadata', 'annotations')[irsaAnnotation]
      : undefined;
  return { all, ...(irsa !== undefined && { irsa }) };
}

export const foundAssociation = ({ own }: AssociationSeen): Association | undefined =>
  own !== undefined && 'value' in own ? own.value : undefined;

export function judgeAssociation(
  setting: Setting,
  workload: Workload,
  seen: AssociationSeen,
): readonly Finding[] {
  const { all, own } = seen;
  const what = `The pod identity association of ${sayWorkload(workload)}`;
  if (!('value' in all)) return [notSeen(all, what, setting.roles.eks)];
  if (own === undefined)
    return [seen.irsa === undefined ? missing(setting, workload, all.value) : byIrsa(workload, seen.irsa)];
  if (!('value' in own)) return [notSeen(own, what, setting.roles.eks)];
  return own.value === undefined
    ? [missing(setting, workload, all.value)]
    : judgeTarget(setting, workload, own.value);
}

const rest = (workload: Workload) => ({
  ref: refOf(workload.deployment),
  ...(workload.source && { source: workload.source }),
});

function missing(setting: Setting, workload: Workload, others: readonly AssociationSummary[]): Finding {
  const { cluster, region, accounts } = setting;
  const { namespace, serviceAccount } = workload;
  const target =
    workload.controller === 'externalDns' && accounts.dns !== accounts.eks
      ? ` --target-role-arn arn:aws:iam::${accounts.dns}:role/ROLE_THAT_WRITES_THE_ZONE`
      : '';
  const slip = others.find((each) => each.serviceAccount === serviceAccount || each.namespace === namespace);
  const nearly =
    slip === undefined
      ? ''
      : ` There is one for ${others.map((each) => `\`${each.namespace}/${each.serviceAccount}\``).join(', ')}: both names have to agree.`;
  return finding(
    'error',
    'identity/association-missing',
    `${sayWorkload(workload)} runs as the service account \`${namespace}/${serviceAccount}\`, for which the cluster \`${cluster}\` has no pod identity association: it has no AWS credentials of its own.`,
    {
      ...rest(workload),
      hint: `Create the association (Terraform: \`aws_eks_pod_identity_association\`), then restart the pods.${nearly}\naws eks create-pod-identity-association --cluster-name ${cluster} --region ${region} --namespace ${namespace} --service-account ${serviceAccount} --role-arn arn:aws:iam::${accounts.eks}:role/ROLE_OF_THE_CONTROLLER${target}\n${restart(workload)}`,
      evidence: [
        {
          from: `eks:ListPodIdentityAssociations ${cluster}`,
          saw: others.map((each) => `${each.namespace}/${each.serviceAccount}`).join(', ') || 'none',
        },
      ],
    },
  );
}

const byIrsa = (workload: Workload, role: string): Finding =>
  finding(
    'notice',
    'identity/other-credentials',
    `${sayWorkload(workload)} gets its credentials by IAM roles for service accounts (\`${role}\`), not by EKS Pod Identity; the trust policy of that role was not checked.`,
    { ...rest(workload), hint: 'Nothing has to be done if this is meant.' },
  );

export const restart = ({ namespace, deployment }: Workload): string =>
  `kubectl rollout restart deployment/${deployment.metadata.name} --namespace ${namespace}`;

function judgeTarget(setting: Setting, workload: Workload, association: Association): readonly Finding[] {
  const { accounts, cluster, region } = setting;
  const { targetRoleArn: target, id } = association;
  const update = `aws eks update-pod-identity-association --cluster-name ${cluster} --region ${region} --association-id ${id} --target-role-arn`;
  const evidence = [
    {
      from: `eks:DescribePodIdentityAssociation ${id}`,
      saw: `roleArn ${association.roleArn}, targetRoleArn ${target ?? 'none'}`,
    },
  ];
  const wanted = workload.controller === 'externalDns' ? accounts.dns : accounts.eks;
  const why =
    workload.controller === 'externalDns'
      ? `the hosted zone is in account ${accounts.dns}`
      : `the load balancers belong into account ${accounts.eks}`;
  if (target === undefined) {
    // ExternalDNS may still assume the role by itself.
    if (wanted === accounts.eks || (workload.settings?.assumeRole ?? '') !== '') return [];
    return [
      finding(
        'error',
        'identity/target-role-missing',
        `The pod identity association of ${sayWorkload(workload)} has no target role, and ${why}: it never sees the zone.`,
        {
          ...rest(workload),
          hint: `Give the association the role of account ${accounts.dns} that writes the zone, then restart the pods.\n${update} arn:aws:iam::${accounts.dns}:role/ROLE_THAT_WRITES_THE_ZONE\n${restart(workload)}`,
          evidence,
        },
      ),
    ];
  }
  if (accountOf(target) === wanted) return [];
  return [
    finding(
      'error',
      'identity/target-role-elsewhere',
      `The target role of ${controllerNames[workload.controller]}'s pod identity association, \`${target}\`, is in account ${accountOf(target)}, but ${why}.`,
      {
        ...rest(workload),
        hint: `Name a role of account ${wanted}, then restart the pods: the agent keeps the old credentials for up to 59 minutes.\n${update} ${quoted(`arn:aws:iam::${wanted}:role/ROLE`)}\n${restart(workload)}`,
        evidence,
      },
    ),
  ];
}
