// Reads a cluster's pod identity associations, access entries and add-ons from EKS.
import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribePodIdentityAssociationCommand,
  ListAssociatedAccessPoliciesCommand,
  ListPodIdentityAssociationsCommand,
  type PodIdentityAssociation,
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

/** `undefined` for what is not there; what else goes wrong is thrown on. */
async function unlessMissing<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'ResourceNotFound')) return undefined;
    throw error;
  }
}

/** The ports of preflight to one cluster in EKS. */
export function identityReader(settings: IdentityReaderSettings): IdentityReader {
  const { aws, credentials, clock } = settings;
  const { name: clusterName, arn } = settings.cluster;
  const client = eksClient(aws, credentials);
  /** Resources of the cluster: `arn:…:addon/<cluster>/…`. */
  const of = (kind: string, rest: string): string => `${arn.replace(/:cluster\//, `:${kind}/`)}/${rest}`;
  const wanting = (action: string, resource: string) => ({
    service: 'EKS',
    action: `eks:${action}`,
    resource,
  });
  const entryOf = (principal: string): string => {
    const { account = '', resource = '' } = parseArn(principal) ?? {};
    const [kind = 'role', ...name] = resource.split('/');
    return of('access-entry', `${kind}/${account}/${name.at(-1) ?? ''}/*`);
  };

  return {
    list: (signal) =>
      look(wanting('ListPodIdentityAssociations', arn), clock, signal, async () => {
        const found: AssociationSummary[] = [];
        let nextToken: string | undefined;
        do {
          const command = new ListPodIdentityAssociationsCommand({
            clusterName,
            ...(nextToken !== undefined && { nextToken }),
          });
          const page = await client.send(command, { abortSignal: signal });
          for (const { associationId: id = '', namespace = '', serviceAccount = '' } of page.associations ??
            [])
            found.push({ id, namespace, serviceAccount });
          nextToken = page.nextToken;
        } while (nextToken !== undefined && nextToken !== '');
        return found;
      }),

    describe: (id, signal) =>
      look(
        wanting('DescribePodIdentityAssociation', of('podidentityassociation', id)),
        clock,
        signal,
        async (): Promise<Association | undefined> => {
          const command = new DescribePodIdentityAssociationCommand({ clusterName, associationId: id });
          const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
          return answer?.association && associationOf(answer.association);
        },
      ),

    entry: (principal, signal) =>
      look(
        wanting('DescribeAccessEntry', entryOf(principal)),
        clock,
        signal,
        async (): Promise<AccessEntry | undefined> => {
          const command = new DescribeAccessEntryCommand({ clusterName, principalArn: principal });
          const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
          return answer && { groups: answer.accessEntry?.kubernetesGroups ?? [] };
        },
      ),

    policies: (principal, signal) =>
      look(wanting('ListAssociatedAccessPolicies', entryOf(principal)), clock, signal, async () => {
        const command = new ListAssociatedAccessPoliciesCommand({ clusterName, principalArn: principal });
        const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
        return (answer?.associatedAccessPolicies ?? []).map(
          ({ policyArn = '', accessScope }): AccessPolicy => ({
            arn: policyArn,
            namespaces: accessScope?.type === 'namespace' ? (accessScope.namespaces ?? []) : [],
          }),
        );
      }),

    addon: (name, signal) =>
      look(
        wanting('DescribeAddon', of('addon', `${name}/*`)),
        clock,
        signal,
        async (): Promise<Addon | undefined> => {
          const command = new DescribeAddonCommand({ clusterName, addonName: name });
          const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
          const addon = answer?.addon;
          return (
            addon && {
              status: addon.status ?? 'unknown',
              version: addon.addonVersion ?? '',
              issues: (addon.health?.issues ?? []).map(
                ({ code = 'issue', message = '' }) => `${code}: ${message}`,
              ),
            }
          );
        },
      ),

    close: () => client.destroy(),
  };
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
