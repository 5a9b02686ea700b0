// The cluster in EKS: what is read of it, and what is said where it cannot be had.
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SessionSource } from '../../../src/aws/credentials.ts';
import { describeCluster } from '../../../src/aws/eks.ts';
import { Problem } from '../../../src/verdict/problem.ts';
import { type AwsAnswer, type AwsRequest, type AwsServer, awsServer, json, jsonError } from './aws-server.ts';

const credentials: SessionSource = async () => ({
  accessKeyId: 'ASIAFAKE',
  secretAccessKey: 'fake-secret',
  sessionToken: 'fake-session',
  expiration: new Date(Date.now() + 3_600_000),
  accountId: '111122223333',
  arn: 'arn:aws:sts::111122223333:assumed-role/deploy/run',
});

const cluster = {
  name: 'sample',
  arn: 'arn:aws:eks:eu-west-1:111122223333:cluster/sample',
  endpoint: 'https://abc.eks.amazonaws.com',
  certificateAuthority: { data: 'Q0E=' },
  version: '1.36',
  status: 'ACTIVE',
  accessConfig: { authenticationMode: 'API' },
  resourcesVpcConfig: {
    vpcId: 'vpc-1',
    endpointPublicAccess: true,
    endpointPrivateAccess: true,
    publicAccessCidrs: ['198.51.100.0/24'],
  },
};

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function describing(answer: (request: AwsRequest) => AwsAnswer): Promise<unknown> {
  server = await awsServer(answer);
  return await describeCluster(
    { aws: server.aws, name: 'sample', credentials },
    new AbortController().signal,
  ).catch((error: unknown) => error);
}

describe('a cluster that is there', () => {
  test.each(['ACTIVE', 'UPDATING'])('%s: all that the run needs', async (status) => {
    await expect(describing(() => json({ cluster: { ...cluster, status } }))).resolves.toEqual({
      name: 'sample',
      arn: cluster.arn,
      endpoint: cluster.endpoint,
      caData: 'Q0E=',
      version: '1.36',
      status,
      accountId: '111122223333',
      vpcId: 'vpc-1',
      endpointPublicAccess: true,
      publicAccessCidrs: ['198.51.100.0/24'],
      authenticationMode: 'API',
    });
    expect(server?.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /clusters/sample']);
  });

  test.each(['CREATING', 'DELETING', 'FAILED', 'PENDING'])('%s: not active', async (status) => {
    const health = { issues: [{ code: 'Ec2SubnetNotFound', message: 'subnet-1 is gone' }] };
    const problem = await describing(() => json({ cluster: { ...cluster, status, health } }));
    expect(problem).toMatchObject({
      code: 'cluster/not-active',
      evidence: [{ saw: 'Ec2SubnetNotFound: subnet-1 is gone' }],
    });
    expect((problem as Problem).message).toContain(status);
  });
});

const missing = jsonError('ResourceNotFoundException', 'No cluster found for name: sample.', 404);
const listed = (names: AwsAnswer) => (request: AwsRequest) =>
  request.path === '/clusters' ? names : missing;
const listDenied = jsonError(
  'AccessDeniedException',
  'User: x is not authorized to perform: eks:ListClusters',
  403,
);

describe('a cluster that cannot be had', () => {
  test.each<[string, (request: AwsRequest) => AwsAnswer, string, readonly RegExp[]]>([
    [
      'missing, others there',
      listed(json({ clusters: ['zeta', 'alpha'] })),
      'cluster/not-found',
      [/111122223333/, /eu-west-1/, /There are: alpha, zeta\./],
    ],
    [
      'missing, none there',
      listed(json({ clusters: [] })),
      'cluster/not-found',
      [/no cluster in eu-west-1 at all/],
    ],
    ['missing, list denied', listed(listDenied), 'cluster/not-found', [/may not list clusters/]],
    [
      'denied, AWS says by whom and on what',
      () =>
        jsonError(
          'AccessDeniedException',
          'User: arn:aws:sts::111122223333:assumed-role/other/run is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:111122223333:cluster/sample because no identity-based policy allows the eks:DescribeCluster action',
          403,
        ),
      'cluster/describe-denied',
      [
        /assumed-role\/other\/run may not/,
        /eks:DescribeCluster on arn:aws:eks:eu-west-1:111122223333:cluster\/sample/,
      ],
    ],
    [
      'denied, AWS says nothing',
      () => jsonError('AccessDeniedException', 'denied', 403),
      'cluster/describe-denied',
      [
        /assumed-role\/deploy\/run may not/,
        /eks:DescribeCluster on arn:aws:eks:eu-west-1:111122223333:cluster\/sample/,
      ],
    ],
    [
      'denied explicitly',
      () =>
        jsonError(
          'AccessDeniedException',
          'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:1:cluster/sample with an explicit deny in a service control policy',
          403,
        ),
      'cluster/describe-denied',
      [/A policy denies eks:DescribeCluster/],
    ],
    [
      'no JSON',
      () => ({ status: 400, body: '<html>' }),
      'cluster/describe-failed',
      [/could not be described/],
    ],
  ])('%s', async (_name, answer, code, texts) => {
    const problem = await describing(answer);
    if (!(problem instanceof Problem)) throw new Error('not a Problem', { cause: problem });
    expect(problem.code).toBe(code);
    const told = JSON.stringify([problem.message, problem.hint, problem.evidence]);
    for (const text of texts) expect(told).toMatch(text);
    expect(told).not.toMatch(/fake-secret|fake-session|ASIAFAKE/);
  });

  test('an abort is an abort', async () => {
    server = await awsServer(() => undefined);
    const abort = new AbortController();
    const pending = describeCluster({ aws: server.aws, name: 'sample', credentials }, abort.signal);
    setTimeout(() => abort.abort(new Error('cancelled')), 50);
    await expect(pending).rejects.toThrow('cancelled');
  });
});
