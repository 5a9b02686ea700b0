// What an administrator of the two accounts does between runs: IAM policies and EKS access entries.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { layout } from '../../lab/cluster/layout.ts';

export type Account = 'eks' | 'dns';

const host = `${layout.addresses.aws}:${layout.ports.aws}`;

async function signed(
  account: Account,
  service: string,
  request: { readonly method: string; readonly path: string; readonly type?: string; readonly body?: string },
): Promise<string> {
  const signer = new SignatureV4({
    service,
    // IAM is one for all regions; its requests are signed for this one.
    region: layout.region,
    credentials: layout.admin[account],
    sha256: Sha256,
    uriEscapePath: true,
  });
  const { method, path, type, body } = request;
  const { headers } = await signer.sign({
    method,
    protocol: 'http:',
    hostname: host,
    path,
    query: {},
    headers: { host, ...(type !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body }),
  });
  const answer = await fetch(`http://${host}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} ${method} ${path}: ${answer.status} ${text}`);
  return text;
}

/** A call of IAM's Query API; the answer is XML. */
export function iam(account: Account, action: string, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
  return signed(account, 'iam', {
    method: 'POST',
    path: '/',
    type: 'application/x-www-form-urlencoded; charset=utf-8',
    body,
  });
}

/** A call of EKS's REST API, below the lab's cluster: `access-entries`. */
export async function eks(method: string, path: string, body?: unknown): Promise<unknown> {
  const text = await signed('eks', 'eks', {
    method,
    path: `/clusters/${layout.cluster.name}/${path}`,
    ...(body !== undefined && { type: 'application/json', body: JSON.stringify(body) }),
  });
  return JSON.parse(text);
}

const roleOf = async (account: Account, role: string): Promise<string> =>
  iam(account, 'GetRole', { RoleName: role });

export async function trustPolicy(account: Account, role: string): Promise<string> {
  const xml = await roleOf(account, role);
  return decodeURIComponent(/<AssumeRolePolicyDocument>([^<]*)</.exec(xml)?.[1] ?? '');
}

export const setTrustPolicy = (account: Account, role: string, policy: string): Promise<string> =>
  iam(account, 'UpdateAssumeRolePolicy', { RoleName: role, PolicyDocument: policy });

/** The access entry of the role that the action assumes. */
export const deployPrincipal = `arn:aws:iam::${layout.accounts.eks}:role/${layout.roles.deploy}`;
export const clusterAdminPolicy = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';

const entry = `access-entries/${encodeURIComponent(deployPrincipal)}`;

export const deleteAccessEntry = (): Promise<unknown> => eks('DELETE', entry);

/** Without a policy the cluster knows the role, and lets it do nothing. */
export async function createAccessEntry(policy?: string, groups: readonly string[] = []): Promise<void> {
  await eks('POST', 'access-entries', { principalArn: deployPrincipal, kubernetesGroups: groups });
  if (policy !== undefined) {
    await eks('POST', `${entry}/access-policies`, { policyArn: policy, accessScope: { type: 'cluster' } });
  }
}
