// Makes the token that an EKS API server takes: a presigned call to STS.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { partitionOf } from '../access/arn.ts';
import type { Credentials } from './clients.ts';

export interface EksToken {
  /** `k8s-aws-v1.` and the unpadded base64url of the presigned URL. */
  readonly token: string;
  /** When to have made another: 14 minutes from `at`, or the end of the credentials if that is sooner. */
  readonly expiresAt: Date;
}

export interface EksTokenRequest {
  readonly clusterName: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Now. */
  readonly at: Date;
  /** Called with the token before it is returned. */
  readonly mask: (secret: string) => void;
}

/** The API server takes a token for 15 minutes from its date; both awscli and aws-iam-authenticator say 14. */
const life = 14 * 60_000;

/**
 * `GET https://sts.<region>.<suffix>/?Action=GetCallerIdentity&Version=2011-06-15`, presigned, with the cluster's name in
 * the signed header `x-k8s-aws-id` and an expiry of 60 (awscli `customizations/eks/get_token.py`, aws-iam-authenticator
 * `pkg/token/token.go` v0.7). The host is always STS's real regional one, whatever AWS_ENDPOINT_URL says: the API server
 * accepts no other. Nothing is sent here.
 */
export async function eksToken({
  clusterName,
  region,
  credentials,
  at,
  mask,
}: EksTokenRequest): Promise<EksToken> {
  const hostname = `sts.${region}.${partitionOf(region).dnsSuffix}`;
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const { query } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: 60, signingDate: at },
  );
  const parameters = Object.entries(query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  const url = `https://${hostname}/?${parameters.join('&')}`;
  const token = `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
  mask(token);
  // The call is made with the session's credentials, so it fails once the session has ended.
  return { token, expiresAt: new Date(Math.min(at.getTime() + life, credentials.expiration.getTime())) };
}
