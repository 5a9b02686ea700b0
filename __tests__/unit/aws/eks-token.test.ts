// The token for the API server, beside the tokens that awscli computes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { eksToken } from '../../../src/aws/eks-token.ts';

interface Vector {
  readonly region: string;
  readonly clusterName: string;
  readonly at: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly url: string;
}

const fixture = new URL('../../fixtures/aws/eks-tokens.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(fixture, 'utf8')) as { readonly vectors: readonly Vector[] };

const urlIn = (token: string): URL =>
  new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
const sorted = (url: URL): string => {
  url.searchParams.sort();
  return url.toString();
};

describe('the token for the API server', () => {
  test.each(vectors)('is what awscli makes with botocore: $region $clusterName', async (vector) => {
    const { region, clusterName, at } = vector;
    const masked: string[] = [];
    const { token } = await eksToken({
      region,
      clusterName,
      at: new Date(at),
      credentials: { ...vector, expiration: new Date(8.64e15) },
      mask: (secret) => masked.push(secret),
    });
    expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
    expect(sorted(urlIn(token))).toBe(sorted(new URL(vector.url)));
    expect(masked).toEqual([token]);
  });

  test.each([
    ['14 minutes', '2026-11-22T11:00:00Z', '2026-11-22T10:14:00Z'],
    ['the end of its credentials, if that is sooner', '2026-11-22T10:01:00Z', '2026-11-22T10:01:00Z'],
  ])('lives until %s', async (_name, expiration, end) => {
    const { expiresAt } = await eksToken({
      region: 'eu-west-1',
      clusterName: 'sample',
      at: new Date('2026-11-22T10:00:00Z'),
      credentials: {
        accessKeyId: 'A',
        secretAccessKey: 'b',
        sessionToken: 'c',
        expiration: new Date(expiration),
      },
      mask: () => undefined,
    });
    expect(expiresAt).toEqual(new Date(end));
  });
});
