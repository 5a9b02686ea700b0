// Trust policies: the statement that is printed admits its token, and what stands in a policy's way is named.
import { describe, expect, test } from '@jest/globals';
import { decodeClaims } from '../../../src/access/claims.ts';
import { evaluateTrust, explainMismatch, type TrustRequest } from '../../../src/access/trust-evaluation.ts';
import { explainSubject, subjectForm, trustStatement } from '../../../src/access/trust-policy.ts';
import { webIdentityRequest } from './web-identity-request.ts';

const role = { partition: 'aws', account: '111122223333' };
const claims = {
  iss: 'https://token.actions.githubusercontent.com',
  aud: 'sts.amazonaws.com',
  sub: 'repo:acme/shop:ref:refs/heads/main',
  repository_id: '456',
};
const provider = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
const key = (name: string): string => `token.actions.githubusercontent.com:${name}`;

const policy = (condition: object, more: object = {}): unknown => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: condition,
      ...more,
    },
  ],
});

describe('the statement that is printed', () => {
  test.each<[string, Record<string, string>]>([
    ['names', claims],
    ['names and ids', { ...claims, sub: 'repo:acme@1/shop@456:environment:prod' }],
    ['a subject of its own form', { ...claims, sub: 'repository_owner_id:1:x' }],
    ['GitHub Enterprise', { ...claims, iss: 'https://ghe.example/_services/token' }],
  ])('admits the token it was printed for: %s', (_name, token) => {
    const statement = trustStatement(token, role, ['repository_id']);
    expect(evaluateTrust({ Statement: statement }, webIdentityRequest(token, role))).toEqual({
      allowed: true,
    });
    const other = { ...token, sub: `${token['sub']}x` };
    expect(evaluateTrust({ Statement: statement }, webIdentityRequest(other, role)).allowed).toBe(false);
  });

  test('pins more claims on demand, and none that the token lacks', () => {
    expect(trustStatement(claims, role, ['repository_id', 'environment']).Condition.StringEquals).toEqual({
      [key('aud')]: claims.aud,
      [key('sub')]: claims.sub,
      [key('repository_id')]: '456',
    });
  });
});

describe('a policy against a token', () => {
  test.each<[string, unknown, boolean]>([
    ['equal', policy({ StringEquals: { [key('sub')]: claims.sub } }), true],
    ['one of several', policy({ StringEquals: { [key('sub')]: ['x', claims.sub] } }), true],
    ['key in another case', policy({ StringEquals: { [key('sub').toUpperCase()]: claims.sub } }), true],
    ['value in another case', policy({ StringEquals: { [key('sub')]: claims.sub.toUpperCase() } }), false],
    ['case ignored', policy({ StringEqualsIgnoreCase: { [key('sub')]: claims.sub.toUpperCase() } }), true],
    ['wildcard', policy({ StringLike: { [key('sub')]: 'repo:acme/shop:*' } }), true],
    ['wildcards among several', policy({ StringLike: { [key('sub')]: ['repo:a/*', 'repo:acme/*'] } }), true],
    ['question mark', policy({ StringLike: { [key('sub')]: 'repo:acme/sho?:ref:*' } }), true],
    ['a dot is a dot', policy({ StringLike: { [key('aud')]: 'sts?amazonaws.com' } }), true],
    ['a dot is no wildcard', policy({ StringLike: { [key('sub')]: 'repo.acme/*' } }), false],
    ['wildcard under equals', policy({ StringEquals: { [key('sub')]: 'repo:acme/shop:*' } }), false],
    ['ids wanted, names given', policy({ StringLike: { [key('sub')]: 'repo:acme@1/shop@456:*' } }), false],
    ['claim that is not there', policy({ StringEquals: { [key('environment')]: 'prod' } }), false],
    ['IfExists of it', policy({ StringEqualsIfExists: { [key('environment')]: 'prod' } }), true],
    [
      'ForAllValues of it: vacuous',
      policy({ 'ForAllValues:StringEquals': { [key('environment')]: 'prod' } }),
      true,
    ],
    ['ForAnyValue of it', policy({ 'ForAnyValue:StringEquals': { [key('environment')]: 'prod' } }), false],
    ['Null: must be missing', policy({ Null: { [key('environment')]: 'true' } }), true],
    ['Null: must be there', policy({ Null: { [key('environment')]: 'false' } }), false],
    ['not equal', policy({ StringNotEquals: { [key('sub')]: ['x', 'y'] } }), true],
    ['not equal, but one is', policy({ StringNotEquals: { [key('sub')]: ['x', claims.sub] } }), false],
    [
      'two conditions, one wrong',
      policy({ StringEquals: { [key('aud')]: claims.aud, [key('sub')]: 'x' } }),
      false,
    ],
    ['no condition', policy({}), true],
    ['other action', policy({}, { Action: 'sts:AssumeRole' }), false],
    ['action by pattern', policy({}, { Action: ['sts:TagSession', 'sts:assumerole*'] }), true],
    [
      'other provider',
      policy({}, { Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/x' } }),
      false,
    ],
    ['everybody', policy({}, { Principal: '*' }), true],
    [
      'root does not stand for a provider',
      policy({}, { Principal: { AWS: 'arn:aws:iam::111122223333:root' } }),
      false,
    ],
    ['operator that is not known', policy({ DateLessThan: { 'aws:CurrentTime': '2030' } }), false],
    ['policy variable', policy({ StringEquals: { [key('sub')]: ['\u0024{aws:x}', claims.sub] } }), false],
    ['NotPrincipal', policy({}, { Principal: undefined, NotPrincipal: { AWS: '*' } }), false],
    ['no statement', { Version: '2012-10-17' }, false],
    ['no policy', null, false],
  ])('%s', (_name, document, allowed) => {
    expect(evaluateTrust(document, webIdentityRequest(claims, role)).allowed).toBe(allowed);
  });

  test('a deny wins', () => {
    const statement = { Effect: 'Allow', Principal: '*', Action: 'sts:*' };
    const document = { Statement: [statement, { ...statement, Sid: 'NoMain', Effect: 'Deny' }] };
    expect(evaluateTrust(document, webIdentityRequest(claims, role))).toMatchObject({
      allowed: false,
      deniedBy: 'NoMain',
    });
  });

  test.each<[string, unknown, string]>([
    [
      'both values',
      policy({
        StringEquals: { [key('aud')]: claims.aud, [key('sub')]: 'repo:acme/other:ref:refs/heads/main' },
      }),
      `StringEquals wants ${key('sub')} to be "repo:acme/other:ref:refs/heads/main", but the request has "${claims.sub}".`,
    ],
    [
      'a wildcard that is none',
      policy({ StringEquals: { [key('sub')]: 'repo:acme/*' } }),
      `StringEquals wants ${key('sub')} to be "repo:acme/*", but the request has "${claims.sub}". StringEquals takes "*" and "?" as they stand; StringLike takes them as wildcards.`,
    ],
    [
      'a claim that is not there',
      policy({ StringLike: { [key('environment')]: ['prod', 'stage'] } }),
      `StringLike wants ${key('environment')} to be "prod" or "stage", but the request does not have it.`,
    ],
    [
      'the action',
      policy({}, { Action: 'sts:AssumeRole' }),
      'The statement allows "sts:AssumeRole", not "sts:AssumeRoleWithWebIdentity".',
    ],
    [
      'the principal',
      policy({}, { Principal: { Service: 'ec2.amazonaws.com' } }),
      `The statement admits "ec2.amazonaws.com", but the request comes from "${provider}".`,
    ],
    [
      'what is not known',
      policy({ DateLessThan: { 'aws:CurrentTime': '2030' } }),
      'The condition DateLessThan on aws:CurrentTime cannot be checked here.',
    ],
  ])('the explanation names %s', (_name, document, sentence) => {
    const result = evaluateTrust(document, webIdentityRequest(claims, role));
    expect(result.allowed ? [] : result.mismatches.map(({ mismatch }) => explainMismatch(mismatch))).toEqual([
      sentence,
    ]);
  });
});

describe("a policy of ExternalDNS's target role", () => {
  const target = {
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'infra' },
        ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/external-dns' },
      },
    },
  };
  const request = (more: Partial<TrustRequest> = {}): TrustRequest => ({
    action: 'sts:TagSession',
    principal: 'arn:aws:iam::111122223333:role/external-dns',
    context: {
      'aws:RequestTag/kubernetes-namespace': 'infra',
      'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/external-dns',
    },
    ...more,
  });

  test.each<[string, TrustRequest, boolean]>([
    ['as it should be', request(), true],
    ['the other action', request({ action: 'sts:AssumeRole' }), true],
    [
      'no session tags',
      request({ context: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/external-dns' } }),
      false,
    ],
    ['another account', request({ principal: 'arn:aws:iam::444455556666:role/external-dns' }), false],
  ])('%s', (_name, asked, allowed) => {
    expect(evaluateTrust(target, asked).allowed).toBe(allowed);
  });

  test('a wildcard of ArnLike does not cross a colon', () => {
    const condition = { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/external-*' } };
    const document = { Statement: { ...target.Statement, Condition: condition } };
    expect(evaluateTrust(document, request()).allowed).toBe(true);
    const context = { 'aws:PrincipalArn': 'arn:aws:iam::1:2:role/external-dns' };
    expect(evaluateTrust(document, request({ context })).allowed).toBe(false);
  });
});

test.each([
  ['repo:acme/shop:ref:refs/heads/main', 'names', /older form/],
  ['repo:acme/shop:pull_request', 'names', /older form/],
  ['repo:acme@1/shop@22:environment:prod', 'names-and-ids', /carries ids/],
  ['repository_owner_id:1:repository_id:22', 'customised', /form of its own/],
] as const)('%s has the form %s', (sub, form, text) => {
  expect(subjectForm(sub)).toBe(form);
  expect(explainSubject(sub)).toMatch(text);
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[string, string, unknown]>([
  ['a token', `x.${part({ sub: 'a', exp: 1, list: ['b'] })}.y`, { sub: 'a', exp: '1', list: '["b"]' }],
  ['two parts', `x.${part({ sub: 'a' })}`, undefined],
  ['no JSON', 'x.y.z', undefined],
  ['no object', `x.${part(['a'])}.z`, undefined],
  ['nothing', '', undefined],
])('the claims of %s', (_name, token, expected) => {
  expect(decodeClaims(token)).toEqual(expected);
});

test('what is no text where one should be admits nobody, and can be shown', () => {
  const { mismatches } = evaluateTrust(
    { Statement: { Effect: 'Allow', Action: { toString: null } } },
    webIdentityRequest(claims, role),
  ) as Extract<ReturnType<typeof evaluateTrust>, { allowed: false }>;
  expect(mismatches.map(({ mismatch }) => explainMismatch(mismatch))).toEqual([
    'The statement allows "{"toString":null}", not "sts:AssumeRoleWithWebIdentity".',
  ]);
});
