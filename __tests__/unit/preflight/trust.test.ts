// The trust policies of an association's two roles: who is admitted, what stands against it, and what mends it.
import { describe, expect, test } from '@jest/globals';
import { targetTrust } from '../../../src/access/pod-identity.ts';
import { judgeRoles, podIdentityOf } from '../../../src/preflight/trust.ts';
import { association, denied, externalDns, said, seen, setting } from './setting.ts';

const workload = externalDns('0.19.0');
const both = ['sts:AssumeRole', 'sts:TagSession'];
const statement = (principal: object, action: unknown, condition?: object) => ({
  Effect: 'Allow',
  Principal: principal,
  Action: action,
  ...(condition && { Condition: condition }),
});
const policy = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
const pods = { Service: 'pods.eks.amazonaws.com' };
const root = { AWS: 'arn:aws:iam::111111111111:root' };
const tags = {
  'aws:RequestTag/eks-cluster-arn': setting.arn,
  'aws:RequestTag/kubernetes-namespace': 'infra',
  'aws:RequestTag/kubernetes-service-account': 'external-dns',
};
const pinned = {
  StringEquals: tags,
  ArnEquals: { 'aws:PrincipalArn': association.roleArn },
};
const goodRole = policy(statement(pods, both));
const goodTarget = policy(statement(root, both, pinned));
const role = (trust: unknown) => seen({ arn: 'arn', trust });

const judged = (first: unknown, target: unknown, more: Partial<typeof association> = {}) =>
  judgeRoles(setting, workload, { ...association, ...more }, { role: role(first), target: role(target) });

test('the policies of the seed setting are good', () => {
  expect(judged(goodRole, goodTarget)).toEqual([]);
});

describe('policies that admit it in other words', () => {
  test.each([
    ['the role by name', policy(statement({ AWS: association.roleArn }, both, { StringEquals: tags }))],
    [
      'patterns',
      policy(
        statement({ AWS: '111111111111' }, 'sts:*', {
          StringLike: { 'aws:RequestTag/eks-cluster-arn': '*:cluster/*' },
        }),
      ),
    ],
    ['two statements', policy(statement(root, 'sts:AssumeRole', pinned), statement(root, 'sts:TagSession'))],
    [
      'another statement besides',
      policy(statement({ Federated: 'x' }, 'sts:AssumeRoleWithWebIdentity'), statement(root, both)),
    ],
    [
      'keys of tags',
      policy(
        statement(root, both, { 'ForAllValues:StringLike': { 'aws:TagKeys': ['eks-*', 'kubernetes-*'] } }),
      ),
    ],
  ])('%s', (_name, target) => {
    expect(judged(goodRole, target)).toEqual([]);
  });
});

describe('policies that do not admit it', () => {
  const wrong = (key: string, value: string) =>
    policy(statement(root, both, { ...pinned, StringEquals: { ...tags, [`aws:RequestTag/${key}`]: value } }));
  test.each([
    [
      'another cluster',
      wrong('eks-cluster-arn', 'arn:aws:eks:us-east-1:111111111111:cluster/other'),
      'cluster/other',
    ],
    ['another namespace', wrong('kubernetes-namespace', 'kube-system'), 'kube-system'],
    ['another service account', wrong('kubernetes-service-account', 'dns'), '"dns"'],
    [
      'another role',
      policy(
        statement(root, both, { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/other' } }),
      ),
      'role/other',
    ],
    ['another account', policy(statement({ AWS: 'arn:aws:iam::333333333333:root' }, both)), '333333333333'],
    ['a role that was deleted', policy(statement({ AWS: 'AROAEXAMPLE' }, both)), 'AROAEXAMPLE'],
    [
      'an external id that is not sent',
      policy(statement(root, both, { StringEquals: { 'sts:ExternalId': 'secret' } })),
      'sts:ExternalId',
    ],
    [
      'a denial',
      policy(statement(root, both), { ...statement(root, 'sts:TagSession'), Effect: 'Deny', Sid: 'NoTags' }),
      'NoTags',
    ],
    ['nothing', policy(), 'no statement'],
  ])('%s', (_name, target, names) => {
    const [found, ...more] = judged(goodRole, target);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      severity: 'error',
      code: 'identity/trust-policy-mismatch',
      owner: 'dns-account',
    });
    expect(found?.message).toContain(names);
    // The evidence is the policy as it stands.
    expect(JSON.parse(found?.evidence?.[0]?.saw ?? '')).toEqual(target);
  });

  test('the statement that is printed admits it', () => {
    const [found] = judged(goodRole, policy(statement({ AWS: '333333333333' }, both)));
    const printed: unknown = JSON.parse(found?.hint.split('\n').slice(1).join('\n') ?? '');
    expect(printed).toEqual(targetTrust(podIdentityOf(setting, association), association.roleArn));
    expect(judged(goodRole, policy(printed as object))).toEqual([]);
  });

  test.each([
    ['association', policy(statement(pods, 'sts:AssumeRole')), goodTarget, 'platform-team', 'external-dns'],
    [
      'target',
      goodRole,
      policy(
        statement({ Federated: 'x' }, 'sts:AssumeRoleWithWebIdentity'),
        statement(root, ['sts:AssumeRole'], pinned),
      ),
      'dns-account',
      'external-dns-target',
    ],
  ])(
    'sts:TagSession is missing at the %s role: the printed policy adds it, and keeps all else',
    (_name, first, target, owner, name) => {
      const [found, ...more] = judged(first, target);
      expect(more).toEqual([]);
      expect(found).toMatchObject({ code: 'identity/trust-policy-mismatch', owner });
      expect(found?.message).toContain('but not sts:TagSession');
      const [, command = ''] = found?.hint.split('\n') ?? [];
      const [, on, document = ''] = /--role-name (\S+) --policy-document '(.*)'$/.exec(command) ?? [];
      expect(on).toBe(name);
      const mended = JSON.parse(document) as ReturnType<typeof policy>;
      expect(mended.Statement).toHaveLength((name === 'external-dns' ? first : target).Statement.length);
      expect(name === 'external-dns' ? judged(mended, target) : judged(first, mended)).toEqual([]);
    },
  );
});

describe('session tags disabled', () => {
  const disabled = { disableSessionTags: true };
  const byId = policy(
    statement(root, 'sts:AssumeRole', { StringEquals: { 'sts:ExternalId': association.externalId } }),
  );
  test('the external id admits it, and sts:TagSession is not wanted', () => {
    expect(judged(policy(statement(pods, 'sts:AssumeRole')), byId, disabled)).toEqual([]);
  });
  test('a policy that asks for tags never matches', () => {
    const [found] = judged(goodRole, goodTarget, disabled);
    expect(found?.code).toBe('identity/trust-policy-mismatch');
    expect(found?.message).toContain('disableSessionTags');
    const printed: unknown = JSON.parse(found?.hint.split('\n').slice(1).join('\n') ?? '');
    expect(judged(goodRole, policy(printed as object), disabled)).toEqual([]);
  });
});

describe('what cannot be told from outside is a notice', () => {
  test.each([
    ['an organisation', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }],
    ['a pod by name', { StringLike: { 'aws:RequestTag/kubernetes-pod-name': 'external-dns-*' } }],
    ['an operator of numbers', { NumericLessThan: { 'aws:MultiFactorAuthAge': '1' } }],
    ['a policy variable', { StringEquals: { 'aws:RequestTag/a': '\u0024{aws:username}' } }],
    [
      'the external id of the association while tags are sent',
      { StringEquals: { 'sts:ExternalId': association.externalId } },
    ],
  ])('%s', (_name, condition) => {
    expect(said(judged(goodRole, policy(statement(root, both, condition))))).toEqual([
      'notice identity/trust-policy-unsure',
    ]);
  });
});

test('roles that are not there, or may not be seen', () => {
  const target = association.targetRoleArn ?? '';
  const gone = judgeRoles(setting, workload, association, { role: role(goodRole), target: seen(undefined) });
  expect(said(gone)).toEqual(['error identity/role-missing']);
  const [first, second, ...more] = judgeRoles(setting, workload, association, {
    role: denied(`iam:GetRole on ${association.roleArn}`),
    target: denied(`iam:GetRole on ${target}`),
  });
  expect(more).toEqual([]);
  expect(first?.message).toContain(
    `\`${setting.roles.eks}\` lacks the permission \`iam:GetRole on ${association.roleArn}\``,
  );
  // It is the reader of the DNS account that lacks it there.
  expect(second?.message).toContain(
    `\`${setting.roles.dns}\` lacks the permission \`iam:GetRole on ${target}\``,
  );
  expect(JSON.parse(second?.hint.split('\n')[1] ?? '')).toEqual({
    Effect: 'Allow',
    Action: 'iam:GetRole',
    Resource: target,
  });
});
