// Reads a cluster's pod identity associations, access entries and add-ons from EKS.
import {
  DescribeAccessEntryCommand,
  type DescribeAccessEntryCommandInput,
  DescribeAddonCommand,
  type DescribeAddonCommandInput,
  DescribePodIdentityAssociationCommand,
  type DescribePodIdentityAssociationCommandInput,
  type EKSClient,
  ListAssociatedAccessPoliciesCommand,
  type ListAssociatedAccessPoliciesCommandInput,
  type PodIdentityAssociation,
  paginateListPodIdentityAssociations,
} from '@aws-sdk/client-eks';
import { parseArn } from '../access/arn.ts';
import type { Clock } from '../clock.ts';
import type { AccessEntry, AccessPolicy, AccessReader } from '../preflight/access-entry.ts';
import type { Addon, AddonReader } from '../preflight/agent.ts';
import type { Association, AssociationReader, AssociationSummary } from '../preflight/associations.ts';
import { type AwsSettings, type CredentialSource, eksClient } from './clients.ts';
import { hasCode } from './denial.ts';
import { look } from './look.ts';

export type IdentityReader = AssociationReader & AccessReader & AddonReader & { close(): void };

export interface IdentityReaderSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly cluster: { readonly name: string; readonly arn: string };
}

/** The ports of preflight to one cluster in EKS. */
export function identityReader(settings: IdentityReaderSettings): IdentityReader {
  const { aws, credentials, clock } = settings;
  const { name: clusterName, arn } = settings.cluster;
  const client = eksClient(aws, credentials);
  const looked = <Value>(action: string, resource: string, signal: AbortSignal, read: () => Promise<Value>) =>
    look({ service: 'EKS', action: `eks:${action}`, resource }, clock, signal, read);
  return {
    list: (signal) =>
      looked('ListPodIdentityAssociations', arn, signal, () => associationsOf(client, clusterName, signal)),
    describe: (associationId, signal) =>
      looked(
        'DescribePodIdentityAssociation',
        resourceOf(arn, 'podidentityassociation', associationId),
        signal,
        () => described(client, { clusterName, associationId }, signal),
      ),
    entry: (principalArn, signal) =>
      looked('DescribeAccessEntry', entryResource(arn, principalArn), signal, () =>
        entryOf(client, { clusterName, principalArn }, signal),
      ),
    policies: (principalArn, signal) =>
      looked('ListAssociatedAccessPolicies', entryResource(arn, principalArn), signal, () =>
        policiesOf(client, { clusterName, principalArn }, signal),
      ),
    addon: (addonName, signal) =>
      looked('DescribeAddon', resourceOf(arn, 'addon', `${addonName}/*`), signal, () =>
        addonOf(client, { clusterName, addonName }, signal),
      ),
    close: () => client.destroy(),
  };
}

/** Resources of the cluster: `arn:…:addon/<cluster>/…`. */
const resourceOf = (cluster: string, kind: string, rest: string): string =>
  `${cluster.replace(/:cluster\//, `:${kind}/`)}/${rest}`;

/** `arn:…:access-entry/<cluster>/role/<account>/<name>/*`. */
function entryResource(cluster: string, principal: string): string {
  const { account = '', resource = '' } = parseArn(principal) ?? {};
  const [kind = 'role', ...name] = resource.split('/');
  return resourceOf(cluster, 'access-entry', `${kind}/${account}/${name.at(-1) ?? ''}/*`);
}

/** `undefined` for what is not there; what else goes wrong is thrown on. */
async function unlessMissing<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'ResourceNotFound')) return undefined;
    throw error;
  }
}

async function associationsOf(
  client: EKSClient,
  clusterName: string,
  signal: AbortSignal,
): Promise<readonly AssociationSummary[]> {
  const found: AssociationSummary[] = [];
  const pages = paginateListPodIdentityAssociations({ client }, { clusterName }, { abortSignal: signal });
  for await (const { associations = [] } of pages) {
    for (const { associationId: id = '', namespace = '', serviceAccount = '' } of associations)
      found.push({ id, namespace, serviceAccount });
  }
  return found;
}

async function described(
  client: EKSClient,
  which: DescribePodIdentityAssociationCommandInput,
  signal: AbortSignal,
): Promise<Association | undefined> {
  const command = new DescribePodIdentityAssociationCommand(which);
  const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
  return answer?.association && associationOf(answer.association);
}

async function entryOf(
  client: EKSClient,
  which: DescribeAccessEntryCommandInput,
  signal: AbortSignal,
): Promise<AccessEntry | undefined> {
  const command = new DescribeAccessEntryCommand(which);
  const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
  return answer && { groups: answer.accessEntry?.kubernetesGroups ?? [] };
}

async function policiesOf(
  client: EKSClient,
  which: ListAssociatedAccessPoliciesCommandInput,
  signal: AbortSignal,
): Promise<readonly AccessPolicy[]> {
  const command = new ListAssociatedAccessPoliciesCommand(which);
  const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
  return (answer?.associatedAccessPolicies ?? []).map(({ policyArn = '', accessScope }) => ({
    arn: policyArn,
    namespaces: accessScope?.type === 'namespace' ? (accessScope.namespaces ?? []) : [],
  }));
}

async function addonOf(
  client: EKSClient,
  which: DescribeAddonCommandInput,
  signal: AbortSignal,
): Promise<Addon | undefined> {
  const command = new DescribeAddonCommand(which);
  const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
  const addon = answer?.addon;
  return (
    addon && {
      status: addon.status ?? 'unknown',
      version: addon.addonVersion ?? '',
      issues: (addon.health?.issues ?? []).map(({ code = 'issue', message = '' }) => `${code}: ${message}`),
    }
  );
}

const associationOf = (found: PodIdentityAssociation): Association => ({
  id: found.associationId ?? '',
  namespace: found.namespace ?? '',
  serviceAccount: found.serviceAccount ?? '',
  roleArn: found.roleArn ?? '',
  ...(found.targetRoleArn !== undefined && { targetRoleArn: found.targetRoleArn }),
  ...(found.externalId !== undefined && { externalId: found.externalId }),
  disableSessionTags: found.disableSessionTags ?? false,
  ...(found.modifiedAt && { modifiedAt: found.modifiedAt }),
});
