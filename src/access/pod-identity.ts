// What EKS Pod Identity asks of AWS STS, and the trust policies that admit it.
import { parseArn } from './arn.ts';
import type { Context } from './conditions.ts';
import type { TrustRequest } from './trust-evaluation.ts';

export interface PodIdentity {
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** False where the association disables them. */
  readonly sessionTags: boolean;
  /** Of the association; EKS sends it to the target role where tags are disabled. */
  readonly externalId?: string;
}

const service = 'pods.eks.amazonaws.com';

/** What EKS tags a session with, as far as it is known before there is a pod (EKS user guide, pod-id-abac). */
const tagsOf = (identity: PodIdentity): Readonly<Record<string, string>> => ({
  'eks-cluster-arn': identity.clusterArn,
  'eks-cluster-name': identity.clusterName,
  'kubernetes-namespace': identity.namespace,
  'kubernetes-service-account': identity.serviceAccount,
});

const allTags = [
  'eks-cluster-arn',
  'eks-cluster-name',
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid',
];

const tagged = (identity: PodIdentity, prefix: string): Context =>
  identity.sessionTags
    ? Object.fromEntries(
        Object.entries(tagsOf(identity)).map(([name, value]) => [`${prefix}/${name}`, value]),
      )
    : {};

/** With tags, sts:TagSession is asked for besides; each is allowed or not by itself. */
const actionsOf = ({ sessionTags }: PodIdentity): readonly string[] =>
  sessionTags ? ['sts:AssumeRole', 'sts:TagSession'] : ['sts:AssumeRole'];

/** How EKS assumes the role of an association. */
export const associationRequests = (identity: PodIdentity): readonly TrustRequest[] =>
  actionsOf(identity).map((action) => ({
    action,
    principal: service,
    context: {
      ...tagged(identity, 'aws:RequestTag'),
      ...(identity.sessionTags && { 'aws:TagKeys': allTags, 'sts:TransitiveTagKeys': allTags }),
      'aws:SourceArn': identity.clusterArn,
      'aws:SourceAccount': parseArn(identity.clusterArn)?.account ?? '',
    },
  }));

/** How EKS then assumes the target role, from the session of the association's role. */
export const targetRequests = (identity: PodIdentity, roleArn: string): readonly TrustRequest[] =>
  actionsOf(identity).map((action) => ({
    action,
    principal: roleArn,
    context: {
      ...tagged(identity, 'aws:RequestTag'),
      ...tagged(identity, 'aws:PrincipalTag'),
      ...(identity.sessionTags && { 'aws:TagKeys': allTags, 'sts:TransitiveTagKeys': allTags }),
      'aws:PrincipalArn': roleArn,
      'aws:PrincipalAccount': parseArn(roleArn)?.account ?? '',
      ...(!identity.sessionTags &&
        identity.externalId !== undefined && { 'sts:ExternalId': identity.externalId }),
    },
  }));

/**
 * Whether the context of such a request is known for a key: that a key is not in it then means that the request does not
 * have it. Names of pods are not known, and what depends on the caller's organisation or network is not modelled.
 */
export function isKnownKey(key: string): boolean {
  const name = key.toLowerCase();
  if (/kubernetes-pod-(name|uid)$/.test(name)) return false;
  return /^aws:(requesttag|principaltag)\/|^aws:(principalarn|principalaccount|sourcearn|sourceaccount|tagkeys)$|^sts:(externalid|transitivetagkeys)$/.test(
    name,
  );
}

interface Statement {
  readonly Effect: 'Allow';
  readonly Principal: object;
  readonly Action: readonly string[];
  readonly Condition?: object;
}

/** The statement that admits an association to its role. */
export const associationTrust = (identity: PodIdentity): Statement => ({
  Effect: 'Allow',
  Principal: { Service: service },
  Action: actionsOf(identity),
});

/**
 * The statement that admits this association, and no other pod, to its target role (EKS user guide,
 * pod-id-assign-target-role): by its session tags, or by its external id where they are disabled.
 */
export function targetTrust(identity: PodIdentity, roleArn: string): Statement {
  const { partition = 'aws', account = '' } = parseArn(roleArn) ?? {};
  const { 'eks-cluster-name': _name, ...pinned } = tagsOf(identity);
  const byTags = Object.fromEntries(
    Object.entries(pinned).map(([name, value]) => [`aws:RequestTag/${name}`, value]),
  );
  return {
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: actionsOf(identity),
    Condition: {
      StringEquals: identity.sessionTags ? byTags : { 'sts:ExternalId': identity.externalId ?? '' },
      ArnEquals: { 'aws:PrincipalArn': roleArn },
    },
  };
}
