// Charts whose templates look into the cluster or ask what it serves, rendered by the real helm where there is no cluster.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Chart } from '../../../src/bundle/object.ts';
import { runChild } from '../../../src/child.ts';
import { helmEnvironment } from '../../../src/helm/environment.ts';
import { mayLookUp } from '../../../src/helm/lookups.ts';
import { renderChart } from '../../../src/helm/render.ts';
import { renderAlone, renderWithCluster } from '../../../src/helm/render-with-cluster.ts';
import { findHelm, type Helm } from '../../../src/helm/version.ts';
import { toolFolder } from './tools.ts';

const never = new AbortController().signal;
let base: string;
let helm: Helm;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'lookup-test-'));
  const tools = await toolFolder(base);
  helm = await findHelm(helmEnvironment({ PATH: `${tools}:/usr/bin:/bin` }, base), never);
});

afterAll(() => rm(base, { recursive: true, force: true }));

const chartYaml = 'apiVersion: v2\nname: looking\nversion: 0.1.0\n';

const chartOf = async (
  files: Readonly<Record<string, string>>,
): Promise<{ readonly chart: Chart; readonly workspace: string; readonly chartPath: string }> => {
  const workspace = await mkdtemp(join(base, 'workspace-'));
  for (const [path, text] of Object.entries({ 'chart/Chart.yaml': chartYaml, ...files })) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
  const source = { file: 'chart/Chart.yaml', line: 1 };
  const chart = { folder: 'chart', name: 'looking', version: '0.1.0', dependencies: [], source };
  return { chart, workspace, chartPath: join(workspace, 'chart') };
};

const release = { name: 'looking', namespace: 'infra' };
const optionsOf = ({ workspace, chartPath }: { readonly workspace: string; readonly chartPath: string }) => ({
  workspace,
  chartPath,
  values: [],
  kubeVersion: 'v1.36.3',
  apiVersions: ['v1'],
});

const map = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: looked }\ndata: { value: ${value} }\n`;
const guarded = map('{{ ((lookup "v1" "Secret" "infra" "door").data).key | default "none" | quote }}');
const unguarded = map('{{ (lookup "v1" "Secret" "infra" "door").data.key | quote }}');
const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: doors.x.example }
spec:
  group: x.example
  scope: Namespaced
  names: { kind: Door, plural: doors }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;

describe('whether templates may look into the cluster is told by the word', () => {
  const answer = async (files: Readonly<Record<string, string>>, values: readonly string[] = []) => {
    const made = await chartOf(files);
    return mayLookUp(made.workspace, { chartPath: made.chartPath, values });
  };

  test.each<[string, Record<string, string>, string[], boolean]>([
    ['plain templates', { 'chart/templates/a.yaml': map('"1"'), 'chart/README.md': 'lookup' }, [], false],
    ['a template', { 'chart/templates/a.yaml': guarded }, [], true],
    ['a helper in a folder of its own', { 'chart/templates/parts/_a.tpl': guarded }, [], true],
    ['a subchart', { 'chart/charts/sub/templates/a.yaml': guarded }, [], true],
    ['its own values, for tpl', { 'chart/values.yaml': 'a: \'{{ lookup "v1" "Node" "" "" }}\'\n' }, [], true],
    [
      'given values, for tpl',
      { 'prod.yaml': 'a: \'{{ lookup "v1" "Node" "" "" }}\'\n' },
      ['prod.yaml'],
      true,
    ],
    ['an archive that is none', { 'chart/charts/sub-1.0.0.tgz': 'no archive' }, [], true],
  ])('%s', async (_what, files, values, expected) => {
    expect(await answer(files, values)).toBe(expected);
  });

  test.each([
    [guarded, true],
    [map('"1"'), false],
  ])('a subchart that helm has packed', async (template, expected) => {
    const { workspace, chartPath } = await chartOf({
      'chart/templates/a.yaml': map('"1"'),
      'sub/Chart.yaml': chartYaml,
      'sub/templates/a.yaml': template,
    });
    const args = ['package', 'sub', '--destination', 'chart/charts'];
    const { code } = await runChild('helm', args, { cwd: workspace, environment: helm.environment }, never);
    expect(code).toBe(0);
    expect(await mayLookUp(workspace, { chartPath, values: [] })).toBe(expected);
  });
});

describe('where there is no cluster', () => {
  test('a chart that does not look into it is rendered without asking for it', async () => {
    const made = await chartOf({ 'chart/templates/a.yaml': map('"1"') });
    const options = { ...optionsOf(made), served: ['v1', 'v1/ConfigMap'] };
    const rendering = await renderWithCluster(helm, made.chart, release, options, never);
    expect(rendering.objects).toHaveLength(1);
    expect(rendering).not.toHaveProperty('unseen');
    expect(rendering).not.toHaveProperty('alone');
  });

  test('one that looks and can do without is rendered, and it is said that it found nothing', async () => {
    const made = await chartOf({ 'chart/templates/a.yaml': guarded });
    const options = { ...optionsOf(made), served: ['v1', 'v1/ConfigMap'] };
    const { objects, unseen } = await renderWithCluster(helm, made.chart, release, options, never);
    expect(objects.map(({ object }) => object['data'])).toEqual([{ value: 'none' }]);
    expect(unseen).toMatch(/cluster/i);
  });

  test('one that cannot do without fails with what it met at the cluster, and what without', async () => {
    const made = await chartOf({ 'chart/templates/a.yaml': unguarded });
    const options = { ...optionsOf(made), served: ['v1', 'v1/ConfigMap'] };
    await expect(renderWithCluster(helm, made.chart, release, options, never)).rejects.toMatchObject({
      code: 'helm/render-failed',
      hint: expect.stringContaining('`lookup`'),
      evidence: [{ from: 'helm template, without the cluster', saw: expect.stringMatching(/nil pointer/) }],
    });
    await expect(renderAlone(helm, made.chart, release, optionsOf(made), never)).rejects.toMatchObject({
      code: 'helm/needs-cluster',
      message: expect.stringMatching(/nil pointer/),
    });
  });

  test('one that is broken for another reason is called broken, not in need of a cluster', async () => {
    const made = await chartOf({ 'chart/templates/a.yaml': '{{ fail "no name is set" }}\n' });
    await expect(renderAlone(helm, made.chart, release, optionsOf(made), never)).rejects.toMatchObject({
      code: 'helm/render-failed',
      message: expect.stringContaining('no name is set'),
    });
  });

  test('kinds that come with this run are unknown to helm 4 with the cluster, so it is not asked', async () => {
    const door = 'apiVersion: x.example/v1\nkind: Door\nmetadata: { name: front }\n';
    const made = await chartOf({
      'chart/templates/a.yaml': guarded,
      'chart/templates/b.yaml': `{{- if .Capabilities.APIVersions.Has "x.example/v1" }}\n${door}{{ end }}`,
      'chart/crds/crd.yaml': crd,
    });
    const options = { ...optionsOf(made), served: ['v1', 'v1/ConfigMap'] };
    const { objects, unseen } = await renderWithCluster(helm, made.chart, release, options, never);
    expect(objects.map(({ object }) => object.kind)).toEqual(['ConfigMap', 'Door']);
    expect(unseen).toBe('the cluster does not serve x.example/v1/Door yet, which comes with this run.');
  });
});

test('a template that demands what its own chart brings is given it', async () => {
  const made = await chartOf({
    'chart/crds/crd.yaml': crd,
    'chart/templates/a.yaml': `{{- if not (.Capabilities.APIVersions.Has "x.example/v1/Door") }}{{ fail "no doors" }}{{ end }}\n${map('"1"')}`,
  });
  const { objects, crds } = await renderChart(helm, made.chart, release, optionsOf(made), never);
  expect([objects.length, crds.length]).toEqual([1, 1]);
});
