// Which file holds what, and in which stage its objects are applied.
import { describe, expect, test } from '@jest/globals';
import { collect, type Globs } from '../../../src/bundle/collect.ts';

const none: Globs = { crds: [], charts: [], manifests: [], routes: [] };

const yaml = (kind: string, name: string, apiVersion = 'v1', rest = ''): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;
const crd = (name: string) => yaml('CustomResourceDefinition', name, 'apiextensions.k8s.io/v1');
const guard = (name: string) => yaml('ValidatingAdmissionPolicy', name, 'admissionregistration.k8s.io/v1');
const route = (name: string) => yaml('HTTPRoute', name, 'gateway.networking.k8s.io/v1');
const chart = 'apiVersion: v2\nname: infra\nversion: 0.1.0\n';

const run = (files: Readonly<Record<string, string>>, globs: Partial<Globs> = {}, root?: string) => {
  const { bundle, findings } = collect(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { ...none, ...globs },
    root,
  );
  const names = (of: readonly { object: { metadata: { name: string } } }[]) =>
    of.map(({ object }) => object.metadata.name);
  return {
    crds: names(bundle.crds),
    charts: bundle.charts.map(({ folder }) => folder),
    manifests: names(bundle.manifests),
    routes: names(bundle.routes),
    ignored: bundle.ignored.map(({ file, why }) => `${file}: ${why}`),
    findings: findings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`),
    messages: findings.map(({ message }) => message),
  };
};

describe('by content', () => {
  test('the sample', () => {
    expect(
      run({
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

  test.each<[string, Record<string, string>, Partial<ReturnType<typeof run>>]>([
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
    expect(run(files)).toMatchObject(expected);
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
    const { ignored, findings } = run({ [path]: text, 'r.yaml': route('r') });
    expect(ignored).toEqual([`${path}: ${why}`]);
    expect(findings).toEqual([]);
  });

  test('a file that is meant to be an object is no longer ignored', () => {
    expect(
      run({
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
    const { ignored, findings } = run({ [path]: text, 'r.yaml': route('r') });
    expect({ ignored, findings }).toEqual({ ignored: [`${path}: ${why}`], findings: [] });
    // Who names the file means it.
    expect(run({ [path]: text, 'r.yaml': route('r') }, { manifests: [path] }).findings[0]).toMatch(
      'bundle/not-an-object',
    );
  });

  test('an object that was cut short is an error, and a tool beside objects is not', () => {
    expect(
      run({
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
      run({ 'a.json': json, 'b.yaml': '{metadata: {name: f}, apiVersion: v1, kind: ConfigMap}\n' }).manifests,
    ).toEqual(['j', 'f']);
  });

  test('nothing at all', () => {
    expect(run({ 'README.md': 'x' }).findings).toEqual(['bundle/nothing-found undefined:undefined']);
  });
});

describe('globs', () => {
  const files = {
    'a/route.yaml': route('a'),
    'b/route.yaml': route('b'),
    'b/app.yaml': yaml('Service', 's'),
  };

  test.each<[string, Partial<Globs>, Partial<ReturnType<typeof run>>]>([
    ['a folder', { routes: ['b'] }, { routes: ['b'], manifests: ['s'] }],
    ['a glob, with ./', { routes: ['./*/route.yaml'] }, { routes: ['a', 'b'], manifests: ['s'] }],
    ['a pattern that takes away', { routes: ['**/route.yaml', '!a/**'] }, { routes: ['b'] }],
    ['a folder to leave', { routes: ['!a/'] }, { routes: ['b'] }],
    ['the working directory', { routes: ['./'] }, { routes: [] }],
    [
      'an object outside is ignored with the reason',
      { routes: ['a'] },
      {
        routes: ['a'],
        ignored: ['b/route.yaml: HTTPRoute b stands outside the `routes` globs'],
      },
    ],
    [
      'one stage leaves the others to their content',
      { manifests: ['b/app.yaml'] },
      {
        routes: ['a', 'b'],
        manifests: ['s'],
      },
    ],
  ])('%s', (_what, globs, expected) => {
    expect(run(files, globs)).toMatchObject(expected);
  });

  test('are relative to the working directory', () => {
    const deep = { 'deploy/routes/r.yaml': route('in'), 'deploy/x/r.yaml': route('out') };
    expect(run(deep, { routes: ['routes/*.yaml'] }, 'deploy').routes).toEqual(['in']);
    expect(
      run(
        { 'deploy/Chart.yaml': chart, 'deploy/templates/x.yaml': 'kind: x\n', 'deploy/r.yaml': route('r') },
        {},
        './deploy/',
      ),
    ).toMatchObject({
      charts: ['deploy'],
      routes: ['r'],
      findings: [],
    });
  });

  test('a named file without an object is an error', () => {
    expect(
      run({ 'r/values.yaml': '# nothing\n', 'r/r.yaml': route('r') }, { routes: ['r'] }).messages,
    ).toEqual(['This file is named by the input `routes`, but holds no Kubernetes object.']);
    expect(run({ 'r/values.yaml': 'a: 1\n' }, { routes: ['r'] }).findings).toContain(
      'bundle/not-an-object r/values.yaml:1',
    );
  });

  test('all objects of a file under `crds` go with the definitions', () => {
    expect(run({ 'c/a.yaml': `${crd('a')}---\n${yaml('Namespace', 'ns')}` }, { crds: ['c'] })).toMatchObject({
      crds: ['a', 'ns'],
      manifests: [],
    });
  });

  test('charts', () => {
    const charts = { 'one/Chart.yaml': chart, 'two/Chart.yaml': chart, 'two/x.yaml': route('x') };
    expect(run(charts, { charts: ['one'] })).toMatchObject({
      charts: ['one'],
      routes: [],
      ignored: ['two/Chart.yaml: not among the `charts` globs'],
    });
    expect(run({ 'Chart.yaml': chart, 'two/Chart.yaml': chart }, { charts: ['.'] }).charts).toEqual(['.']);
  });
});

describe('duplicates', () => {
  test.each<[string, string, string, string[]]>([
    [
      'the same object with another content',
      yaml('Service', 'a'),
      yaml('Service', 'a', 'v1', '  labels: { env: prod }\n'),
      ['Service a stands twice in the repository: a.yaml:1 and b.yaml:1.'],
    ],
    [
      'another version of the same kind',
      yaml('HTTPRoute', 'a', 'gateway.networking.k8s.io/v1'),
      yaml('HTTPRoute', 'a', 'gateway.networking.k8s.io/v1beta1'),
      ['HTTPRoute a stands twice in the repository: a.yaml:1 and b.yaml:1.'],
    ],
    ['another group', yaml('Service', 'a'), yaml('Service', 'a', 'serving.knative.dev/v1'), []],
    [
      'another namespace',
      yaml('Service', 'a', 'v1', '  namespace: x\n'),
      yaml('Service', 'a', 'v1', '  namespace: z\n'),
      [],
    ],
    ['another kind', yaml('Service', 'a'), yaml('ConfigMap', 'a'), []],
  ])('%s', (_what, one, other, expected) => {
    expect(run({ 'a.yaml': one, 'b.yaml': other }).messages).toEqual(expected);
  });

  test('word for word the same it is once, whatever the order of its fields', () => {
    const other = 'kind: Namespace\napiVersion: v1\nmetadata:\n  name: shop\n';
    expect(run({ 'a/ns.yaml': yaml('Namespace', 'shop'), 'b/ns.yaml': other })).toMatchObject({
      manifests: ['shop'],
      ignored: ['b/ns.yaml: Namespace shop is the one of a/ns.yaml:1'],
      findings: [],
    });
  });

  test('two files that share many are told once', () => {
    const file = (env: string) =>
      ['a', 'b', 'c'].map((name) => yaml('Service', name, 'v1', `  labels: { env: ${env} }\n`)).join('---\n');
    expect(run({ 'dev/all.yaml': file('dev'), 'prod/all.yaml': file('prod') })).toMatchObject({
      findings: ['bundle/duplicate-object prod/all.yaml:1'],
      messages: [
        'Service a and 2 more of the same file stand twice in the repository: dev/all.yaml:1 and prod/all.yaml:1.',
      ],
    });
  });
});

describe('Chart.yaml', () => {
  test.each([
    ['repository: file://../../outside', 'leads out of the workspace'],
    ['repository: file:///etc', 'leads out of the workspace'],
    ['repository: file://charts/../../..', 'leads out of the workspace'],
    ['alias: ../x', 'is a path'],
    ['repository: file://../shared', undefined],
    ['repository: https://charts.example.com/../x', undefined],
  ])('a dependency with %s', (line, complaint) => {
    const text = `apiVersion: v2\nname: infra\nversion: 1.0.0\ndependencies:\n  - name: a\n    version: 1.0.0\n    ${line}\n`;
    const { bundle, findings } = collect([{ path: 'infra/Chart.yaml', text }], none);
    expect(bundle.charts).toHaveLength(complaint === undefined ? 1 : 0);
    expect(findings.map(({ code, source, message }) => [code, source?.line, message])).toEqual(
      complaint === undefined ? [] : [['bundle/invalid-chart', 5, expect.stringContaining(complaint)]],
    );
  });

  test('is read with its dependencies', () => {
    const text = `# the platform\n${chart}dependencies:\n- name: external-dns\n  version: 1.19.0\n  repository: https://kubernetes-sigs.github.io/external-dns/\n- name: local\n  version: "*"\n`;
    const { bundle } = collect([{ path: 'infra/Chart.yaml', text }], none);
    expect(bundle.charts).toEqual([
      {
        folder: 'infra',
        name: 'infra',
        version: '0.1.0',
        dependencies: [
          {
            name: 'external-dns',
            version: '1.19.0',
            repository: 'https://kubernetes-sigs.github.io/external-dns/',
          },
          { name: 'local', version: '*', repository: '' },
        ],
        source: { file: 'infra/Chart.yaml', line: 2 },
      },
    ]);
  });

  test.each<[string, string, string[]]>([
    ['empty', '', ['1 it is empty']],
    ['no YAML', 'name: a\nname: b\n', ['2 the same key stands twice in one map']],
    [
      'all that is missing',
      'x: 1\n',
      ['1 its apiVersion is neither v2 nor v1', '1 it has no name', '1 it has no version'],
    ],
    [
      'a version that YAML reads as a number',
      'apiVersion: v2\nname: a\nversion: 1.0\n',
      ['3 its version 1 is a number; put it in quotes'],
    ],
    [
      'a version that is none',
      'apiVersion: v2\nname: a\nversion: latest\n',
      ['3 its version "latest" is not a semantic version (1.2.3)'],
    ],
    [
      'a dependency without a name',
      `${chart}dependencies:\n- version: 1.0.0\n`,
      ['5 one of its dependencies has no name'],
    ],
  ])('%s', (_what, text, expected) => {
    const { findings } = collect([{ path: 'a/Chart.yaml', text }], none);
    expect(findings.map(({ code }) => code)).toEqual(expected.map(() => 'bundle/invalid-chart'));
    expect(findings.map(({ source, message }) => `${source?.line} ${message}`)).toEqual(
      expected.map((each) => each.replace(/^(\d+) (.*)$/, '$1 This Chart.yaml cannot be used: $2.')),
    );
  });

  test('a library is passed over', () => {
    expect(run({ 'lib/Chart.yaml': `${chart}type: library\n`, 'r.yaml': route('r') }).ignored).toEqual([
      'lib/Chart.yaml: a library chart, which cannot be installed',
    ]);
  });
});
