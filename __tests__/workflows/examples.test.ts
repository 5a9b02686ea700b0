// The examples, each run by its own workflow: the platform's and the team's half, several apps, the way from an Ingress.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { documented } from '../../lab/documented.ts';
import { makeDriftRole } from '../../lab/mutations/role.ts';
import { prepareExample } from '../../lab/sample.ts';
import { eks, iam, trustPolicy } from '../dist/admin.ts';
import { appFiles, kubectl, kubectlApply, layout, run, workspaceOf } from '../dist/harness.ts';
import { root, runWorkflow, type WorkflowEvent } from './act.ts';

const lab = process.env['LAB_DIR'] ?? '';

/** A copy of an example; `removed` again when the test ends. */
function copyOf(example: string): { readonly path: string; readonly remove: () => void } {
  const workspace = workspaceOf({});
  if (example === 'platform') prepareExample(example, workspace.path, lab);
  else cpSync(join(root, 'examples', example), workspace.path, { recursive: true });
  return workspace;
}

async function runExample(example: string, workflow: string, event?: WorkflowEvent) {
  const workspace = copyOf(example);
  try {
    const ran = await runWorkflow(workspace.path, `.github/workflows/${workflow}`, event);
    return { ...ran, result: { code: ran.code, jobs: ran.jobs } };
  } finally {
    workspace.remove();
  }
}

// The example's Gateway admits labelled namespaces alone; other tests of this lab publish from any, as the sample's does.
afterAll(() => {
  const { path, remove } = workspaceOf({});
  prepareExample('sample-app', path, lab);
  const chart = join(path, 'infra');
  // With a lock, helm wants every repository added by name first.
  rmSync(join(chart, 'Chart.lock'));
  execFileSync('helm', ['dependency', 'update', chart], { stdio: 'ignore' });
  const values = ['--values', join(chart, 'environment.yaml')];
  execFileSync('helm', ['upgrade', 'infra', chart, '--namespace', 'infra', ...values], { stdio: 'ignore' });
  remove();
});

const versionOfController = (): string =>
  kubectl(
    ...['get', 'deployment', '-n', 'infra', '-l', 'app.kubernetes.io/name=aws-load-balancer-controller'],
    ...['-o', 'jsonpath={.items[0].spec.template.spec.containers[0].image}'],
  );

test('platform: the chart with the older controller, then its workflow, which upgrades it', async () => {
  const workspace = copyOf('platform');
  const older = await run({
    workspace: workspace.path,
    inputs: {
      charts: 'infra-lbc-2.14',
      'release-name': 'infra',
      namespace: 'infra',
      'create-namespace': 'true',
      'values-files': 'environment.yaml',
      'wait-timeout': '2m',
    },
  });
  workspace.remove();
  expect({ code: older.code, outcome: older.report.outcome }).toEqual({ code: 0, outcome: 'live' });
  expect(versionOfController()).toMatch(/:v2\.14\.0$/);

  const { result, summary } = await runExample('platform', 'deploy.yml');
  expect(result).toEqual({ code: 0, jobs: { deploy: 'success' } });
  expect(summary).toContain('## ✅ canary.example.com is live.');
  expect(versionOfController()).toMatch(/:v3\.5\.0$/);
});

const team = {
  role: 'gateway-deploy-shop',
  arn: `arn:aws:iam::${layout.accounts.eks}:role/gateway-deploy-shop`,
};

/** What Terraform would have made for the team: a role with the policy of the deploying one, and groups in place of a policy. */
async function makeTeamRole(groups: readonly string[]): Promise<void> {
  const trust = await trustPolicy('eks', layout.roles.deploy);
  await iam('eks', 'CreateRole', { RoleName: team.role, AssumeRolePolicyDocument: trust });
  const PolicyDocument = documented('permissions.md', 'run-eks');
  await iam('eks', 'PutRolePolicy', { RoleName: team.role, PolicyName: 'deploy', PolicyDocument });
  await eks('POST', 'access-entries', { principalArn: team.arn, kubernetesGroups: groups });
}

async function removeTeamRole(): Promise<void> {
  await eks('DELETE', `access-entries/${encodeURIComponent(team.arn)}`);
  await iam('eks', 'DeleteRolePolicy', { RoleName: team.role, PolicyName: 'deploy' });
  await iam('eks', 'DeleteRole', { RoleName: team.role });
}

test('app-team: routes alone, by a role that may write routes of its namespace alone', async () => {
  await makeTeamRole(['shop-publishers', 'gateway-viewers']);
  // The Service comes from the team's other pipeline; the namespace from the platform.
  const [, deployment = '', service = ''] = (appFiles('shop')['app/app.yaml'] ?? '').split('---\n');
  kubectlApply(`${deployment}---\n${service}`);
  const { result, summary } = await runExample('app-team', 'publish.yml');
  expect(result).toEqual({ code: 0, jobs: { publish: 'success' } });
  expect(summary).toContain('## ✅ shop.example.com is live.');
  expect(summary).not.toContain('❔');

  const elsewhere = workspaceOf({
    'route.yaml': readFileSync(join(root, 'examples/app-team/routes/shop.yaml'), 'utf8').replace(
      'namespace: shop',
      'namespace: canary',
    ),
  });
  const refused = await run({
    workspace: elsewhere.path,
    inputs: { 'role-to-assume': team.arn },
  });
  elsewhere.remove();
  await removeTeamRole();
  expect(refused.code).toBe(1);
  expect(refused.report.verdict).toMatch(/patch.*httproutes.*canary/);
});

test('monorepo: linted as one, and a run for each app', async () => {
  const { result, log } = await runExample('monorepo', 'deploy.yml');
  expect(result).toEqual({ code: 0, jobs: { lint: 'success', deploy: 'success' } });
  for (const host of ['www.example.com', 'api.example.com']) expect(log).toContain(`${host} is live.`);
});

test('migrate-from-ingress: the Ingress stays, and the hostname answers through the Gateway', async () => {
  const { result, summary } = await runExample('migrate-from-ingress', 'migrate.yml');
  expect(result).toEqual({ code: 0, jobs: { migrate: 'success' } });
  expect(summary).toContain('store.example.com');
  expect(kubectl('get', 'ingress,httproute', '-n', 'store', '-o', 'name')).toBe(
    'ingress.networking.k8s.io/store\nhttproute.gateway.networking.k8s.io/store\n',
  );
});

test('drift: nothing at night, and one edit by hand is found, told and not touched', async () => {
  const workspace = copyOf('drift');
  const deployed = await run({ workspace: workspace.path, inputs: { 'wait-timeout': '2m' } });
  workspace.remove();
  expect(deployed.report.verdict).toBe('catalog.example.com is live.');
  await makeDriftRole();
  const night = { name: 'schedule', payload: {} };
  const clean = await runExample('drift', 'drift.yml', night);
  expect(clean.result).toEqual({ code: 0, jobs: { drift: 'success' } });
  expect(clean.outputs['drift']).toBe('false');

  const image = { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx:1.30' };
  const replicas = { op: 'replace', path: '/spec/replicas', value: 3 };
  const edit = JSON.stringify([image, replicas]);
  kubectl('patch', 'deployment', 'catalog', '-n', 'catalog', '--type=json', '-p', edit);
  const drifted = await runExample('drift', 'drift.yml', night);
  expect(drifted.result).toEqual({ code: 0, jobs: { drift: 'success' } });
  expect(drifted.outputs).toMatchObject({ drift: 'true', 'drift-ignored': '1' });
  expect(drifted.summary).toContain('replicas');
});

test('every example is run by a test', () => {
  // previews and sample-app: act.test.ts.
  const run = ['app-team', 'drift', 'migrate-from-ingress', 'monorepo', 'platform', 'previews', 'sample-app'];
  expect(readdirSync(join(root, 'examples')).sort()).toEqual(run);
});
