// Faults of the roles: the run's own, ExternalDNS's, and the pod identity association between them.
import { layout } from '../../lab/cluster/layout.ts';
import { eks, setTrustPolicy, trustPolicy } from '../dist/admin.ts';
import { setKnobs } from '../dist/lab-control.ts';
import type { Fault } from './fault.ts';
import { allowAgain, controllers, deny, restart, seeded } from './world.ts';

const { accounts, roles } = layout;
const kept = new Map<string, string>();

async function changeTrust(
  account: 'eks' | 'dns',
  role: string,
  change: (policy: string) => string,
): Promise<void> {
  const policy = await trustPolicy(account, role);
  kept.set(role, policy);
  await setTrustPolicy(account, role, change(policy));
}

const restoreTrust = (account: 'eks' | 'dns', role: string): Promise<string> =>
  setTrustPolicy(account, role, kept.get(role) ?? '');

const association = (): string => `pod-identity-associations/${seeded().associationIds['external-dns']}`;

/** ExternalDNS's session in the DNS account, or in the EKS account. */
const target = `arn:aws:sts::${accounts.dns}:assumed-role/${roles.externalDnsTarget}/`;

export const signInFaults: readonly Fault[] = [
  {
    name: 'sign-in-trust',
    family: 'sign-in',
    what: "The role's trust policy names another repository",
    code: 'auth/trust-policy-mismatch',
    names: () => [roles.deploy, 'repo:example-org/sample-app'],
    alone: true,
    inject: () => changeTrust('eks', roles.deploy, (policy) => policy.replaceAll('sample-app', 'other-app')),
    mend: () => restoreTrust('eks', roles.deploy),
  },
  {
    name: 'sign-in-account',
    family: 'sign-in',
    what: 'The role is in an account that the workflow does not allow',
    code: 'auth/account-not-allowed',
    names: () => [accounts.eks, '333333333333'],
    wrongInputs: { 'allowed-account-ids': '333333333333' },
  },
  {
    name: 'sign-in-no-role',
    family: 'sign-in',
    what: 'The role does not exist',
    code: 'auth/trust-policy-mismatch',
    names: () => [`arn:aws:iam::${accounts.eks}:role/gateway-deploi`],
    wrongInputs: { 'role-to-assume': `arn:aws:iam::${accounts.eks}:role/gateway-deploi` },
  },
];

export const identityFaults: readonly Fault[] = [
  {
    name: 'identity-list',
    family: 'identity',
    what: "ExternalDNS's target role may not list hosted zones",
    link: 'record',
    code: 'record/external-dns-denied',
    names: ({ host }) => [host, target, 'route53:ListHostedZones', accounts.dns],
    timeout: 180,
    alone: true,
    fresh: true,
    inject: () => deny('dns', roles.externalDnsTarget, 'route53:ListHostedZones'),
    mend: () => allowAgain('dns', roles.externalDnsTarget),
  },
  {
    name: 'identity-change',
    family: 'identity',
    what: "ExternalDNS's target role may not change the zone",
    link: 'record',
    code: 'record/external-dns-denied',
    names: ({ host }) => [host, target, 'route53:ChangeResourceRecordSets', accounts.dns],
    timeout: 180,
    alone: true,
    fresh: true,
    inject: () => deny('dns', roles.externalDnsTarget, 'route53:ChangeResourceRecordSets'),
    mend: () => allowAgain('dns', roles.externalDnsTarget),
  },
  {
    name: 'identity-association',
    family: 'identity',
    what: 'ExternalDNS has no pod identity association',
    link: 'record',
    code: 'record/external-dns-denied',
    names: ({ host }) => [host, 'pod identity association'],
    timeout: 180,
    alone: true,
    fresh: true,
    inject: async () => {
      await eks('DELETE', association());
      restart(controllers.externalDns);
    },
    mend: async () => {
      const { roleArns } = seeded();
      await eks('POST', 'pod-identity-associations', {
        namespace: 'infra',
        serviceAccount: 'external-dns',
        roleArn: roleArns['externalDns'],
        targetRoleArn: roleArns['externalDnsTarget'],
      });
      restart(controllers.externalDns);
    },
  },
  {
    name: 'identity-tags',
    family: 'identity',
    what: 'The target role demands the session tags of another namespace',
    link: 'record',
    code: 'record/external-dns-denied',
    names: ({ host }) => [host, accounts.dns],
    timeout: 180,
    alone: true,
    fresh: true,
    inject: async () => {
      await changeTrust('dns', roles.externalDnsTarget, (policy) =>
        policy.replaceAll('"infra"', '"kube-system"'),
      );
      restart(controllers.externalDns);
    },
    mend: async () => {
      await restoreTrust('dns', roles.externalDnsTarget);
      restart(controllers.externalDns);
    },
  },
  {
    name: 'identity-reader',
    family: 'identity',
    what: 'The role of the DNS account may not read the records',
    link: 'record',
    code: 'record/look-denied',
    names: ({ host }) => [host, 'route53:ListResourceRecordSets', accounts.dns],
    live: true,
    alone: true,
    inject: () => deny('dns', roles.dnsReader, 'route53:ListResourceRecordSets'),
    mend: () => allowAgain('dns', roles.dnsReader),
  },
  {
    name: 'identity-describe',
    family: 'identity',
    what: 'The role may not read the load balancer',
    link: 'rule',
    code: 'look/denied',
    names: () => ['elasticloadbalancing:Describe'],
    live: true,
    alone: true,
    inject: () => deny('eks', roles.deploy, 'elasticloadbalancing:Describe*'),
    mend: () => allowAgain('eks', roles.deploy),
  },
];

export const clusterFaults: readonly Fault[] = [
  {
    name: 'cluster-name',
    family: 'cluster',
    what: 'The cluster has another name',
    code: 'cluster/describe-denied',
    names: () => ['simple', 'eks:DescribeCluster', roles.deploy],
    wrongInputs: { 'cluster-name': 'simple' },
  },
  {
    name: 'cluster-private',
    family: 'network',
    what: "The cluster's endpoint is private",
    code: 'cluster/endpoint-private',
    names: () => [layout.cluster.name, 'endpointPublicAccess: false'],
    alone: true,
    inject: () => setKnobs({ endpointPublicAccess: false }),
    mend: () => setKnobs({ endpointPublicAccess: true }),
  },
  {
    name: 'cluster-restricted',
    family: 'network',
    what: "The cluster's endpoint admits other networks only",
    code: 'cluster/endpoint-restricted',
    names: () => ['198.51.100.0/24'],
    alone: true,
    inject: () => setKnobs({ publicAccessCidrs: ['198.51.100.0/24'] }),
    mend: () => setKnobs({ publicAccessCidrs: ['0.0.0.0/0'] }),
  },
];
