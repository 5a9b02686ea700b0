// Reaching the cluster: its name and region, who may come in, and whether there is a way to it at all.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clusterAdminPolicy, createAccessEntry, deleteAccessEntry, iam } from './admin.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  kubectl,
  layout,
  resetKnobs,
  run,
  setKnobs,
  workspaceOf,
} from './harness.ts';
import { annotated, errorIn, errorsOf, quick } from './reading.ts';

const { accounts, cluster, region, roles } = layout;
const workspace = workspaceOf(appFiles('reach'));
const chart = workspaceOf({
  'chart/Chart.yaml': 'apiVersion: v2\nname: reach-chart\nversion: 0.1.0\n',
  'chart/templates/config.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: reach-chart }\ndata: { a: b }\n',
});
const session = `arn:aws:sts::${accounts.eks}:assumed-role/${roles.deploy}/eks-gateway-action`;
const roleArn = `arn:aws:iam::${accounts.eks}:role/${roles.deploy}`;

const attempt = (inputs: Readonly<Record<string, string>> = {}, at = workspace): Promise<Finished> =>
  run({ workspace: at.path, inputs: { ...quick, ...inputs } });

async function expectLive(): Promise<void> {
  const { code, report } = await attempt();
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'reach.example.com is live.' });
}

beforeAll(ensureInfra);

afterAll(() => {
  for (const { remove } of [workspace, chart]) remove();
});

test('the control: the same workspace and inputs, nothing broken', expectLive);

describe('a wrong name or region', () => {
  test.each([
    ['cluster-name', 'simple', `arn:aws:eks:${region}:${accounts.eks}:cluster/simple`],
    ['aws-region', 'eu-west-1', `arn:aws:eks:eu-west-1:${accounts.eks}:cluster/${cluster.name}`],
  ])(
    '%s: a role that may see its own cluster alone is denied; both inputs are doubted before the policy',
    async (input, value, resource) => {
      const { code, report } = await attempt({ [input]: value });
      expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['cluster/describe-denied'] });
      expect(report.verdict).toMatch(new RegExp(`${session} may not describe the cluster .*${value}`));
      expect(errorIn(report)?.hint).toMatch(/^Check `cluster-name` and `aws-region` first/);
      expect(errorIn(report)?.hint).toContain(`eks:DescribeCluster on ${resource}`);
      expect(report.objects).toEqual([]);
    },
  );

  const seesAll = { RoleName: roles.deploy, PolicyName: 'sees-all-clusters' };
  test.each([
    ['cluster-name', 'simple', `has no cluster simple in ${region}.`, `There is: ${cluster.name}.`],
  ])('%s: a role that may list clusters learns which there are', async (input, value, says, others) => {
    await iam('eks', 'PutRolePolicy', {
      ...seesAll,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['eks:ListClusters', 'eks:DescribeCluster'], Resource: '*' }],
      }),
    });
    const { code, report } = await attempt({ [input]: value }).finally(() =>
      iam('eks', 'DeleteRolePolicy', seesAll),
    );
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['cluster/not-found'] });
    expect(report.verdict).toBe(`Account ${accounts.eks} ${says}`);
    expect(errorIn(report)?.hint).toContain(others);
  });
});

describe('an endpoint that cannot be reached', () => {
  afterEach(resetKnobs);
  const restricted = ['198.51.100.0/24', '192.0.2.7/32'];

  test.each([
    [
      'a private one',
      { endpointPublicAccess: false },
      'cluster/endpoint-private',
      `The endpoint of cluster ${cluster.name} is private, and this runner is not in its network.`,
      'endpointPublicAccess: false, publicAccessCidrs: none',
    ],
    [
      'one for other networks',
      { publicAccessCidrs: restricted },
      'cluster/endpoint-restricted',
      `The endpoint of cluster ${cluster.name} admits only ${restricted.join(', ')}, and this runner's address is not among them.`,
      `endpointPublicAccess: true, publicAccessCidrs: ${restricted.join(', ')}`,
    ],
  ])(
    '%s is named from DescribeCluster, long before TCP gives up',
    async (_what, knobs, errorCode, says, configuration) => {
      await setKnobs(knobs);
      const { code, report, seconds } = await attempt();
      expect({ code, errors: errorsOf(report), verdict: report.verdict }).toEqual({
        code: 1,
        errors: [errorCode],
        verdict: says,
      });
      expect(errorIn(report)?.evidence).toContainEqual({
        from: 'eks:DescribeCluster resourcesVpcConfig',
        saw: configuration,
      });
      // Linux sends SYN for 127 s.
      expect(seconds).toBeLessThan(60);
    },
  );
});

describe('who may come in', () => {
  const given = { namespace: 'default' };

  test('no access entry (401): which principal, and the command that makes one', async () => {
    await deleteAccessEntry();
    const { code, report, summary } = await attempt();
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['cluster/no-access-entry'] });
    expect(report.verdict).toContain(session);
    const command = `aws eks create-access-entry --cluster-name ${cluster.name} --region ${region} --principal-arn ${roleArn}`;
    expect(errorIn(report)?.hint.split('\n')).toContain(command);
    expect(summary).toContain(command);
    expect(errorIn(report)?.evidence).toEqual([
      { from: 'API server', saw: expect.stringMatching(/^401 .*Unauthorized/) },
    ]);
  });

  test('an entry without permissions (403): which principal, which verb, for which file', async () => {
    await createAccessEntry();
    const { code, log, report } = await attempt();
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['cluster/forbidden'] });
    expect(errorIn(report)).toMatchObject({
      message: expect.stringContaining(`${session} may not patch namespaces`),
      source: { file: 'app/app.yaml', line: 1 },
    });
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        code: 'run/unguarded',
        severity: 'notice',
        message: expect.stringContaining('may not get leases.coordination.k8s.io in namespace default'),
      }),
    );
    expect(annotated(log, 'error')[0]).toMatch(/^file=app\/app\.yaml,line=1,title=cluster\/forbidden::/);
    expect(report.objects).toEqual([expect.objectContaining({ ref: 'Namespace reach', result: 'failed' })]);
  });

  test('the same for a chart: what helm may not do', async () => {
    const { code, report } = await attempt(given, chart);
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['cluster/forbidden'] });
    expect(report.verdict).toContain(`${session} may not list secrets in namespace default`);
  });

  // The endpoint is open again as well: this run shows all of it mended.
  test('with an entry and its policy', async () => {
    await deleteAccessEntry();
    await createAccessEntry(clusterAdminPolicy);
    await expectLive();
    const { code, report } = await attempt(given, chart);
    expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'live' });
    expect(kubectl('get', 'configmap', 'reach-chart', '-o', 'jsonpath={.data.a}')).toBe('b');
  });
});
