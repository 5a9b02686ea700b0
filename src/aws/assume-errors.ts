// What AWS STS's refusals mean, and what to do about them.
import { parseArn, partitionOf } from '../access/arn.ts';
import { type Claims, decodeClaims } from '../access/claims.ts';
import { comparedClaims, explainSubject, providerName, trustStatement } from '../access/trust-policy.ts';

import { Problem } from '../verdict/problem.ts';
import type { Evidence } from '../verdict/verdict.ts';
import { denialOf, hasCode, isTransient, sentenceOf } from './denial.ts';

interface Asked {
  readonly roleArn: string;
  readonly region: string;
}

const settling = 'IAM takes a few seconds to spread a change: if the role was changed just now, run again.';

/** AWS asks GitHub for its keys within five seconds and gives up now and then (actions/runner #1466). */
const isKeyFetch = (error: unknown): boolean =>
  hasCode(error, 'InvalidIdentityToken') && error instanceof Error && /verification key/i.test(error.message);

/**
 * Whether a new token may fare better. AccessDenied does not: who waits for IAM to settle should know it.
 * @param attempt from 1
 */
export const isWorthAnotherToken = (error: unknown, attempt: number): boolean =>
  isTransient(error) ||
  isKeyFetch(error) ||
  hasCode(error, 'IDPCommunicationError') ||
  (hasCode(error, 'ExpiredToken', 'ExpiredTokenException') && attempt === 1);

/** The Problem behind a failed AssumeRoleWithWebIdentity; the token is only read for its claims. */
export function webIdentityProblem(
  error: unknown,
  asked: Asked & { readonly audience: string; readonly token: string },
): Problem {
  if (error instanceof Problem) return error;
  const claims = decodeClaims(asked.token) ?? {};
  if (denialOf(error) !== undefined) return trustMismatch(error, asked, claims);
  if (isKeyFetch(error) || hasCode(error, 'IDPCommunicationError')) {
    return new Problem('auth/failed', `AWS could not fetch the keys of https://${providerName(claims)}.`, {
      hint: 'This passes by itself as a rule: run again. With an issuer of your own, check that AWS can reach it.',
      evidence: [stsSaid(error)],
      cause: error,
    });
  }
  if (hasCode(error, 'InvalidIdentityToken')) return noProvider(error, asked, claims);
  if (hasCode(error, 'ExpiredToken', 'ExpiredTokenException')) {
    return new Problem(
      'auth/token-expired',
      `AWS took the OIDC token for ${asked.roleArn} for expired, twice.`,
      {
        hint: "The token was new, so a clock is wrong: check the runner's clock.",
        evidence: [stsSaid(error)],
        cause: error,
      },
    );
  }
  if (hasCode(error, 'IDPRejectedClaim')) return trustMismatch(error, asked, claims);
  return otherProblem(error, asked);
}

/** The Problem behind a failed AssumeRole from another role's session. */
export function assumeRoleProblem(
  error: unknown,
  asked: Asked & { readonly source: string; readonly externalId: boolean },
): Problem {
  if (error instanceof Problem) return error;
  const denial = denialOf(error);
  if (denial === undefined) return otherProblem(error, asked);
  const { roleArn, source } = asked;
  const condition = asked.externalId ? ' with this sts:ExternalId' : ' without a condition on sts:ExternalId';
  return new Problem('auth/role-denied', `${source} may not assume ${roleArn}.`, {
    hint: `Two policies must allow ${denial.action ?? 'sts:AssumeRole'}: the trust policy of ${roleArn} for the first role${condition}, and, across accounts, the first role's own policy on ${roleArn}. ${settling}`,
    evidence: [stsSaid(error)],
    cause: error,
  });
}

/** STS never says which condition failed, so the token's side is shown whole, beside a statement that fits it. */
function trustMismatch(error: unknown, { roleArn }: Asked, claims: Claims): Problem {
  const sub = claims['sub'];
  const { partition, account } = parseArn(roleArn) ?? { partition: 'aws', account: '' };
  const statement = trustStatement(claims, { partition, account });
  const compared = comparedClaims.flatMap((name): Evidence[] => {
    const saw = claims[name];
    return saw === undefined ? [] : [{ from: `OIDC token, claim ${name}`, saw }];
  });
  return new Problem(
    'auth/trust-policy-mismatch',
    `The role ${roleArn} does not admit this job: its trust policy does not match the OIDC token, or the role does not exist.`,
    {
      hint: `Compare the conditions of the role's trust policy with the token's claims, sub first, letter for letter; or put the statement shown into it. ${sub === undefined ? '' : `${explainSubject(sub)} `}${settling}`,
      evidence: [
        ...compared,
        {
          from: `Trust policy statement for ${roleArn} that admits this token`,
          saw: JSON.stringify(statement, null, 2),
        },
        stsSaid(error),
      ],
      cause: error,
    },
  );
}

function noProvider(
  error: unknown,
  { roleArn, audience }: Asked & { readonly audience: string },
  claims: Claims,
): Problem {
  const account = parseArn(roleArn)?.account ?? '';
  const provider = `https://${providerName(claims)}`;
  const audienceRefused = error instanceof Error && /audience/i.test(error.message);
  const message = audienceRefused
    ? `The OIDC provider ${provider} in account ${account} does not accept the audience ${audience}.`
    : `Account ${account} has no OIDC provider for ${provider}, or it refuses the token.`;
  return new Problem('auth/no-oidc-provider', message, {
    hint: audienceRefused
      ? `Add ${audience} to the provider's client ids, or set the input audience to one that it has.`
      : `Create an IAM OIDC provider with the URL ${provider} and the audience ${audience} in account ${account}; each account whose role is assumed by OIDC needs one.`,
    evidence: [stsSaid(error)],
    cause: error,
  });
}

function otherProblem(error: unknown, { roleArn, region }: Asked): Problem {
  const details = { evidence: [stsSaid(error)], cause: error };
  if (hasCode(error, 'RegionDisabled')) {
    return new Problem(
      'auth/region-disabled',
      `AWS STS is not active in ${region} for the account of ${roleArn}.`,
      {
        ...details,
        hint: `Activate STS for ${region} in the account (IAM, Account settings), or use a region where it is active.`,
      },
    );
  }
  if (hasCode(error, 'ValidationError', 'PackedPolicyTooLarge', 'MalformedPolicyDocument')) {
    return new Problem(
      'auth/session-refused',
      `AWS STS refused the session of ${roleArn} as it was asked for.`,
      {
        ...details,
        hint: "The usual cause is role-duration-seconds: no longer than the role's maximum session duration, and at most 3600 for a role that is assumed from another role.",
      },
    );
  }
  return new Problem('auth/failed', `AWS STS gave no credentials for ${roleArn}: ${sentenceOf(error)}.`, {
    ...details,
    hint: `Check that the job can reach sts.${region}.${partitionOf(region).dnsSuffix} (proxy, firewall), and run again.`,
  });
}

const stsSaid = (error: unknown): Evidence => ({ from: 'AWS STS', saw: sentenceOf(error) });
