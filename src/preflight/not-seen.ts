// A look that gave nothing: the finding names the IAM action or RBAC verb that is missing, and how to grant it.
import type { NotSeen } from '../chain/look.ts';
import { type Finding, finding } from '../verdict/finding.ts';

/** `eks:DescribeAddon on arn:…`, with a remark where an explicit deny stands against it. */
const iamForm = /^([a-z0-9-]+:\w+) on (\S+)( \(.*\))?$/;
/** `list deployments.apps at the cluster scope`, `get pods/log in namespace infra`. */
const rbacForm = /^(\w+) (\S+) (?:at the cluster scope|in namespace (\S+))$/;

const iamStatement = (action: string, resource: string): string =>
  JSON.stringify({ Effect: 'Allow', Action: action, Resource: resource });

const rbacCommand = (verb: string, resource: string, namespace: string | undefined): string =>
  namespace === undefined
    ? `kubectl create clusterrole eks-gateway-doctor --verb=${verb} --resource=${resource}`
    : `kubectl create role eks-gateway-doctor --namespace=${namespace} --verb=${verb} --resource=${resource}`;

function howToGrant(denied: string, role: string): string {
  const [, action, resource = '*', forbidden] = iamForm.exec(denied) ?? [];
  if (action !== undefined) {
    return forbidden === undefined
      ? `To have it checked, put this statement into a policy of \`${role}\`; docs/permissions.md has the whole policy.\n${iamStatement(action, resource)}`
      : `A policy denies it outright: find the statement (identity policy, permissions boundary, SCP) that forbids ${action} to \`${role}\`.`;
  }
  const [, verb, kind, namespace] = rbacForm.exec(denied) ?? [];
  if (verb === undefined || kind === undefined) return `To have it checked, grant ${denied} to \`${role}\`.`;
  return `To have it checked, make this role and bind it to a group of the access entry of \`${role}\`.\n${rbacCommand(verb, kind, namespace)}`;
}

/**
 * @param what what was to be looked at, as the beginning of a sentence: `The access entry of …`
 * @param role ARN of the role that looked
 */
export const notSeen = (seen: NotSeen, what: string, role: string): Finding =>
  'denied' in seen
    ? finding(
        'notice',
        'look/denied',
        `${what} was not checked: \`${role}\` lacks the permission \`${seen.denied}\`.`,
        { hint: howToGrant(seen.denied, role) },
      )
    : finding('warning', 'look/failed', `${what} was not checked: ${seen.failed}`, {
        hint: 'Run again; if it stays so, the network between the runner and the service is to blame.',
      });
