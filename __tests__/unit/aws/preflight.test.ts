// What preflight reads from EKS, IAM and ACM over the wire: values, absence, and denials with action and resource.
import { afterEach, describe, expect, test } from '@jest/globals';
import { certificateStore } from '../../../src/aws/acm.ts';
import type { Credentials } from '../../../src/aws/clients.ts';
import { iamReader } from '../../../src/aws/iam.ts';
import { identityReader } from '../../../src/aws/pod-identity.ts';
import {
  type AwsAnswer,
  type AwsRequest,
  type AwsServer,
  awsServer,
  json,
  jsonError,
  xmlError,
} from './aws-server.ts';

const now = new Date('2026-11-23T12:00:00Z');
const clock = { monotonic: () => 0, now: () => now, sleep: async () => {} };
const credentials = async (): Promise<Credentials> => ({
  accessKeyId: 'ASIAFAKE',
  secretAccessKey: 'fake-secret',
  sessionToken: 'fake-session',
  expiration: new Date(Date.now() + 3_600_000),
});
const { signal } = new AbortController();
const arn = 'arn:aws:eks:eu-west-1:111122223333:cluster/sample';
const role = 'arn:aws:iam::111122223333:role/path/external-dns';
const certificate = 'arn:aws:acm:eu-west-1:111122223333:certificate/1';

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function settings(answer: (request: AwsRequest, number: number) => AwsAnswer) {
  server = await awsServer(answer);
  return { aws: server.aws, credentials, clock };
}

const eks = async (answer: (request: AwsRequest, number: number) => AwsAnswer) =>
  identityReader({ ...(await settings(answer)), cluster: { name: 'sample', arn } });

const xml = (action: string, body: string): AwsAnswer => ({
  headers: { 'content-type': 'text/xml' },
  body: `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${body}</${action}Result></${action}Response>`,
});

describe('EKS', () => {
  test('associations are read over all pages', async () => {
    const one = (id: string) => ({ associationId: id, namespace: 'infra', serviceAccount: id });
    const reader = await eks(({ query }) =>
      query.get('nextToken') === null
        ? json({ associations: [one('a-1')], nextToken: 'more' })
        : json({ associations: [one('a-2')] }),
    );
    expect(await reader.list(signal)).toEqual({
      at: now,
      value: ['a-1', 'a-2'].map((id) => ({ id, namespace: 'infra', serviceAccount: id })),
    });
  });

  test('an association with its target role', async () => {
    const given = {
      roleArn: role,
      targetRoleArn: 'arn:t',
      externalId: 'e',
      disableSessionTags: true,
      modifiedAt: 1_795_000_000,
    };
    const reader = await eks(() =>
      json({ association: { associationId: 'a-1', namespace: 'n', serviceAccount: 's', ...given } }),
    );
    expect(await reader.describe('a-1', signal)).toEqual({
      at: now,
      value: {
        ...given,
        id: 'a-1',
        namespace: 'n',
        serviceAccount: 's',
        modifiedAt: new Date(1_795_000_000_000),
      },
    });
  });

  test('policies of an access entry: those of namespaces, and those of the cluster', async () => {
    const scoped = (type: string, namespaces: readonly string[]) => ({
      policyArn: type,
      accessScope: { type, namespaces },
    });
    const reader = await eks(() =>
      json({ associatedAccessPolicies: [scoped('cluster', []), scoped('namespace', ['apps'])] }),
    );
    expect(await reader.policies(role, signal)).toMatchObject({
      value: [
        { arn: 'cluster', namespaces: [] },
        { arn: 'namespace', namespaces: ['apps'] },
      ],
    });
  });

  test('what is not there is a value', async () => {
    const reader = await eks(() => jsonError('ResourceNotFoundException', 'no', 404));
    const looks = [reader.describe('a-1', signal), reader.entry(role, signal), reader.addon('agent', signal)];
    expect(await Promise.all(looks)).toEqual(
      Array.from({ length: 3 }, () => ({ at: now, value: undefined })),
    );
    expect(await reader.policies(role, signal)).toEqual({ at: now, value: [] });
  });

  test('a denial that names nothing gets the action and resource that were asked for', async () => {
    const reader = await eks(() => jsonError('AccessDeniedException', '', 403));
    const of = (kind: string): string => arn.replace(':cluster/', `:${kind}/`);
    expect(await reader.list(signal)).toMatchObject({ denied: `eks:ListPodIdentityAssociations on ${arn}` });
    expect(await reader.describe('a-1', signal)).toMatchObject({
      denied: `eks:DescribePodIdentityAssociation on ${of('podidentityassociation')}/a-1`,
    });
    expect(await reader.entry(role, signal)).toMatchObject({
      denied: `eks:DescribeAccessEntry on ${of('access-entry')}/role/111122223333/external-dns/*`,
    });
    expect(await reader.addon('agent', signal)).toMatchObject({
      denied: `eks:DescribeAddon on ${of('addon')}/agent/*`,
    });
  });

  test('anything else is a failure in a sentence', async () => {
    const reader = await eks(() => jsonError('InvalidRequestException', 'not now', 400));
    expect(await reader.list(signal)).toMatchObject({
      failed: 'EKS did not answer as it should: InvalidRequestException: not now (HTTP 400).',
    });
  });
});

describe('IAM', () => {
  test('a role by its name alone, its trust policy decoded', async () => {
    const trust = { Version: '2012-10-17', Statement: [] };
    const reader = iamReader(
      await settings(({ form }) =>
        form.get('RoleName') === 'external-dns'
          ? xml(
              'GetRole',
              `<Role><Arn>${role}</Arn><AssumeRolePolicyDocument>${encodeURIComponent(JSON.stringify(trust))}</AssumeRolePolicyDocument></Role>`,
            )
          : xmlError('ValidationError', 'name'),
      ),
    );
    expect(await reader.role(role, signal)).toEqual({ at: now, value: { arn: role, trust } });
  });

  test('what the simulator says', async () => {
    const result = (action: string, decision: string, missing = '') =>
      `<member><EvalActionName>${action}</EvalActionName><EvalDecision>${decision}</EvalDecision><MissingContextValues>${missing}</MissingContextValues></member>`;
    const rows = [
      result('a', 'allowed'),
      result('b', 'implicitDeny'),
      result('c', 'explicitDeny'),
      result('d', 'implicitDeny', '<member>aws:x</member>'),
    ];
    const reader = iamReader(
      await settings(() =>
        xml('SimulatePrincipalPolicy', `<EvaluationResults>${rows.join('')}</EvaluationResults>`),
      ),
    );
    const simulated = await reader.simulate(role, ['a', 'b', 'c', 'd'], '*', signal);
    expect(
      'value' in simulated && simulated.value.map(({ action, decision }) => `${action} ${decision}`),
    ).toEqual(['a allowed', 'b denied', 'c explicitly-denied', 'd unsure']);
  });

  test('no such role, and no permission to see it', async () => {
    const gone = iamReader(await settings(() => xmlError('NoSuchEntity', 'no', 404)));
    expect(await gone.role(role, signal)).toEqual({ at: now, value: undefined });
    await server?.close();
    const denied = iamReader(await settings(() => xmlError('AccessDenied', 'no', 403)));
    expect(await denied.role(role, signal)).toMatchObject({ denied: `iam:GetRole on ${role}` });
    expect(await denied.simulate(role, ['a'], '*', signal)).toMatchObject({
      denied: `iam:SimulatePrincipalPolicy on ${role}`,
    });
  });
});

describe('ACM', () => {
  test('a certificate: names once and in lower case, records that are still wanted, and all', async () => {
    const record = (Name: string) => ({ Name, Type: 'CNAME', Value: 'v' });
    const store = certificateStore(
      await settings(() =>
        json({
          Certificate: {
            Status: 'PENDING_VALIDATION',
            Type: 'AMAZON_ISSUED',
            DomainName: 'Example.com',
            SubjectAlternativeNames: ['example.com', '*.example.com'],
            DomainValidationOptions: [
              { DomainName: 'a', ValidationStatus: 'SUCCESS', ResourceRecord: record('_done') },
              { DomainName: 'b', ValidationStatus: 'PENDING_VALIDATION', ResourceRecord: record('_wanted') },
            ],
          },
        }),
      ),
    );
    expect(await store.describe(certificate, signal)).toEqual({
      at: now,
      value: {
        arn: certificate,
        status: 'PENDING_VALIDATION',
        type: 'AMAZON_ISSUED',
        names: ['example.com', '*.example.com'],
        validation: [{ name: '_wanted', type: 'CNAME', value: 'v' }],
        proofs: ['_done', '_wanted'].map((name) => ({ name, type: 'CNAME', value: 'v' })),
      },
    });
  });

  test('none, and a denial', async () => {
    const none = certificateStore(await settings(() => jsonError('ResourceNotFoundException', 'no', 400)));
    expect(await none.describe(certificate, signal)).toEqual({ at: now, value: undefined });
    await server?.close();
    const denied = certificateStore(await settings(() => jsonError('AccessDeniedException', 'no', 400)));
    expect(await denied.describe(certificate, signal)).toMatchObject({
      denied: `acm:DescribeCertificate on ${certificate}`,
    });
    expect(await denied.issued(signal)).toMatchObject({ denied: 'acm:ListCertificates on *' });
  });
});
