// Reads roles of one account from IAM: their trust policies, and what the simulator says that they may do.
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { Clock } from '../clock.ts';
import type { PermissionReader, Simulated } from '../preflight/permissions.ts';
import { roleName } from '../preflight/setting.ts';
import type { Role, RoleReader } from '../preflight/trust.ts';
import { type AwsSettings, type CredentialSource, configuration } from './clients.ts';
import { hasCode } from './denial.ts';
import { look } from './look.ts';

export type IamReader = RoleReader & PermissionReader & { close(): void };

export interface IamReaderSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

export function iamReader({ aws, credentials, clock }: IamReaderSettings): IamReader {
  const client = new IAMClient({ ...configuration(aws), credentials });
  const looked = <Value>(action: string, role: string, signal: AbortSignal, read: () => Promise<Value>) =>
    look({ service: 'IAM', action: `iam:${action}`, resource: role }, clock, signal, read);
  return {
    role: (arn, signal) => looked('GetRole', arn, signal, () => roleOf(client, arn, signal)),
    simulate: (arn, actions, resource, signal) =>
      looked('SimulatePrincipalPolicy', arn, signal, () => simulated(client, arn, actions, resource, signal)),
    close: () => client.destroy(),
  };
}

async function roleOf(client: IAMClient, arn: string, signal: AbortSignal): Promise<Role | undefined> {
  try {
    const command = new GetRoleCommand({ RoleName: roleName(arn) });
    const { Role: role } = await client.send(command, { abortSignal: signal });
    return role && { arn: role.Arn ?? arn, trust: documentOf(role.AssumeRolePolicyDocument ?? '') };
  } catch (error) {
    if (hasCode(error, 'NoSuchEntity')) return undefined;
    throw error;
  }
}

async function simulated(
  client: IAMClient,
  roleArn: string,
  actions: readonly string[],
  resource: string,
  signal: AbortSignal,
): Promise<readonly Simulated[]> {
  const command = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: roleArn,
    ActionNames: [...actions],
    ResourceArns: [resource],
  });
  try {
    const { EvaluationResults: results = [] } = await client.send(command, { abortSignal: signal });
    return results.map(({ EvalActionName: action = '', EvalDecision, MissingContextValues = [] }) => ({
      action,
      decision: decisionOf(EvalDecision, MissingContextValues.length > 0),
    }));
  } catch (error) {
    // That the role is not there is said by the look at its trust policy.
    if (hasCode(error, 'NoSuchEntity')) return [];
    throw error;
  }
}

function decisionOf(decision: string | undefined, lacksContext: boolean): Simulated['decision'] {
  if (decision === 'allowed') return 'allowed';
  if (lacksContext) return 'unsure';
  return decision === 'explicitDeny' ? 'explicitly-denied' : 'denied';
}

/** IAM gives documents URL-encoded (RFC 3986). */
function documentOf(text: string): unknown {
  const plain = text.startsWith('{') ? text : decodeURIComponent(text);
  return JSON.parse(plain);
}
