// From the cluster's name to a connection whose token is renewed as long as the run lasts.
import { type ClusterDescription, describeCluster } from '../../aws/eks.ts';
import { type EksToken, eksToken } from '../../aws/eks-token.ts';
import { connect, type Kube } from '../../kube/connection.ts';
import { type Discovery, discover, serverVersion } from '../../kube/discovery.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';
import type { SignedIn } from './sign-in.ts';

export interface Cluster {
  readonly description: ClusterDescription;
  readonly kube: Kube;
  readonly discovery: Discovery;
  /** `v1.36.3`: what the API server says of itself. */
  readonly version: string;
  /** A token made now; making one costs no request. */
  readonly freshToken: () => Promise<string>;
}

/** Milliseconds for the first connection, three SYNs: a closed endpoint swallows them, and TCP would try for two minutes. */
const firstConnection = 5_000;

/** A token is renewed this long before its end. */
const margin = 60_000;

/** @throws Problem `cluster/*`. */
export async function reachCluster(run: Run, signedIn: SignedIn): Promise<Cluster> {
  return await connectCluster(run, signedIn, await lookUpCluster(run, signedIn));
}

/** @throws Problem `cluster/*`. */
export async function lookUpCluster(run: Run, signedIn: SignedIn): Promise<ClusterDescription> {
  const { inputs, runner, signal } = run;
  const description = await describeCluster(
    { aws: signedIn.aws, name: inputs.clusterName, credentials: signedIn.cluster },
    signal,
  );
  runner.info(`Cluster ${description.arn}, Kubernetes ${description.version}, ${description.endpoint}`);
  return description;
}

/** @throws Problem `cluster/*`. */
export async function connectCluster(
  run: Run,
  signedIn: SignedIn,
  description: ClusterDescription,
): Promise<Cluster> {
  const { inputs, runner, clock, signal, environment } = run;
  const make = async (): Promise<EksToken> =>
    eksToken({
      clusterName: description.name,
      region: inputs.region,
      credentials: await signedIn.cluster(),
      at: clock.now(),
      mask: (secret) => runner.mask(secret),
    });
  let current: EksToken | undefined;
  const token = async (options?: { readonly fresh: boolean }): Promise<string> => {
    const old = current === undefined || current.expiresAt.getTime() - clock.now().getTime() < margin;
    if (current === undefined || old || options?.fresh === true) current = await make();
    return current.token;
  };
  const { https, none } = environment.proxy;
  const kube = connect({
    endpoint: description.endpoint,
    caData: description.caData,
    token,
    clock,
    principal: (await signedIn.cluster()).arn,
    ...(https !== undefined && { proxy: { https, ...(none !== undefined && { no: none }) } }),
    limits: { connect: firstConnection },
  });
  try {
    const looks = [serverVersion(kube, signal), discover(kube, signal)] as const;
    // What the version's request says of the connection is told first.
    const [version, discovery] = await Promise.allSettled(looks).then(() => Promise.all(looks));
    return { description, kube, discovery, version, freshToken: async () => (await make()).token };
  } catch (error) {
    await kube.close();
    throw explained(error, description, inputs.role);
  }
}

function explained(error: unknown, cluster: ClusterDescription, role: string): unknown {
  if (!(error instanceof Problem)) return error;
  if (error.code === 'cluster/endpoint-unreachable') return namedEndpoint(error, cluster);
  return error.code === 'cluster/no-access-entry' ? withCommand(error, cluster, role) : error;
}

/** What lets the role in, ready to be copied. */
function withCommand(
  error: Problem,
  { name, arn, authenticationMode }: ClusterDescription,
  role: string,
): Problem {
  const { message, evidence, cause } = error;
  const region = arn.split(':')[3] ?? '';
  const hint =
    authenticationMode === 'CONFIG_MAP'
      ? `The cluster knows no access entries (authenticationMode CONFIG_MAP): map ${role} in the ConfigMap kube-system/aws-auth, or move the cluster to API_AND_CONFIG_MAP.`
      : `${error.hint} An administrator of the cluster makes one, and associates an access policy with it or binds one of its groups by RBAC:\naws eks create-access-entry --cluster-name ${name} --region ${region} --principal-arn ${role}`;
  return new Problem(error.code, message, { hint, evidence, cause });
}

/** Why an endpoint cannot be reached is known from DescribeCluster; the network alone would only say "timed out". */
function namedEndpoint(error: Problem, { name, ...cluster }: ClusterDescription): Problem {
  const evidence = [
    ...error.evidence,
    { from: 'API server', saw: error.message },
    {
      from: 'eks:DescribeCluster resourcesVpcConfig',
      saw: `endpointPublicAccess: ${cluster.endpointPublicAccess}, publicAccessCidrs: ${cluster.publicAccessCidrs.join(', ') || 'none'}`,
    },
  ];
  if (!cluster.endpointPublicAccess) {
    return new Problem(
      'cluster/endpoint-private',
      `The endpoint of cluster ${name} is private, and this runner is not in its network.`,
      {
        evidence,
        hint: 'Run the job on a runner inside the VPC (self-hosted, or a larger runner with VPC access), or enable public access to the endpoint.',
        cause: error,
      },
    );
  }
  if (
    cluster.publicAccessCidrs.length > 0 &&
    cluster.publicAccessCidrs.every((cidr) => cidr !== '0.0.0.0/0')
  ) {
    return new Problem(
      'cluster/endpoint-restricted',
      `The endpoint of cluster ${name} admits only ${cluster.publicAccessCidrs.join(', ')}, and this runner's address is not among them.`,
      {
        evidence,
        hint: "Add the runner's outgoing address to publicAccessCidrs, or run the job on a runner inside those networks.",
        cause: error,
      },
    );
  }
  return error;
}
