// Reads what the run needs to know of the EKS cluster.
import {
  type Cluster,
  DescribeClusterCommand,
  type EKSClient,
  ListClustersCommand,
} from '@aws-sdk/client-eks';
import { parseArn, partitionOf } from '../access/arn.ts';
import { Problem } from '../verdict/problem.ts';
import { type AwsSettings, eksClient } from './clients.ts';
import type { SessionSource } from './credentials.ts';
import { denialOf, hasCode, permissionOf, sentenceOf } from './denial.ts';

export interface ClusterDescription {
  readonly name: string;
  readonly arn: string;
  /** `https://…`. */
  readonly endpoint: string;
  /** PEM, base64. */
  readonly caData: string;
  /** Of Kubernetes: `1.36`. */
  readonly version: string;
  readonly status: string;
  readonly accountId: string;
  readonly vpcId?: string;
  readonly endpointPublicAccess: boolean;
  /** Networks that may reach a public endpoint; all when it has `0.0.0.0/0`. */
  readonly publicAccessCidrs: readonly string[];
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`: only the first two know access entries. */
  readonly authenticationMode?: string;
  /** EKS Auto Mode: the pod identity agent is part of its nodes. */
  readonly autoMode?: true;
}

export interface ClusterRequest {
  readonly aws: AwsSettings;
  readonly name: string;
  readonly credentials: SessionSource;
}

/** awscli's `update-kubeconfig` takes the same two (customizations/eks/update_kubeconfig.py). */
const usable: readonly string[] = ['ACTIVE', 'UPDATING'];

/**
 * The cluster as EKS describes it.
 * @throws Problem `cluster/not-found`, `cluster/describe-denied`, `cluster/not-active`, `cluster/describe-failed`, and
 * those of the credentials.
 */
export async function describeCluster(
  request: ClusterRequest,
  signal: AbortSignal,
): Promise<ClusterDescription> {
  const { aws, name, credentials } = request;
  const session = await credentials();
  const client = eksClient(aws, credentials);
  try {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }), { abortSignal: signal });
    return described(name, cluster ?? {}, session.accountId);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    if (hasCode(error, 'ResourceNotFound'))
      throw await notFound(request, session.accountId, client, error, signal);
    throw refused(request, session, error);
  } finally {
    client.destroy();
  }
}

function described(name: string, cluster: Cluster, fallbackAccount: string): ClusterDescription {
  const { arn = '', endpoint, status = 'unknown', resourcesVpcConfig: vpc } = cluster;
  const caData = cluster.certificateAuthority?.data;
  if (!usable.includes(status) || endpoint === undefined || caData === undefined) {
    throw new Problem('cluster/not-active', `The cluster ${name} is ${status}, not ACTIVE.`, {
      hint:
        status === 'CREATING' || status === 'PENDING'
          ? 'Wait until it is ACTIVE and run again.'
          : 'See its health in the EKS console; a cluster that is deleted or failed cannot be deployed to.',
      evidence: (cluster.health?.issues ?? []).map(({ code = 'issue', message = '' }) => ({
        from: `EKS cluster ${name}, health`,
        saw: `${code}: ${message}`,
      })),
    });
  }
  const mode = cluster.accessConfig?.authenticationMode;
  return {
    name: cluster.name ?? name,
    arn,
    endpoint,
    caData,
    version: cluster.version ?? '',
    status,
    accountId: parseArn(arn)?.account || fallbackAccount,
    ...(vpc?.vpcId !== undefined && { vpcId: vpc.vpcId }),
    endpointPublicAccess: vpc?.endpointPublicAccess ?? true,
    publicAccessCidrs: vpc?.publicAccessCidrs ?? [],
    ...(mode !== undefined && { authenticationMode: mode }),
    ...(cluster.computeConfig?.enabled === true && { autoMode: true }),
  };
}

async function notFound(
  { name, aws }: ClusterRequest,
  account: string,
  client: EKSClient,
  cause: unknown,
  signal: AbortSignal,
): Promise<Problem> {
  const names = await clusterNames(client, signal);
  const others =
    names === undefined
      ? 'The role may not list clusters, so which ones there are is not known.'
      : names.length === 0
        ? `There is no cluster in ${aws.region} at all.`
        : `There ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}.`;
  return new Problem('cluster/not-found', `Account ${account} has no cluster ${name} in ${aws.region}.`, {
    hint: `Correct \`cluster-name\` or \`aws-region\`, or assume a role of the cluster's account. ${others}`,
    cause,
  });
}

/** `undefined` when they may not be listed: the names are a courtesy. */
async function clusterNames(client: EKSClient, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const { clusters = [] } = await client.send(new ListClustersCommand({}), { abortSignal: signal });
    return [...clusters].sort();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function refused(
  { name, aws }: ClusterRequest,
  session: { readonly accountId: string; readonly arn: string },
  error: unknown,
): Problem {
  const denial = denialOf(error);
  const evidence = [{ from: `EKS in ${aws.region}`, saw: sentenceOf(error) }];
  if (denial === undefined) {
    return new Problem(
      'cluster/describe-failed',
      `The cluster ${name} could not be described: ${sentenceOf(error)}.`,
      {
        hint: `Check that the job can reach EKS in ${aws.region} (proxy, firewall), and run again.`,
        evidence,
        cause: error,
      },
    );
  }
  const resource = `arn:${partitionOf(aws.region).name}:eks:${aws.region}:${session.accountId}:cluster/${name}`;
  const permission = permissionOf(denial, 'eks:DescribeCluster', resource);
  const principal = denial.principal ?? session.arn;
  const what = `the cluster ${name} in ${aws.region}`;
  return new Problem('cluster/describe-denied', `${principal} may not describe ${what}.`, {
    // A role that may see one cluster is denied every other name, whether there is such a cluster or not.
    hint: denial.explicit
      ? `A policy denies ${permission}: find the statement (identity policy, permissions boundary, SCP) that forbids it.`
      : `Check \`cluster-name\` and \`aws-region\` first: a wrong one is denied in the same way. If it is ${what} that is meant, add to the role's policy: ${permission}.`,
    evidence,
    cause: error,
  });
}
