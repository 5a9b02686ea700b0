// What would stop a deploy half-way is said before its first write: kinds, releases and hostnames.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appFiles, ensureInfra, type Finished, kubectl, run, workspaceOf } from './harness.ts';
import { errorIn, errorsOf } from './reading.ts';

const namespace = 'beforehand';
const brought = 'beforehand-brought';
const crdName = 'locks.beforehand.example';
const first = {
  'a/namespace.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${brought} }\n`,
  'a/crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${crdName} }
spec:
  group: beforehand.example
  scope: Namespaced
  names: { kind: Lock, plural: locks }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`,
};
const door = (name: string): string =>
  `apiVersion: nobody.example/v1\nkind: Door\nmetadata: { name: ${name}, namespace: ${brought} }\n`;
const doors = ['a', 'b', 'c'].map(door).join('---\n');
const chartYaml = (name: string, version = '0.1.0'): string =>
  `apiVersion: v2\nname: ${name}\nversion: ${version}\n`;
const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m }\n';
const removals: (() => void)[] = [];
const files = (all: Readonly<Record<string, string>>): string => {
  const { path, remove } = workspaceOf({ ...first, ...all });
  removals.push(remove);
  return path;
};
const go = (workspace: string, inputs: Record<string, string> = {}): Promise<Finished> =>
  run({ workspace, inputs: { namespace, 'create-namespace': 'true', 'helm-timeout': '30s', ...inputs } });

const expectNothingWritten = (): void => {
  const left = kubectl('get', 'namespace', brought, namespace, '--ignore-not-found', '-o', 'name');
  const definitions = kubectl('get', 'crd', crdName, '--ignore-not-found', '-o', 'name');
  expect({ left, definitions }).toEqual({ left: '', definitions: '' });
};

const tidy = (): void => {
  kubectl('delete', 'namespace', namespace, brought, '--ignore-not-found');
  kubectl('delete', 'crd', crdName, '--ignore-not-found');
};
// For the definitions of Gateway API.
beforeAll(ensureInfra);
beforeAll(tidy);
afterAll(() => {
  tidy();
  for (const remove of removals) remove();
});

test('a kind that nobody serves: one error for all its objects, and nothing is written', async () => {
  const workspace = files({ 'b/doors.yaml': doors, 'b/map.yaml': map });
  for (const mode of ['deploy', 'plan']) {
    const { code, report } = await go(workspace, { mode });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['crds/missing'] });
    expect(errorIn(report)?.message).toMatch(
      /^The cluster does not serve Door in nobody\.example\/v1\. 3 objects need it: /,
    );
    expectNothingWritten();
  }
});

test('a kind in a chart that nobody serves', async () => {
  const workspace = files({ 'chart/Chart.yaml': chartYaml('doors'), 'chart/templates/doors.yaml': doors });
  for (const mode of ['deploy', 'plan']) {
    const { code, report } = await go(workspace, { mode });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['crds/missing'] });
    expectNothingWritten();
  }
});

test('a controller with a feature gate that its version does not know would not start', async () => {
  const controller = (gates: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: aws-load-balancer-controller, labels: { app.kubernetes.io/name: aws-load-balancer-controller } }
spec:
  selector: { matchLabels: { app: lbc } }
  template:
    metadata: { labels: { app: lbc } }
    spec:
      containers:
        - name: aws-load-balancer-controller
          image: example.com/eks/aws-load-balancer-controller:v2.17.1
          args: [--cluster-name=sample, '--feature-gates=${gates}']
`;
  const workspace = files({
    'chart/Chart.yaml': chartYaml('infra'),
    'chart/templates/lbc.yaml': controller('ALBGatewayAPI=true,GatewayListenerSet=false'),
  });
  for (const mode of ['deploy', 'plan']) {
    const { code, report } = await go(workspace, { mode });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['controller/gate-unknown'] });
    expect(errorIn(report)?.message).toContain(
      'GatewayListenerSet, which came with 3.2.2: it does not start',
    );
    expectNothingWritten();
  }
  const mended = files({
    'chart/Chart.yaml': chartYaml('infra'),
    'chart/templates/lbc.yaml': controller('ALBGatewayAPI=true'),
  });
  expect(errorsOf((await go(mended, { mode: 'plan' })).report)).toEqual([]);
});

test('where a chart may bring the kind while it runs, that is awaited: the chart is installed first', async () => {
  const role =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: beforehand-operator }\nrules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]\n";
  const workspace = files({
    'b/doors.yaml': doors,
    'chart/Chart.yaml': chartYaml('operator'),
    'chart/templates/role.yaml': role,
  });
  const { code, report } = await go(workspace);
  tidy();
  kubectl('delete', 'clusterrole', 'beforehand-operator', '--ignore-not-found');
  expect({ code, errors: errorsOf(report), release: report.releases?.[0]?.result }).toEqual({
    code: 1,
    errors: ['crds/missing'],
    release: 'installed',
  });
});

describe("a release of somebody else's", () => {
  const inOwn = (...args: string[]): string =>
    execFileSync('helm', [...args, '--namespace', namespace], { encoding: 'utf8' });

  test('is refused before anything is written, and a plan says so', async () => {
    const strange = workspaceOf({ 'Chart.yaml': chartYaml('database', '3.0.0'), 'templates/a.yaml': map });
    removals.push(strange.remove);
    inOwn('install', 'app', strange.path, '--create-namespace');
    const workspace = files({ 'chart/Chart.yaml': chartYaml('app') });
    for (const mode of ['deploy', 'plan']) {
      const { code, report } = await go(workspace, { mode });
      expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/not-ours'] });
      expect(errorIn(report)).toMatchObject({
        message: expect.stringMatching(/^Release beforehand\/app is somebody else's: .* database 3\.0\.0/),
        source: { file: 'chart/Chart.yaml', line: 1 },
      });
      expect(report.plan?.releases.flatMap(({ objects }) => objects) ?? []).toEqual([]);
      expect(kubectl('get', 'namespace', brought, '--ignore-not-found', '-o', 'name')).toBe('');
      expect(kubectl('get', 'crd', crdName, '--ignore-not-found', '-o', 'name')).toBe('');
    }
    const taken = await go(workspace, { mode: 'plan', 'take-over': 'helm' });
    expect({ code: taken.code, errors: errorsOf(taken.report) }).toEqual({ code: 0, errors: [] });
    expect(taken.report.plan?.releases).toMatchObject([
      {
        chart: 'database 3.0.0 → app 0.1.0',
        objects: [{ ref: `ConfigMap ${namespace}/m`, result: 'pruned' }],
      },
    ]);
    tidy();
  });

  test('nor one that is kept where helm does not look', async () => {
    const chart = workspaceOf({ 'Chart.yaml': chartYaml('app'), 'templates/a.yaml': map });
    removals.push(chart.remove);
    execFileSync('helm', ['install', 'app', chart.path, '--namespace', namespace, '--create-namespace'], {
      env: { ...process.env, HELM_DRIVER: 'configmap' },
    });
    const { code, report } = await go(files({ 'chart/Chart.yaml': chartYaml('app') }), { mode: 'plan' });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/other-storage'] });
    tidy();
  });
});

test.each([['deploy'], ['verify'], ['plan'], ['lint']])(
  '%s: a hostname that a template has left says that the file has to be rendered first',
  async (mode) => {
    const workspace = files(
      appFiles(brought, (yaml) => yaml.replace(/hostnames: \[.*\]/, `hostnames: ['\${HOST}']`)),
    );
    const { code, report } = await go(workspace, { mode });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['lint/hostname-invalid'] });
    expect(errorIn(report)).toMatchObject({
      source: { file: 'routes/route.yaml', line: 1 },
      hint: expect.stringMatching(/^`\$\{HOST\}` was never filled in: the file is a template/),
    });
    expectNothingWritten();
  },
);
