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

export function judgeCluster({ cluster, region }: Setting, seen: ClusterSeen): readonly Finding[] {
  const findings: Finding[] = [];
  const from = `eks:DescribeCluster ${cluster}`;
  const command = (call: string, rest: string): string =>
    `aws eks ${call} --name ${cluster} --region ${region} ${rest}`;
  if (seen.status === 'UPDATING') {
    findings.push(
      finding('notice', 'cluster/updating', `The cluster \`${cluster}\` is being updated.`, {
        hint: 'Its API server may be away for moments: deploy when it is ACTIVE again.',
        evidence: [{ from: `${from} status`, saw: seen.status }],
      }),
    );
  }
  if (seen.version !== '' && !isAtLeast(seen.version, oldest)) {
    findings.push(
      finding(
        'warning',
        'cluster/version-old',
        `Kubernetes ${seen.version} of the cluster \`${cluster}\` does not know all that Gateway API needs: since 1.5 its definitions come with a ValidatingAdmissionPolicy, which Kubernetes serves from ${oldest} on.`,
        {
          hint: `Update the cluster, one minor version at a time, or keep to Gateway API 1.4.\n${command('update-cluster-version', `--kubernetes-version ${next(seen.version)}`)}`,
          evidence: [{ from: `${from} version`, saw: seen.version }],
        },
      ),
    );
  }
  if (seen.authenticationMode === 'CONFIG_MAP') {
    findings.push(
      finding(
        'warning',
        'cluster/config-map-only',
        `The cluster \`${cluster}\` knows no access entries: who may enter stands in the ConfigMap kube-system/aws-auth, which was not checked.`,
        {
          hint: `Move to access entries; what stands in aws-auth stays valid, and there is no way back.\n${command('update-cluster-config', '--access-config authenticationMode=API_AND_CONFIG_MAP')}`,
          evidence: [{ from: `${from} accessConfig.authenticationMode`, saw: 'CONFIG_MAP' }],
        },
      ),
    );
  }
  const { publicAccessCidrs: networks } = seen;
  if (!seen.endpointPublicAccess || (networks.length > 0 && !networks.includes('0.0.0.0/0'))) {
    findings.push(
      finding(
        'notice',
        seen.endpointPublicAccess ? 'cluster/endpoint-restricted' : 'cluster/endpoint-private',
        seen.endpointPublicAccess
          ? `The endpoint of the cluster \`${cluster}\` admits only ${networks.join(', ')}.`
          : `The endpoint of the cluster \`${cluster}\` is private.`,
        {
          hint: "Run every job that deploys on a runner that it admits; GitHub's own runners have changing addresses.",
        },
      ),
    );
  }
  return findings;
}

const next = (version: string): string => {
  const [major = '1', minor = '0'] = version.split('.');
  return `${major}.${Number(minor) + 1}`;
};
