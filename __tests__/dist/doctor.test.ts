// doctor: what is wrong in AWS and the cluster is named before anything is applied, with what mends it; nothing is written.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documented } from '../../lab/documented.ts';
import { prepareSample } from '../../lab/sample.ts';
import type { Finding } from '../../src/verdict/finding.ts';
import { commandProblem } from '../command-lines.ts';
import { commandsOf } from '../documented-blocks.ts';
import {
  type Account,
  clusterAdminPolicy,
  createAccessEntry,
  deleteAccessEntry,
  eks,
  iam,
  setTrustPolicy,
  trustPolicy,
} from './admin.ts';
import {
  ensureInfra,
  type Finished,
  infraInputs,
  kubectl,
  lab,
  layout,
  resetKnobs,
  run,
  runApp,
  setKnobs,
  untilQuiet,
  workspaceOf,
} from './harness.ts';
import { errorIn } from './reading.ts';

const lookers = { eks: layout.roles.deploy, dns: layout.roles.dnsReader } as const;
const accounts = ['eks', 'dns'] as const;

const widen = (account: Account): Promise<string> =>
  iam(account, 'PutRolePolicy', {
    RoleName: lookers[account],
    PolicyName: 'doctor',
    PolicyDocument: documented('permissions.md', `doctor-${account}`),
  });
const narrow = (account: Account): Promise<string> =>
  iam(account, 'DeleteRolePolicy', { RoleName: lookers[account], PolicyName: 'doctor' });

/** Every command that a hint gives can be given as it stands. */
function expectCommands(finished: Finished): Finished {
  const lines = finished.report.findings.flatMap(({ hint }) => hint.split('\n'));
  const commands = lines.filter((line) => /^(aws|kubectl) /.test(line)).flatMap(commandsOf);
  const shown = commands.map((words) => ({ where: 'hint:1', line: words.join(' '), words }));
  expect(shown.map(commandProblem).filter((problem) => problem !== undefined)).toEqual([]);
  return finished;
}

/** One app with a route, the infra running in the cluster; nothing of it is applied. */
const doctor = async (change?: (yaml: string) => string): Promise<Finished> =>
  expectCommands(await runApp('patient', { action: 'doctor', ...(change && { change }) }));

/** The repository with the charts, its environment's values changed. */
async function doctorOfSample(change: (values: string) => string = (values) => values): Promise<Finished> {
  const workspace = workspaceOf({});
  try {
    prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
    const file = join(workspace.path, 'infra/environment.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return expectCommands(await run({ workspace: workspace.path, action: 'doctor', inputs: infraInputs }));
  } finally {
    workspace.remove();
  }
}

const outcomeOf = ({ code, report }: Finished) => ({
  code,
  outcome: report.outcome,
  errors: report.findings.filter(({ severity }) => severity === 'error').map(({ message }) => message),
});
const healthy = { code: 0, outcome: 'clean', errors: [] };

/** `iam:GetRole on …/role/external-dns` of every notice that a look was denied. */
const denials = ({ report }: Finished): readonly string[] =>
  report.findings
    .filter(({ code }) => code === 'look/denied')
    .flatMap(({ message }) => / lacks the permission `([^`]+)`/.exec(message)?.[1] ?? message);

/** The lines to copy below a hint's first. */
const toCopy = ({ hint }: Finding): readonly string[] => hint.split('\n').slice(1);

beforeAll(ensureInfra);
beforeAll(untilQuiet);
afterAll(resetKnobs);

test('the role that deploys: every permission that is missing is named, and nothing fails', async () => {
  await lab('DELETE', '/calls');
  const result = await doctorOfSample();
  expect(outcomeOf(result)).toEqual(healthy);
  const { eks: own, dns } = layout.accounts;
  const role = (account: string, name: string): string => `arn:aws:iam::${account}:role/${name}`;
  const { externalDns, externalDnsTarget, loadBalancerController } = layout.roles;
  const entry = `arn:aws:eks:${layout.region}:${own}:access-entry/${layout.cluster.name}/role/${own}/${layout.roles.deploy}`;
  // An access entry's ARN ends in an id of its own.
  const named = denials(result).map((each) => each.replace(/\/[0-9a-f]{8}-[0-9a-f-]+$/, ''));
  expect(named.sort()).toEqual(
    [
      `eks:DescribeAccessEntry on ${entry}`,
      `eks:ListAssociatedAccessPolicies on ${entry}`,
      `iam:GetRole on ${role(own, externalDns)}`,
      `iam:GetRole on ${role(own, loadBalancerController)}`,
      `iam:GetRole on ${role(dns, externalDnsTarget)}`,
      `iam:SimulatePrincipalPolicy on ${role(own, externalDns)}`,
      `iam:SimulatePrincipalPolicy on ${role(dns, externalDnsTarget)}`,
    ].sort(),
  );
  // What was not allowed to be seen is all that there is to say.
  expect(result.report.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
    Array.from({ length: 7 }, () => 'notice look/denied'),
  );
});

describe("with the doctor's policies of docs/permissions.md", () => {
  beforeAll(async () => {
    for (const account of accounts) await widen(account);
  });
  afterAll(async () => {
    for (const account of accounts) await narrow(account);
  });

  test('a healthy setting: nothing is found, and nothing is written', async () => {
    await lab('DELETE', '/calls');
    const versions = (): string => kubectl('get', 'deployment,gateway,httproute', '-A', '-o', 'yaml');
    await untilQuiet();
    const before = versions();
    const result = await doctorOfSample();
    expect(outcomeOf(result)).toEqual(healthy);
    expect(result.report.findings).toEqual([]);
    expect(result.report.verdict).toBe('Nothing wrong was found.');
    expect(result.log).toContain("✓ The trust policies of ExternalDNS's roles");
    expect(result.log).toMatch(/rules \d+ of 100 \(\d+ left\), target groups/);
    expect(result.log).toMatch(/application load balancers \d+ of 20 \(\d+ left\)/);
    expect(result.report.objects).toEqual([]);
    expect(versions()).toBe(before);
    const calls = (await lab('GET', '/calls')) as readonly { principal: string; action: string }[];
    const ours = calls.filter(({ principal }) => /gateway-(deploy|dns-reader)\//.test(principal ?? ''));
    expect(ours.filter(({ action }) => !/^(Describe|List|Get|Simulate|TokenReview$)/.test(action))).toEqual(
      [],
    );
    expect(ours.length).toBeGreaterThan(10);
  });

  test('no pod identity association: whose, for which service account, and the command that makes it', async () => {
    interface Association {
      readonly associationId: string;
      readonly roleArn: string;
      readonly targetRoleArn: string;
    }
    const path = 'pod-identity-associations';
    const own = { namespace: 'infra', serviceAccount: 'external-dns' };
    const { associations } = (await eks('GET', path)) as { associations: (typeof own & Association)[] };
    const id = associations.find(({ serviceAccount }) => serviceAccount === 'external-dns')?.associationId;
    const { association } = (await eks('DELETE', `${path}/${id}`)) as { association: Association };
    let restart = '';
    try {
      const result = await doctor();
      expect({ code: result.code, outcome: result.report.outcome }).toEqual({ code: 1, outcome: 'failed' });
      const found = errorIn(result.report);
      expect(found?.code).toBe('identity/association-missing');
      expect(found?.message).toContain('Deployment infra/infra-external-dns');
      expect(found?.message).toContain('`infra/external-dns`');
      const [create = '', again = ''] = found === undefined ? [] : toCopy(found);
      restart = again;
      expect(create).toBe(
        `aws eks create-pod-identity-association --cluster-name ${layout.cluster.name} --region ${layout.region} --namespace infra --service-account external-dns --role-arn arn:aws:iam::${layout.accounts.eks}:role/ROLE_OF_THE_CONTROLLER --target-role-arn arn:aws:iam::${layout.accounts.dns}:role/ROLE_THAT_WRITES_THE_ZONE`,
      );
      expect(result.summary).toContain('**Who:** the platform team');
      expect(result.summary).toContain('aws eks create-pod-identity-association');
    } finally {
      const { roleArn, targetRoleArn } = association;
      await eks('POST', path, { ...own, roleArn, targetRoleArn });
    }
    // What has a pod got without an association, or from an earlier one? The second command makes it new.
    kubectl(...restart.split(' ').slice(1));
    kubectl('rollout', 'status', 'deployment/infra-external-dns', '-n', 'infra', '--timeout=60s');
    expect((await doctor()).report.findings).toEqual([]);
  });

  test('a target role that does not admit sts:TagSession: the printed command mends it', async () => {
    const role = layout.roles.externalDnsTarget;
    const before = await trustPolicy('dns', role);
    const policy = JSON.parse(before) as { Statement: { Action: unknown }[] };
    for (const statement of policy.Statement) statement.Action = 'sts:AssumeRole';
    await setTrustPolicy('dns', role, JSON.stringify(policy));
    try {
      const result = await doctor();
      const found = errorIn(result.report);
      expect(outcomeOf(result).errors).toHaveLength(1);
      expect({ code: result.code, found: found?.code, owner: found?.owner }).toEqual({
        code: 1,
        found: 'identity/trust-policy-mismatch',
        owner: 'dns-account',
      });
      expect(found?.message).toContain(`arn:aws:iam::${layout.accounts.dns}:role/${role}`);
      expect(found?.message).toContain('sts:TagSession');
      const [command = ''] = found === undefined ? [] : toCopy(found);
      const [, name = '', document = ''] =
        /^aws iam update-assume-role-policy --role-name (\S+) --policy-document '(.*)'$/.exec(command) ?? [];
      expect(name).toBe(role);
      await setTrustPolicy('dns', name, document);
      expect(outcomeOf(await doctor())).toEqual(healthy);
    } finally {
      await setTrustPolicy('dns', role, before);
    }
  });

  test("a host that the listener's certificate does not cover", async () => {
    const deep = (yaml: string): string => yaml.replace('patient.example.com', 'a.patient.example.com');
    const result = await doctor(deep);
    const found = errorIn(result.report);
    expect(outcomeOf(result).errors).toHaveLength(1);
    expect({ code: result.code, found: found?.code, source: found?.source }).toEqual({
      code: 1,
      found: 'certificate/wrong-name',
      source: { file: 'routes/route.yaml', line: 1 },
    });
    expect(found?.message).toContain('`a.patient.example.com`');
    expect(found?.message).toContain('`*.example.com` stands for exactly one label');
    expect(found?.hint).toContain(
      "aws acm request-certificate --region us-east-1 --validation-method DNS --domain-name 'a.patient.example.com'",
    );
  });

  test('a new Gateway whose configuration names subnets that the VPC does not have', async () => {
    const edge = `apiVersion: gateway.k8s.aws/v1
kind: LoadBalancerConfiguration
metadata: { name: second, namespace: infra }
spec: { scheme: internet-facing, loadBalancerSubnets: [{ identifier: subnet-nowhere }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: second, namespace: infra }
spec:
  gatewayClassName: aws-alb
  infrastructure:
    parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: second }
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
`;
    const result = await runApp('patient', { action: 'doctor', files: { 'edge/second.yaml': edge } });
    const found = errorIn(result.report);
    expect(outcomeOf(result).errors).toHaveLength(1);
    expect({ code: found?.code, ref: found?.ref, file: found?.source?.file }).toEqual({
      code: 'gateway/subnets-unfit',
      ref: 'Gateway infra/second',
      file: 'edge/second.yaml',
    });
    expect(found?.message).toContain('`subnet-nowhere`');
    expect(found && toCopy(found)[0]).toMatch(/^aws ec2 describe-subnets --region us-east-1 .*vpc-/);
  });

  test('previews by a wildcard: the standing record and a certificate for it', async () => {
    const result = await runApp('patient', {
      action: 'doctor',
      inputs: {
        'preview-domain': 'pr.example.com',
        'preview-gateway': 'infra/public',
        'preview-dns': 'wildcard',
      },
    });
    const errors = result.report.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code }) => code)).toEqual(['record/wildcard-missing', 'certificate/wrong-name']);
    expect(errors[0]?.message).toContain('no record of *.pr.example.com');
    expect(errors[1]?.message).toContain('`*.pr.example.com`');
  });

  test('a zone that is delegated elsewhere', async () => {
    const seen = 'ns1.elsewhere.example';
    await setKnobs({ delegation: { 'example.com': [seen] } });
    const result = await doctor();
    await resetKnobs();
    const found = errorIn(result.report);
    expect(outcomeOf(result).errors).toHaveLength(1);
    expect({ code: result.code, found: found?.code, owner: found?.owner }).toEqual({
      code: 1,
      found: 'nameservers/undelegated',
      owner: 'dns-account',
    });
    expect(found?.evidence?.[0]?.saw).toBe(seen);
    for (const server of layout.nameServerNames) expect(found?.hint).toContain(server);
  });

  test('a chart that leaves the owner id at its default', async () => {
    const result = await doctorOfSample((values) => values.replace(/^ {2}txtOwnerId:.*\n/m, ''));
    const found = errorIn(result.report);
    expect(outcomeOf(result).errors).toHaveLength(1);
    expect({ code: result.code, found: found?.code }).toEqual({
      code: 1,
      found: 'externaldns/owner-id-default',
    });
    expect(found?.source?.file).toBe('infra/Chart.yaml');
    expect(found && toCopy(found)).toEqual(['external-dns:', `  txtOwnerId: ${layout.cluster.name}`]);
  });

  test('a cluster that does not know the role: said once, and AWS is looked at all the same', async () => {
    await deleteAccessEntry();
    try {
      const result = await doctor();
      expect(result.report.findings.map(({ code }) => code)).toEqual(['cluster/no-access-entry']);
      expect(result.log).toContain('✓ The hosted zone and its delegation');
    } finally {
      await createAccessEntry(clusterAdminPolicy);
    }
  });
});
