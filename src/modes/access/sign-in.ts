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
  const { inputs, environment, runner, clock, signal } = run;
  const mask = (secret: string): void => runner.mask(secret);
  const said = new Set<string>();
  const aws: AwsSettings = {
    region: inputs.region,
    proxy: environment.proxy,
    notice: (line) => {
      // Each client would say it again.
      if (!said.has(line)) runner.info(line);
      said.add(line);
    },
  };
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
  const oidc = { url: environment.oidc.url, token: environment.oidc.token };
  const byOidc = (roleArn: string): SessionSource =>
    webIdentityCredentials({
      ...shared,
      roleArn,
      audience: inputs.audience,
      idToken: (audience, during) =>
        idToken({ ...oidc, mask, clock, random: Math.random, proxy: environment.proxy }, audience, during),
    });
  const cluster = byOidc(inputs.role);
  const { dnsRole } = inputs;
  const dnsOf = (): SessionSource => {
    if (dnsRole === undefined) return cluster;
    if (!inputs.dnsRoleChaining) return byOidc(dnsRole);
    const externalId = inputs.dnsRoleExternalId;
    return chainedCredentials({
      ...shared,
      roleArn: dnsRole,
      from: cluster,
      ...(externalId !== undefined && { externalId }),
    });
  };
  const dns = dnsOf();
  // At the same time; where both fail, the first one is told of.
  const assumed = [cluster(), dns()] as const;
  const [inCluster, inDns] = await Promise.allSettled(assumed).then(() => Promise.all(assumed));
  runner.info(`EKS account ${inCluster.accountId}: ${inCluster.arn}`);
  runner.info(`DNS account ${inDns.accountId}: ${inDns.arn}`);
  return { aws, cluster, dns, accounts: { eks: inCluster.accountId, dns: inDns.accountId } };
}
