// Trust policies of IAM roles: prints the statement that admits a GitHub token, and says why one does not.
import type { Claims } from './claims.ts';

/** GitHub's issuer; GitHub Enterprise has others, so the token's own `iss` comes first. */
const githubIssuer = 'https://token.actions.githubusercontent.com';

/** Issuer as IAM writes it in provider ARNs and condition keys: without the scheme. */
export const providerName = (claims: Claims): string =>
  (claims['iss'] ?? githubIssuer).replace(/^https:\/\//, '').replace(/\/$/, '');

/** The claims to compare with a policy, in the order in which people look at them; those that the token has. */
export const comparedClaims = [
  'sub',
  'aud',
  'iss',
  'repository',
  'repository_id',
  'job_workflow_ref',
  'environment',
  'ref',
  'event_name',
] as const;

export interface TrustStatement {
  readonly Effect: 'Allow';
  readonly Principal: { readonly Federated: string };
  readonly Action: 'sts:AssumeRoleWithWebIdentity';
  readonly Condition: { readonly StringEquals: Readonly<Record<string, string>> };
}

/**
 * The statement to put into the role's trust policy so that this token, and no other repository's, is admitted.
 * `sub` is the token's own, never rebuilt from names. With `narrow`, further claims are pinned: those that IAM knows as
 * condition keys since January 2026 (research/aws-auth-security.md A3); a claim that the token lacks is left out.
 */
export function trustStatement(
  claims: Claims,
  role: { readonly partition: string; readonly account: string },
  narrow: readonly ('repository_id' | 'job_workflow_ref' | 'environment')[] = [],
): TrustStatement {
  const provider = providerName(claims);
  const pinned = ['aud', 'sub', ...narrow].flatMap((name) => {
    const value = claims[name];
    return value === undefined ? [] : [[`${provider}:${name}`, value]];
  });
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:${role.partition}:iam::${role.account}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: Object.fromEntries(pinned) },
  };
}

export type SubjectForm = 'names' | 'names-and-ids' | 'customised';

/**
 * Which of GitHub's forms a subject has. `repo:OWNER/NAME:…` is the older one; repositories created, renamed or
 * transferred after 2026-07-15 have `repo:OWNER@ID/NAME@ID:…`; an organisation's template gives anything else
 * (GitHub docs, "OpenID Connect reference"; changelog 2026-04-23).
 */
export function subjectForm(sub: string): SubjectForm {
  if (/^repo:[^/:@]+@\d+\/[^/:@]+@\d+:/.test(sub)) return 'names-and-ids';
  return /^repo:[^/:@]+\/[^/:@]+:/.test(sub) ? 'names' : 'customised';
}

/** One or two sentences that tell what a policy must hold for this subject, and the mistake that people make with it. */
export function explainSubject(sub: string): string {
  switch (subjectForm(sub)) {
    case 'names-and-ids':
      return 'This repository\'s subject carries ids ("repo:OWNER@ID/NAME@ID:…"), as GitHub gives it to repositories created, renamed or transferred after 15 July 2026: a policy that was written as "repo:OWNER/NAME:…" never matches it.';
    case 'names':
      return 'This repository\'s subject has the older form ("repo:OWNER/NAME:…", case-sensitive): a policy with ids ("repo:OWNER@ID/NAME@ID:…") never matches it, and after a rename or transfer GitHub changes it to the form with ids.';
    case 'customised':
      return 'This subject has a form of its own, set by a template of the repository or organisation: the policy must hold it as it stands.';
  }
}
