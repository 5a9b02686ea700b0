// Charts whose templates look into the cluster, or ask what it serves: rendered as helm installs them, or not, and said so.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { driftRoleArn, makeDriftRole } from '../../lab/mutations/role.ts';
import { appFiles, ensureInfra, type Finished, kubectl, run, workspaceOf } from './harness.ts';
import { freshPreviews, preview, shas } from './previews.ts';
import { errorIn, errorsOf, quick } from './reading.ts';

const helm3 = `${join(process.env['LAB_DIR'] ?? '', 'bin/helm3')}:${process.env['PATH'] ?? ''}`;
const versions: [string, Record<string, string>][] = [
  ['4', {}],
  ['3', { PATH: helm3 }],
];

const chartYaml = (name: string): string => `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`;
const map = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: ${value} }\n`;
const key = (namespace: string): string =>
  map('looked', `{{ (lookup "v1" "Secret" "${namespace}" "door").data.key | b64dec | quote }}`);
const nodes = map(
  'counted',
  '{{ (lookup "v1" "Node" "" "").items | default list | len | printf "%d nodes" | quote }}',
);

const definition = (group: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: doors.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Door, plural: doors }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { key: { type: string } } } }
`;

const made: string[] = [];
const removals: (() => void)[] = [];
const namespaceOf = (name: string): string => {
  kubectl('create', 'namespace', name);
  made.push(name);
  return name;
};
const files = (all: Readonly<Record<string, string>>): string => {
  const { path, remove } = workspaceOf(all);
  removals.push(remove);
  return path;
};
const valueIn = (namespace: string, name: string): string =>
  kubectl('get', 'configmap', name, '-n', namespace, '-o', 'jsonpath={.data.value}');
const ended = ({ code, report }: Finished) => ({
  code,
  errors: errorsOf(report),
  release: report.releases?.[0]?.result,
});

beforeAll(makeDriftRole);
afterAll(() => {
  // Others count what is there: nothing is left on its way out.
  kubectl('delete', 'namespace', ...made, '--ignore-not-found');
  for (const remove of removals) remove();
});

describe.each(versions)('with Helm %s', (major, env) => {
  const given = (workspace: string, namespace: string) => ({
    workspace,
    env,
    inputs: { namespace, 'helm-timeout': '30s' },
  });

  test('what a template cannot do without is looked up before anything is written, in every mode', async () => {
    const namespace = namespaceOf(`looks-${major}`);
    const workspace = files({
      'chart/Chart.yaml': chartYaml('looks'),
      'chart/templates/a.yaml': key(namespace),
      'first.yaml': map('first', '"1"'),
    });
    const before = await run(given(workspace, namespace));
    expect(ended(before)).toMatchObject({ code: 1, errors: ['helm/render-failed'] });
    expect(errorIn(before.report)?.hint).toContain('`lookup`');
    expect(before.report.objects).toEqual([]);

    kubectl('create', 'secret', 'generic', 'door', '-n', namespace, '--from-literal=key=open');
    const planned = await run({ ...given(workspace, namespace), action: 'plan' });
    expect({ code: planned.code, outcome: planned.report.outcome }).toEqual({ code: 0, outcome: 'planned' });
    expect(ended(await run(given(workspace, namespace)))).toEqual({
      code: 0,
      errors: [],
      release: 'installed',
    });
    expect(valueIn(namespace, 'looked')).toBe('open');
    expect(ended(await run(given(workspace, namespace)))).toEqual({
      code: 0,
      errors: [],
      release: 'unchanged',
    });
    const drifted = await run({
      ...given(workspace, namespace),
      action: 'drift',
      inputs: { namespace, 'drift-layers': 'kubernetes,helm', 'drift-issue': 'false' },
    });
    expect({ outcome: drifted.report.outcome, items: drifted.report.drift }).toEqual({
      outcome: 'clean',
      items: [],
    });
  });

  test('drift: what may not be looked up is not checked, which is neither drift nor its absence', async () => {
    const namespace = namespaceOf(`counts-${major}`);
    const workspace = files({ 'chart/Chart.yaml': chartYaml('counts'), 'chart/templates/a.yaml': nodes });
    expect(ended(await run(given(workspace, namespace)))).toMatchObject({ code: 0, release: 'installed' });
    expect(valueIn(namespace, 'counted')).toMatch(/^[1-9]\d* nodes$/);
    const check = (inputs: Record<string, string>) =>
      run({
        workspace,
        env,
        action: 'drift',
        inputs: { namespace, 'drift-layers': 'helm', 'drift-issue': 'false', ...inputs },
      });
    const allowed = await check({});
    expect({ outcome: allowed.report.outcome, items: allowed.report.drift }).toEqual({
      outcome: 'clean',
      items: [],
    });
    const denied = await check({ 'role-to-assume': driftRoleArn });
    expect({ drift: denied.outputs['drift'], items: denied.report.drift }).toEqual({
      drift: 'error',
      items: [],
    });
    expect(denied.report.findings).toMatchObject([
      {
        code: 'drift/not-checked',
        message: expect.stringMatching(
          /its templates look into the cluster, and the role may not list nodes at the cluster scope\. Without that they render ConfigMap counted `\.data\.value` otherwise\.$/,
        ),
      },
    ]);
  });

  test('a chart finds what another one brings, in a plan before as in the deploy', async () => {
    const namespace = namespaceOf(`brings-${major}`);
    const group = `brings-${major}.example`;
    const door = `{{- if .Capabilities.APIVersions.Has "${group}/v1/Door" }}\napiVersion: ${group}/v1\nkind: Door\nmetadata: { name: front }\n{{- end }}\n`;
    const workspace = files({
      'a/Chart.yaml': chartYaml('asks'),
      'a/templates/door.yaml': door,
      'b/Chart.yaml': chartYaml('brings'),
      'b/crds/door.yaml': definition(group),
    });
    try {
      const planned = await run({ ...given(workspace, namespace), action: 'plan' });
      expect(planned.report.plan?.releases.find(({ name }) => name === 'asks')?.objects).toMatchObject([
        { ref: `Door ${namespace}/front`, result: 'created' },
      ]);
      expect(ended(await run(given(workspace, namespace)))).toMatchObject({ code: 0, errors: [] });
      expect(kubectl('get', `doors.${group}`, '-n', namespace, '-o', 'name')).toContain('/front');
    } finally {
      kubectl('delete', 'crd', `doors.${group}`, '--ignore-not-found', '--wait=false');
    }
  });
});

describe.each(versions)(
  'a chart that cannot be rendered before its kind is served, with Helm %s',
  (major, env) => {
    const group = `awaits-${major}.example`;
    // Without the cluster it fails for want of the Secret, and with it for want of the kind.
    const templates = (namespace: string): Record<string, string> => ({
      'chart/Chart.yaml': chartYaml('awaits'),
      'chart/templates/a.yaml': `apiVersion: ${group}/v1
kind: Door
metadata: { name: front }
key: {{ (lookup "v1" "Secret" "${namespace}" "door").data.key | b64dec | quote }}
`,
      'chart/templates/b.yaml': map(
        'counted',
        `{{ (lookup "${group}/v1" "Door" "${namespace}" "").items | default list | len | printf "%d doors" | quote }}`,
      ),
    });
    const codes = ({ report }: Finished) => report.findings.map(({ code }) => code);
    const withSecret = (name: string): string => {
      const namespace = namespaceOf(name);
      kubectl('create', 'secret', 'generic', 'door', '-n', namespace, '--from-literal=key=open');
      return namespace;
    };

    test('and whose definition comes with it: rendered when its turn has come, and a plan says so', async () => {
      const namespace = withSecret(`awaits-${major}`);
      const workspace = files({ ...templates(namespace), 'chart/crds/door.yaml': definition(group) });
      const given = { workspace, env, inputs: { namespace, 'helm-timeout': '30s' } };
      try {
        const planned = await run({ ...given, action: 'plan' });
        expect({ code: planned.code, codes: codes(planned) }).toEqual({
          code: 0,
          codes: ['helm/awaits-kind'],
        });
        expect(planned.report.plan?.releases.map(({ action }) => action)).toEqual(['install']);
        const first = await run(given);
        expect(ended(first)).toEqual({ code: 0, errors: [], release: 'installed' });
        expect(first.report.findings).toMatchObject([
          { code: 'helm/awaits-kind', message: expect.stringContaining(`${group}/v1/Door`) },
        ]);
        const found = kubectl('get', `doors.${group}`, 'front', '-n', namespace, '-o', 'jsonpath={.key}');
        expect(found).toBe('open');
        expect(valueIn(namespace, 'counted')).toBe('0 doors');
        const second = await run({ ...given, action: 'plan' });
        expect({ code: second.code, codes: codes(second) }).toEqual({ code: 0, codes: [] });
      } finally {
        kubectl('delete', 'crd', `doors.${group}`, '--ignore-not-found', '--wait=false');
      }
    }, 120_000);

    test('and whose definition nobody brings: refused before anything is written', async () => {
      const namespace = withSecret(`missing-${major}`);
      const workspace = files({ ...templates(namespace), 'first.yaml': map('first', '"1"') });
      const refused = await run({ workspace, env, inputs: { namespace, 'helm-timeout': '30s' } });
      expect(ended(refused)).toMatchObject({ code: 1, errors: ['helm/render-failed'] });
      expect(refused.report.objects).toEqual([]);
    }, 60_000);
  },
);

describe('hostnames', () => {
  beforeAll(ensureInfra);

  test.each(versions)(
    'of a route that is there only with what this run creates are waited for, with Helm %s',
    async (major, env) => {
      const name = `gated-${major}`;
      made.push(name);
      const app = appFiles(name);
      const [, deployment = '', service = ''] = (app['app/app.yaml'] ?? '').split('---\n');
      const workspace = files({
        'chart/Chart.yaml': chartYaml(name),
        'chart/templates/app.yaml': `${deployment}---\n${service}`,
        'chart/templates/route.yaml': `{{- if lookup "v1" "Namespace" "" .Release.Namespace }}\n${app['routes/route.yaml']}{{- end }}\n`,
      });
      const inputs = { ...quick, namespace: name, 'create-namespace': 'true', 'helm-timeout': '60s' };
      const { code, report } = await run({ workspace, env, inputs });
      expect({ code, hosts: report.hosts.map(({ host, live }) => [host, live]) }).toEqual({
        code: 0,
        hosts: [[`${name}.example.com`, true]],
      });
    },
  );
});

describe('without the cluster', () => {
  test('lint: a chart that cannot be rendered so is no error of the repository', async () => {
    const workspace = files({
      'chart/Chart.yaml': chartYaml('looks'),
      'chart/templates/a.yaml': key('infra'),
    });
    const { code, report } = await run({ workspace, action: 'lint', inputs: {} });
    expect({ code, findings: report.findings }).toMatchObject({
      code: 0,
      findings: [{ code: 'lint/chart-not-rendered', severity: 'notice' }],
    });
  });

  test('a preview: a template of a pull request reads nothing of the cluster', async () => {
    await freshPreviews();
    const app = appFiles('web');
    const chart = (template: string): Record<string, string> => ({
      'chart/Chart.yaml': chartYaml('web'),
      'chart/templates/app.yaml': app['app/app.yaml'] ?? '',
      'chart/templates/route.yaml': app['routes/route.yaml'] ?? '',
      'chart/templates/stolen.yaml': template,
    });
    const inputs = { ...quick, charts: 'chart' };
    const needs = await preview({ number: 97, sha: shas.first }, { files: chart(key('infra')), inputs });
    expect({ code: needs.code, errors: errorsOf(needs.report) }).toEqual({
      code: 1,
      errors: ['helm/needs-cluster'],
    });
    const stolen = map('stolen', '{{ lookup "v1" "Secret" "infra" "" | toJson | quote }}');
    const { code } = await preview({ number: 97, sha: shas.first }, { files: chart(stolen), inputs });
    expect({ code, value: valueIn('pr-97-sample-app', 'stolen') }).toEqual({ code: 0, value: '{}' });
    await preview({ number: 97, sha: shas.first, action: 'closed' }, { mode: 'teardown' });
  });
});
