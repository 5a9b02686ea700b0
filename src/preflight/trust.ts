// The trust policies of the controllers' roles: does each admit the way in which EKS Pod Identity assumes it?
import {
  associationRequests,
  associationTrust,
  isKnownKey,
  type PodIdentity,
  targetRequests,
  targetTrust,
} from '../access/pod-identity.ts';
import {
  evaluateTrust,
  explainMismatch,
  type Mismatch,
  type TrustRequest,
  type TrustResult,
} from '../access/trust-evaluation.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Association } from './associations.ts';
import { notSeen } from './not-seen.ts';
import { accountOf, inAccount, lookerIn, quoted, roleName, type Setting } from './setting.ts';
import { controllerNames, type Workload } from './workloads.ts';

export interface Role {
  readonly arn: string;
  /** The parsed JSON of AssumeRolePolicyDocument. */
  readonly trust: unknown;
}

/** The port to the roles of one account; `undefined` when there is no such role. */
export interface RoleReader {
  role(arn: string, signal: AbortSignal): Promise<Seen<Role | undefined>>;
}

/** The two roles of an association, as far as it names them. */
export interface RolesSeen {
  readonly role: Seen<Role | undefined>;
  readonly target?: Seen<Role | undefined>;
}

/** @param readerIn the reader for the account of a role */
export async function observeRoles(
  association: Association,
  readerIn: (account: string) => RoleReader,
  signal: AbortSignal,
): Promise<RolesSeen> {
  const { roleArn, targetRoleArn } = association;
  const role = await readerIn(accountOf(roleArn)).role(roleArn, signal);
  if (targetRoleArn === undefined) return { role };
  return { role, target: await readerIn(accountOf(targetRoleArn)).role(targetRoleArn, signal) };
}

export const podIdentityOf = (setting: Setting, association: Association): PodIdentity => ({
  clusterArn: setting.arn,
  clusterName: setting.cluster,
  namespace: association.namespace,
  serviceAccount: association.serviceAccount,
  sessionTags: !association.disableSessionTags,
  ...(association.externalId !== undefined && { externalId: association.externalId }),
});

export function judgeRoles(
  setting: Setting,
  workload: Workload,
  association: Association,
  seen: RolesSeen,
): readonly Finding[] {
  const identity = podIdentityOf(setting, association);
  const { roleArn, targetRoleArn } = association;
  const name = controllerNames[workload.controller];
  const first = judgeTrust(setting, seen.role, {
    arn: roleArn,
    what: `The role of ${name}'s pod identity association`,
    caller: 'EKS Pod Identity',
    identity,
    requests: associationRequests(identity),
    statement: associationTrust(identity),
  });
  if (targetRoleArn === undefined || seen.target === undefined) return first;
  return [
    ...first,
    ...judgeTrust(setting, seen.target, {
      arn: targetRoleArn,
      what: `The target role of ${name}'s pod identity association`,
      caller: `\`${roleArn}\``,
      identity,
      requests: targetRequests(identity, roleArn),
      statement: targetTrust(identity, roleArn),
    }),
  ];
}

interface Asked {
  readonly arn: string;
  /** `The target role of …`. */
  readonly what: string;
  readonly caller: string;
  readonly identity: PodIdentity;
  /** sts:AssumeRole and, where session tags are sent, sts:TagSession. */
  readonly requests: readonly TrustRequest[];
  /** What would admit it. */
  readonly statement: object;
}

const judgeTrust = (setting: Setting, seen: Seen<Role | undefined>, asked: Asked): readonly Finding[] =>
  trustFindings(setting, seen, asked).map((found) => inAccount(setting, accountOf(asked.arn), found));

function trustFindings(setting: Setting, seen: Seen<Role | undefined>, asked: Asked): readonly Finding[] {
  const { arn, what } = asked;
  if (!('value' in seen))
    return [notSeen(seen, `The trust policy of \`${arn}\``, lookerIn(setting, accountOf(arn)))];
  const role = seen.value;
  if (role === undefined) {
    return [
      finding('error', 'identity/role-missing', `${what}, \`${arn}\`, does not exist.`, {
        hint: 'Create it, or name the right one in the association. A role that was deleted and made anew is found again by its name.',
      }),
    ];
  }
  const results = asked.requests.map((request) => ({ request, result: evaluateTrust(role.trust, request) }));
  const [assume, tag] = results;
  if (results.every(({ result }) => result.allowed)) return [];
  const evidence = [{ from: `iam:GetRole ${arn}, trust policy`, saw: JSON.stringify(role.trust, null, 2) }];
  if (assume?.result.allowed && tag !== undefined && lacksAction(tag.result)) {
    return [
      finding(
        'error',
        'identity/trust-policy-mismatch',
        `${what}, \`${arn}\`, admits sts:AssumeRole but not sts:TagSession: EKS Pod Identity sends session tags, so it is refused.`,
        {
          hint: `Let the same statement allow both.\n${update(arn, withTagSession(role.trust, assume.request))}`,
          evidence,
        },
      ),
    ];
  }
  return [
    refused(
      asked,
      results.map(({ result }) => result),
      evidence,
    ),
  ];
}

const lacksAction = (result: TrustResult): boolean =>
  !result.allowed &&
  result.deniedBy === undefined &&
  result.mismatches.some(({ mismatch }) => mismatch.kind === 'action');

const update = (arn: string, policy: unknown): string =>
  `aws iam update-assume-role-policy --role-name ${roleName(arn)} --policy-document ${quoted(JSON.stringify(policy))}`;

/** The policy with sts:TagSession in each statement that already admits the request. */
function withTagSession(policy: unknown, request: TrustRequest): unknown {
  if (typeof policy !== 'object' || policy === null || !('Statement' in policy)) return policy;
  const { Statement: all } = policy;
  const mend = (statement: unknown): unknown =>
    typeof statement === 'object' &&
    statement !== null &&
    'Action' in statement &&
    evaluateTrust({ Statement: statement }, request).allowed
      ? { ...statement, Action: [...[statement.Action].flat(), 'sts:TagSession'] }
      : statement;
  return { ...policy, Statement: Array.isArray(all) ? all.map(mend) : mend(all) };
}

const order: readonly Mismatch['kind'][] = ['action', 'principal', 'unknown', 'condition'];

/** What stands against it in the statement that comes nearest. */
const nearest = (results: readonly TrustResult[]): Mismatch | undefined =>
  results
    .flatMap((result) => (result.allowed ? [] : result.mismatches.map(({ mismatch }) => mismatch)))
    .toSorted((one, other) => order.indexOf(other.kind) - order.indexOf(one.kind))[0];

/** Whether only IAM can know: what is not modelled, and what depends on more than we know of the request. */
function isUnsure(mismatch: Mismatch | undefined, { identity }: Asked): boolean {
  if (mismatch === undefined) return false;
  if (mismatch.kind === 'unknown') return true;
  if (mismatch.kind !== 'condition') return false;
  if (!isKnownKey(mismatch.key)) return true;
  // EKS gives an association with a target role an external id whether tags are disabled or not.
  return (
    mismatch.key.toLowerCase() === 'sts:externalid' &&
    identity.externalId !== undefined &&
    mismatch.wanted.includes(identity.externalId)
  );
}

function refused(asked: Asked, results: readonly TrustResult[], evidence: Finding['evidence']): Finding {
  const { arn, what, caller, identity } = asked;
  const denied = results.flatMap((result) => (result.allowed ? [] : (result.deniedBy ?? [])))[0];
  const mismatch = denied === undefined ? nearest(results) : undefined;
  const details = (hint: string) => ({ hint, ...(evidence && { evidence }) });
  if (isUnsure(mismatch, asked) && mismatch !== undefined) {
    return finding(
      'notice',
      'identity/trust-policy-unsure',
      `Whether the trust policy of \`${arn}\` admits ${caller} cannot be told from outside. ${explainMismatch(mismatch)}`,
      details('Nothing has to be done if the controller works.'),
    );
  }
  if (!identity.sessionTags && mismatch?.kind === 'condition' && /tag/i.test(mismatch.key)) {
    return finding(
      'error',
      'identity/trust-policy-mismatch',
      `${what}, \`${arn}\`, wants session tags (${mismatch.key}), but the association has disableSessionTags: true and sends none. It never matches.`,
      details(
        `Switch the tags on again, or let the trust policy ask for the external id instead: put this statement in the place of the one that asks for tags.\n${JSON.stringify(asked.statement, null, 2)}`,
      ),
    );
  }
  const why =
    denied !== undefined
      ? `Its statement "${denied}" denies it.`
      : mismatch === undefined
        ? 'It has no statement that allows anything.'
        : explainMismatch(mismatch);
  return finding(
    'error',
    'identity/trust-policy-mismatch',
    `${what}, \`${arn}\`, does not admit ${caller}. ${why}`,
    details(
      denied === undefined
        ? `Put this statement into its trust policy, in the place of the one that was meant to.\n${JSON.stringify(asked.statement, null, 2)}`
        : 'Take the statement out of the trust policy, or narrow it.',
    ),
  );
}
