// ExternalDNS that does not run, or runs without its identity in AWS: it mends nothing any more.
import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { layout } from '../cluster/layout.ts';
import { adminOf, asAdmin, type Family, kubectl, type Mutation } from './mutation.ts';
import { aliasRecord, removeAlias } from './records.ts';

const iam = new IAMClient(asAdmin('dns'));
const eks = new EKSClient(asAdmin('eks'));
const RoleName = layout.roles.externalDnsTarget;
const PolicyName = `${RoleName}-policy`;
const clusterName = layout.cluster.name;
const own = { clusterName, namespace: 'infra', serviceAccount: 'external-dns' };

const roleOf = (account: 'eks' | 'dns', name: string): string =>
  `arn:aws:iam::${layout.accounts[account]}:role/${name}`;

let policy = '';

async function forbid(): Promise<void> {
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  policy = decodeURIComponent(PolicyDocument);
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
}

const permit = async (): Promise<void> => {
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: policy }));
};

/** Credentials come with a pod's start. */
const restart = (): void => {
  kubectl('-n', 'infra', 'rollout', 'restart', 'deployment/infra-external-dns');
  kubectl('-n', 'infra', 'rollout', 'status', 'deployment/infra-external-dns', '--timeout=60s');
};

async function dissociate(): Promise<void> {
  const { associations = [] } = await eks.send(new ListPodIdentityAssociationsCommand(own));
  for (const { associationId } of associations)
    await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
  restart();
}

async function associate(): Promise<void> {
  await eks.send(
    new CreatePodIdentityAssociationCommand({
      ...own,
      roleArn: roleOf('eks', layout.roles.externalDns),
      targetRoleArn: roleOf('dns', RoleName),
    }),
  );
  restart();
}

/** A record that it would put back within a minute. */
const removed = (
  name: string,
  host: string,
  take: () => Promise<void>,
  give: () => Promise<void>,
): Mutation => ({
  name,
  layer: 'route53',
  ref: `Record ${host}`,
  path: 'A',
  by: adminOf('dns'),
  make: async () => {
    await take();
    await removeAlias(host);
  },
  mend: async () => {
    await give();
    await aliasRecord(host);
  },
});

const scaled = async (replicas: number): Promise<void> => {
  kubectl('-n', 'infra', 'scale', 'deployment/infra-external-dns', `--replicas=${replicas}`);
  kubectl('-n', 'infra', 'rollout', 'status', 'deployment/infra-external-dns', '--timeout=60s');
};

export const identity = (): readonly Family[] => [
  {
    name: 'ExternalDNS at zero',
    mutations: [
      removed(
        'a record is deleted, and ExternalDNS is scaled to zero',
        'four.example.com',
        () => scaled(0),
        () => scaled(1),
      ),
    ],
  },
  {
    name: 'role of ExternalDNS',
    recheck: '100s',
    mutations: [
      removed(
        'a record is deleted, and the role of ExternalDNS may nothing',
        'two.example.com',
        forbid,
        permit,
      ),
    ],
  },
  {
    name: 'pod identity of ExternalDNS',
    recheck: '100s',
    mutations: [
      removed(
        'a record is deleted, and ExternalDNS has no pod identity association',
        'three.example.com',
        dissociate,
        associate,
      ),
    ],
  },
];
