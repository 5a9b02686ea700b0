// OIDC token → sessions in the two accounts.
import type { AwsSettings } from '../../aws/clients.ts';
import { chainedCredentials, type SessionSource, webIdentityCredentials } from '../../aws/credentials.ts';
import { idToken } from '../../github/oidc.ts';
import type { Run } from '../../run.ts';

export interface SignedIn {
  readonly aws: AwsSettings;
  readonly cluster: SessionSource;
  /** Reads the hosted zone. */
  readonly dns: SessionSource;
  readonly accounts: { readonly eks: string; readonly dns: string };
}

/** @throws Problem `auth/*`. */
export async function signIn(run: Run): Promise<SignedIn> {
  const { runner } = run;
  const aws = settingsOf(run);
  const { cluster, dns } = sourcesOf(run, aws);
  // At the same time; where both fail, the first one is told of.
  const assumed = [cluster(), dns()] as const;
  const [inCluster, inDns] = await Promise.allSettled(assumed).then(() => Promise.all(assumed));
  runner.info(`EKS account ${inCluster.accountId}: ${inCluster.arn}`);
  runner.info(`DNS account ${inDns.accountId}: ${inDns.arn}`);
  return { aws, cluster, dns, accounts: { eks: inCluster.accountId, dns: inDns.accountId } };
}

function settingsOf({ inputs, environment, runner }: Run): AwsSettings {
  const said = new Set<string>();
  return {
    region: inputs.region,
    proxy: environment.proxy,
    notice: (line) => {
      // Each client would say it again.
      if (!said.has(line)) runner.info(line);
      said.add(line);
    },
  };
}

/** The same source twice where one role does for both accounts. */
function sourcesOf(
  { inputs, environment, runner, clock, signal }: Run,
  aws: AwsSettings,
): Pick<SignedIn, 'cluster' | 'dns'> {
  const mask = (secret: string): void => runner.mask(secret);
  const shared = {
    aws,
    sessionName: inputs.sessionName,
    ...(inputs.sessionSeconds !== undefined && { durationSeconds: inputs.sessionSeconds }),
    ...(inputs.allowedAccountIds.length > 0 && { allowedAccountIds: inputs.allowedAccountIds }),
    mask,
    clock,
    random: Math.random,
    signal,
  };
  const { url, token } = environment.oidc;
  const oidc = { url, token, mask, clock, random: Math.random, proxy: environment.proxy };
  const byOidc = (roleArn: string): SessionSource =>
    webIdentityCredentials({
      ...shared,
      roleArn,
      audience: inputs.audience,
      idToken: (audience, during) => idToken(oidc, audience, during),
    });
  const cluster = byOidc(inputs.role);
  const { dnsRole, dnsRoleExternalId: externalId } = inputs;
  if (dnsRole === undefined) return { cluster, dns: cluster };
  if (!inputs.dnsRoleChaining) return { cluster, dns: byOidc(dnsRole) };
  const dns = chainedCredentials({
    ...shared,
    roleArn: dnsRole,
    from: cluster,
    ...(externalId !== undefined && { externalId }),
  });
  return { cluster, dns };
}
