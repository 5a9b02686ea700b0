// The request that AWS STS judges when a job assumes a role with its OIDC token, for tests of trust policies.
import type { Claims } from '../../../src/access/claims.ts';
import type { TrustRequest } from '../../../src/access/trust-evaluation.ts';
import { providerName } from '../../../src/access/trust-policy.ts';

/** Every claim under `<provider>:<claim>`. */
export function webIdentityRequest(
  claims: Claims,
  role: { readonly partition: string; readonly account: string },
): TrustRequest {
  const provider = providerName(claims);
  return {
    action: 'sts:AssumeRoleWithWebIdentity',
    principal: `arn:${role.partition}:iam::${role.account}:oidc-provider/${provider}`,
    context: Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [`${provider}:${name}`, listIn(value) ?? value]),
    ),
  };
}

/** Claims with several values come as JSON text. */
function listIn(value: string): readonly string[] | undefined {
  if (!value.startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed.map(String) : undefined;
  } catch {
    return undefined;
  }
}
