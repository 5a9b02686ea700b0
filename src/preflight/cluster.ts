// The cluster itself: status, version of Kubernetes, who reaches its endpoint, how it knows people.
import { isAtLeast } from '../gateway/versions.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Setting } from './setting.ts';

/** What DescribeCluster says, as far as it is judged. */
export interface ClusterSeen {
  readonly status: string;
  /** Of Kubernetes: `1.36`. */
  readonly version: string;
  readonly endpointPublicAccess: boolean;
  readonly publicAccessCidrs: readonly string[];
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`. */
  readonly authenticationMode?: string;
  /** EKS Auto Mode: its nodes have the pod identity agent built in. */
  readonly autoMode?: true;
}

/** ValidatingAdmissionPolicy, which Gateway API brings since 1.5, is served as v1 since Kubernetes 1.30. */
const oldest = '1.30';

export function judgeCluster(setting: Setting, seen: ClusterSeen): readonly Finding[] {
  return [updating, age, authentication, endpoint].flatMap((judge) => judge(setting, seen) ?? []);
}

const commandOn = ({ cluster, region }: Setting, call: string, rest: string): string =>
  `aws eks ${call} --name ${cluster} --region ${region} ${rest}`;

const evidenceOf = ({ cluster }: Setting, what: string, saw: string) => [
  { from: `eks:DescribeCluster ${cluster} ${what}`, saw },
];

const updating = (setting: Setting, { status }: ClusterSeen): Finding | undefined =>
  status !== 'UPDATING'
    ? undefined
    : finding('notice', 'cluster/updating', `The cluster \`${setting.cluster}\` is being updated.`, {
        hint: 'Its API server may be away for moments: deploy when it is ACTIVE again.',
        evidence: evidenceOf(setting, 'status', status),
      });

function age(setting: Setting, { version }: ClusterSeen): Finding | undefined {
  if (version === '' || isAtLeast(version, oldest)) return undefined;
  return finding(
    'warning',
    'cluster/version-old',
    `Kubernetes ${version} of the cluster \`${setting.cluster}\` does not know all that Gateway API needs: since 1.5 its definitions come with a ValidatingAdmissionPolicy, which Kubernetes serves from ${oldest} on.`,
    {
      hint: `Update the cluster, one minor version at a time, or keep to Gateway API 1.4.\n${commandOn(setting, 'update-cluster-version', `--kubernetes-version ${next(version)}`)}`,
      evidence: evidenceOf(setting, 'version', version),
    },
  );
}

function authentication(setting: Setting, { authenticationMode }: ClusterSeen): Finding | undefined {
  if (authenticationMode !== 'CONFIG_MAP') return undefined;
  return finding(
    'warning',
    'cluster/config-map-only',
    `The cluster \`${setting.cluster}\` knows no access entries: who may enter stands in the ConfigMap kube-system/aws-auth, which was not checked.`,
    {
      hint: `Move to access entries; what stands in aws-auth stays valid, and there is no way back.\n${commandOn(setting, 'update-cluster-config', '--access-config authenticationMode=API_AND_CONFIG_MAP')}`,
      evidence: evidenceOf(setting, 'accessConfig.authenticationMode', authenticationMode),
    },
  );
}

function endpoint({ cluster }: Setting, seen: ClusterSeen): Finding | undefined {
  const { endpointPublicAccess: isPublic, publicAccessCidrs: networks } = seen;
  if (isPublic && (networks.length === 0 || networks.includes('0.0.0.0/0'))) return undefined;
  return finding(
    'notice',
    isPublic ? 'cluster/endpoint-restricted' : 'cluster/endpoint-private',
    isPublic
      ? `The endpoint of the cluster \`${cluster}\` admits only ${networks.join(', ')}.`
      : `The endpoint of the cluster \`${cluster}\` is private.`,
    {
      hint: "Run every job that deploys on a runner that it admits; GitHub's own runners have changing addresses.",
    },
  );
}

const next = (version: string): string => {
  const [major = '1', minor = '0'] = version.split('.');
  return `${major}.${Number(minor) + 1}`;
};
