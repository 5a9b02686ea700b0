// Which file holds what, and in which stage its objects are applied: told by content alone.
import { expect, test } from '@jest/globals';
import { chart, collected, crd, route, yaml } from './collected.ts';

const guard = (name: string) => yaml('ValidatingAdmissionPolicy', name, 'admissionregistration.k8s.io/v1');

test('the sample', () => {
  expect(
    collected({
      'crd-manifests/routes.yaml': crd('httproutes'),
      'infra/Chart.yaml': chart,
      'infra/values.yaml': 'a: 1\n',
      'infra/templates/gateway.yaml': 'kind: {{ broken }}\n',
      'app/app.yaml': `${yaml('Service', 'web')}---\n${yaml('Deployment', 'web', 'apps/v1')}`,
      'routes/route.yaml': route('sample-app'),
      'routes/grpc.yaml': yaml('GRPCRoute', 'api', 'gateway.networking.k8s.io/v1'),
    }),
  ).toMatchObject({
    crds: ['httproutes'],
    charts: ['infra'],
    manifests: ['web', 'web'],
    routes: ['api', 'sample-app'],
    ignored: [],
    findings: [],
  });
});

test.each<[string, Record<string, string>, Partial<ReturnType<typeof collected>>]>([
  [
    'an admission policy in a file with definitions',
    { 'a.yaml': `${crd('a')}---\n${guard('g')}` },
    {
      crds: ['a', 'g'],
    },
  ],
  [
    'an admission policy in the folder of definitions',
    { 'x/a.yaml': crd('a'), 'x/b.yaml': guard('g') },
    {
      crds: ['a', 'g'],
    },
  ],
  [
    'an admission policy elsewhere',
    { 'x/a.yaml': crd('a'), 'y/b.yaml': guard('g') },
    {
      crds: ['a'],
      manifests: ['g'],
    },
  ],
  [
    'other objects in a file with definitions',
    { 'a.yaml': `${crd('a')}---\n${yaml('Namespace', 'ns')}` },
    {
      crds: ['a'],
      manifests: ['ns'],
    },
  ],
  [
    'a chart within a chart',
    { 'a/Chart.yaml': chart, 'a/charts/b/Chart.yaml': chart, 'a/b/Chart.yaml': chart },
    {
      charts: ['a'],
    },
  ],
  [
    'a folder whose name begins like a chart',
    { 'app/Chart.yaml': chart, 'app-routes/r.yaml': route('r') },
    {
      charts: ['app'],
      routes: ['r'],
    },
  ],
  [
    'a chart in the root claims only what is its own',
    {
      'Chart.yaml': chart,
      'templates/x.yaml': '{{',
      'crds/c.yaml': crd('c'),
      'values-prod.yaml': 'kind: x\n',
      'routes/r.yaml': route('r'),
    },
    { charts: ['.'], crds: [], routes: ['r'], findings: [] },
  ],
])('%s', (_what, files, expected) => {
  expect(collected(files)).toMatchObject(expected);
});

test.each<[string, string, string]>([
  ['values/prod.yaml', 'replicas: 2\n', 'holds no Kubernetes object: no apiVersion and kind'],
  ['notes.yaml', 'a: b: c\n', 'holds no Kubernetes object: no apiVersion and kind'],
  ['package.json', '{"name": "x"}', 'holds no Kubernetes object: no apiVersion and kind'],
  ['README.md', '# x\n', 'neither YAML nor JSON'],
  ['.github/workflows/deploy.yml', 'kind: x\n', 'in a folder, or with a name, that begins with a dot'],
  [
    'base/kustomization.yaml',
    yaml('Kustomization', 'k', 'kustomize.config.k8s.io/v1beta1'),
    'Kustomization k is read by kustomize, not by a cluster',
  ],
  [
    'cluster.yaml',
    yaml('ClusterConfig', 'c', 'eksctl.io/v1alpha5'),
    'ClusterConfig c is read by eksctl, not by a cluster',
  ],
])('%s is ignored with a reason', (path, text, why) => {
  const { ignored, findings } = collected({ [path]: text, 'r.yaml': route('r') });
  expect(ignored).toEqual([`${path}: ${why}`]);
  expect(findings).toEqual([]);
});

test('a file that is meant to be an object is no longer ignored', () => {
  expect(
    collected({
      'a.yaml': 'kind: A\nx: b: c\n',
      'b.yaml': 'apiVersion: v1\nmetadata: {name: b}\n',
      'c.yaml': `x: 1\n---\nkind: C\n---\n${yaml('Service', 'c')}---\nkind: D\nmetadata: {name: d}\n`,
    }).findings,
  ).toEqual([
    'bundle/invalid-yaml a.yaml:2',
    'bundle/not-an-object b.yaml:1',
    'bundle/not-an-object c.yaml:1',
    'bundle/not-an-object c.yaml:10',
  ]);
});

test.each<[string, string, string, string]>([
  [
    'manifests further in, as values have them',
    'values/prod.yaml',
    'extraObjects:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: { name: a }\n',
    'holds no Kubernetes object: no apiVersion and kind',
  ],
  [
    'a playbook that applies some',
    'tasks/main.yml',
    '- name: apply\n  k8s:\n    definition:\n      apiVersion: v1\n      kind: Namespace\n',
    'holds no Kubernetes object: no apiVersion and kind',
  ],
  [
    'values with a kind',
    'collector-values.yaml',
    'kind: DaemonSet\nreplicas: 2\n',
    'holds no Kubernetes object: one of apiVersion and kind alone, and no metadata',
  ],
  [
    'the version of somebody else',
    'datasources.yaml',
    'apiVersion: 1\ndatasources: []\n',
    'holds no Kubernetes object: one of apiVersion and kind alone, and no metadata',
  ],
  [
    "a tool's file without a name",
    'kind-config.yaml',
    'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n  - role: control-plane\n',
    'Cluster is read by kind, not by a cluster',
  ],
  [
    'one of a tool that is not known',
    'report.yaml',
    'apiVersion: gateway.networking.k8s.io/v1\nkind: ConformanceReport\nprofiles: []\n',
    'ConformanceReport has neither metadata nor spec: it is read by a tool, not by a cluster',
  ],
  [
    'JSON that holds manifests further in',
    'dashboard.json',
    '{"panels": [{"apiVersion": "v1", "kind": "ConfigMap"}]}',
    'holds no Kubernetes object: no apiVersion and kind',
  ],
])('%s: ignored, with the reason', (_what, path, text, why) => {
  const { ignored, findings } = collected({ [path]: text, 'r.yaml': route('r') });
  expect({ ignored, findings }).toEqual({ ignored: [`${path}: ${why}`], findings: [] });
  // Who names the file means it.
  expect(collected({ [path]: text, 'r.yaml': route('r') }, { manifests: [path] }).findings[0]).toMatch(
    'bundle/not-an-object',
  );
});

test('an object that was cut short is an error, and a tool beside objects is not', () => {
  expect(
    collected({
      'a.yaml': 'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {}\n',
      'b.yaml': `${yaml('Service', 'b')}---\napiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n`,
    }),
  ).toMatchObject({
    manifests: ['b'],
    ignored: ['b.yaml:6: Cluster is read by kind, not by a cluster'],
    findings: ['bundle/not-an-object a.yaml:1'],
  });
});

test('JSON and flow style hold objects too', () => {
  const json = '{\n  "kind": "ConfigMap",\n  "apiVersion": "v1",\n  "metadata": {"name": "j"}\n}';
  expect(
    collected({ 'a.json': json, 'b.yaml': '{metadata: {name: f}, apiVersion: v1, kind: ConfigMap}\n' })
      .manifests,
  ).toEqual(['j', 'f']);
});

test('nothing at all', () => {
  expect(collected({ 'README.md': 'x' }).findings).toEqual(['bundle/nothing-found undefined:undefined']);
});
