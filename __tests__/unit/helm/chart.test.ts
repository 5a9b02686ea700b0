// Charts by the real helm: their dependencies, what they render to, and what is said where something is wrong.
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Chart } from '../../../src/bundle/object.ts';
import { runChild } from '../../../src/child.ts';
import { buildDependencies } from '../../../src/helm/dependencies.ts';
import { helmEnvironment } from '../../../src/helm/environment.ts';
import { renderChart } from '../../../src/helm/render.ts';
import { findHelm, type Helm } from '../../../src/helm/version.ts';
import { type ChartRepository, serveCharts, tlsFile, toolFolder } from './tools.ts';

const never = new AbortController().signal;
let base: string;
let workspace: string;
let tools: string;
let helm: Helm;
let repository: ChartRepository;
let umbrella: Chart;

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(workspace, path)), { recursive: true });
  await writeFile(join(workspace, path), text);
};

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.x.example}
spec:
  group: x.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
    - {name: v0, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
`;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'helm-test-'));
  workspace = join(base, 'workspace');
  tools = await toolFolder(base);
  const home = await mkdtemp(join(base, 'home-'));
  helm = await findHelm(
    helmEnvironment(
      { PATH: `${tools}:${process.env['PATH']}`, SSL_CERT_FILE: fileURLToPath(tlsFile('server.cert.pem')) },
      home,
    ),
    never,
  );
  const charts = join(base, 'charts');
  repository = await serveCharts(charts);
  await write('sub/Chart.yaml', 'apiVersion: v2\nname: sub\nversion: 1.2.3\n');
  // Two in one file: Helm says of the first alone where it comes from.
  await write('sub/crds/crd.yaml', `${crd}---\n${crd.replaceAll('idget', 'heel')}`);
  // Helm keeps one of these as its own, and refuses to take it over from anybody.
  await write('sub/templates/crd.yaml', crd.replaceAll('idget', 'indow'));
  await write('sub/templates/a.yaml', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sub}\n');
  const run = (...args: string[]) =>
    runChild('helm', args, { cwd: workspace, environment: helm.environment }, never);
  await run('package', 'sub', '-d', charts);
  await run('repo', 'index', charts, '--url', repository.url);
  umbrella = {
    folder: 'infra',
    name: 'infra',
    version: '0.1.0',
    dependencies: [{ name: 'sub', version: '1.2.x', repository: repository.url }],
    source: { file: 'infra/Chart.yaml', line: 1 },
  };
  await write(
    'infra/Chart.yaml',
    `apiVersion: v2\nname: infra\nversion: 0.1.0\ndependencies:\n  - {name: sub, version: 1.2.x, repository: "${repository.url}"}\n`,
  );
  await write('infra/values.yaml', 'greeting: hello\n');
  await write(
    'infra/templates/all.yaml',
    `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data:
  greeting: {{ .Values.greeting }}
  kube: {{ .Capabilities.KubeVersion.Version }}
---
{{- if .Capabilities.APIVersions.Has "x.example/v1/Widget" }}
apiVersion: x.example/v1
kind: Widget
metadata: {name: w}
{{- end }}
{{- if .Capabilities.APIVersions.Has "x.example/v0" }}
{{ fail "v0 is not served" }}
{{- end }}
`,
  );
  await write(
    'infra/templates/test.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n',
  );
});

afterAll(async () => {
  await repository.close();
  await rm(base, { recursive: true, force: true });
});

describe('dependencies', () => {
  const build = (chart: Chart = umbrella) =>
    buildDependencies(helm, chart, { path: join(workspace, chart.folder) }, never);
  const archives = () => readdir(join(workspace, 'infra', 'charts'));

  test('are fetched without a lock, which is then written, and with it, in another home', async () => {
    await build();
    expect(await archives()).toEqual(['sub-1.2.3.tgz']);
    await access(join(workspace, 'infra', 'Chart.lock'));

    await rm(join(workspace, 'infra', 'charts'), { recursive: true });
    const home = await mkdtemp(join(base, 'home-'));
    const fresh = { ...helm, environment: helmEnvironment(helm.environment, home) };
    // What helm does by itself, and why the repositories are added first.
    const alone = await runChild(
      'helm',
      ['dependency', 'build', 'infra'],
      { cwd: workspace, environment: fresh.environment },
      never,
    );
    expect(alone.stderr).toContain('no repository definition for');
    await buildDependencies(fresh, umbrella, { path: join(workspace, 'infra') }, never);
    expect(await archives()).toEqual(['sub-1.2.3.tgz']);
  });

  test('that do not fit the lock are a problem in the words of helm', async () => {
    const text = `apiVersion: v2\nname: infra\nversion: 0.1.0\ndependencies:\n  - {name: sub, version: 1.3.x, repository: "${repository.url}"}\n`;
    await write('other/Chart.yaml', text);
    await write(
      'other/Chart.lock',
      'dependencies: []\ndigest: sha256:0\ngenerated: "2026-01-01T00:00:00Z"\n',
    );
    await expect(build({ ...umbrella, folder: 'other' })).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringMatching(/other: the lock file \(Chart.lock\) is out of sync/),
    });
    await rm(join(workspace, 'other', 'Chart.lock'));
    await expect(build({ ...umbrella, folder: 'other' })).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringContaining('1.3.x'),
    });
  });

  test('of a repository that cannot be reached are a problem', async () => {
    const nowhere = 'https://127.0.0.1:1/';
    await write(
      'far/Chart.yaml',
      `apiVersion: v2\nname: far\nversion: 0.1.0\ndependencies:\n  - {name: sub, version: 1.2.x, repository: "${nowhere}"}\n`,
    );
    const dependencies = [{ name: 'sub', version: '1.2.x', repository: nowhere }];
    await expect(build({ ...umbrella, folder: 'far', dependencies })).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  test('that are not there need no helm', async () => {
    const before = repository.asked.length;
    await buildDependencies(
      { ...helm, environment: { PATH: '/nowhere' } },
      { ...umbrella, dependencies: [] },
      { path: join(workspace, 'infra') },
      never,
    );
    expect(repository.asked).toHaveLength(before);
  });
});

describe('rendering', () => {
  const release = { name: 'infra', namespace: 'infra' };
  const render = (values: readonly string[] = [], apiVersions: readonly string[] = ['v1']) =>
    renderChart(
      helm,
      umbrella,
      release,
      { workspace, chartPath: join(workspace, 'infra'), values, kubeVersion: 'v1.36.3-eks-1', apiVersions },
      never,
    );

  test("takes the CRDs of subcharts apart, and renders what needs them; helm's tests are left out", async () => {
    const { crds, objects } = await render();
    expect(crds.map(({ object, source }) => [object.metadata.name, source])).toEqual([
      ['widgets.x.example', { file: 'infra/Chart.yaml', line: 1 }],
      ['wheels.x.example', { file: 'infra/Chart.yaml', line: 1 }],
    ]);
    expect(
      objects.map(({ object: { kind, metadata }, source }) => [kind, metadata.name, source.file]),
    ).toEqual([
      ['ServiceAccount', 'sub', 'infra/Chart.yaml'],
      ['ConfigMap', 'infra', 'infra/templates/all.yaml'],
      ['CustomResourceDefinition', 'windows.x.example', 'infra/Chart.yaml'],
      ['Widget', 'w', 'infra/templates/all.yaml'],
    ]);
  });

  test('uses the values files and the version of the cluster', async () => {
    await write('values/dev.yaml', 'greeting: hi\n');
    const { objects } = await render(['values/dev.yaml']);
    const map = objects.find(({ object }) => object.kind === 'ConfigMap');
    expect(map?.object['data']).toEqual({ greeting: 'hi', kube: 'v1.36.3-eks-1' });
  });

  test.each([
    [
      'a template',
      'infra/templates/broken.yaml',
      '{{ fail "set the cluster name" }}',
      'set the cluster name',
    ],
    ['YAML', 'infra/templates/broken.yaml', 'kind: A\n kind: B\n', 'broken.yaml'],
  ])('says what is wrong with %s', async (_name, path, text, words) => {
    await write(path, text);
    try {
      await expect(render()).rejects.toMatchObject({
        code: 'helm/render-failed',
        message: expect.stringContaining(words),
      });
    } finally {
      await rm(join(workspace, path));
    }
  });

  test('a key that stands twice in what a chart renders to is no reason to refuse it: helm takes the last', async () => {
    const path = 'infra/templates/twice.yaml';
    await write(
      path,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: twice }\ndata:\n  a: "1"\n  a: "2"\n',
    );
    try {
      const { objects } = await render();
      const twice = objects.find(({ object }) => object.metadata.name === 'twice');
      expect(twice?.object['data']).toEqual({ a: '2' });
    } finally {
      await rm(join(workspace, path));
    }
  });

  test('a values file that does not exist is named', async () => {
    await expect(render(['values/nope.yaml'])).rejects.toMatchObject({
      code: 'helm/render-failed',
      message: expect.stringContaining('nope.yaml'),
    });
  });
});

describe('helm itself', () => {
  const find = (path: string) => findHelm(helmEnvironment({ PATH: path }, base), never);

  test('is found, with its version', () => {
    expect(helm.version).toMatchObject({ major: 4, text: expect.stringMatching(/^v4\.\d+\.\d+$/) });
  });

  test('that is not on PATH is said to be missing, with how to get it', async () => {
    await expect(find('/nowhere')).rejects.toMatchObject({
      code: 'helm/missing',
      message: expect.stringContaining('3.18'),
      hint: expect.stringContaining('azure/setup-helm'),
    });
  });

  test.each([
    ['v3.17.4', 'helm/too-old'],
    ['v2.16.0', 'helm/too-old'],
    ['v3.18.0', undefined],
    ['v3.21', undefined],
    ['v4.0.0+gabc', undefined],
    ['segmentation fault', 'helm/missing'],
  ])('%s: %s', async (text, code) => {
    const folder = await mkdtemp(join(base, 'fake-'));
    await writeFile(join(folder, 'helm'), `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
    const found = find(`${folder}:/bin:/usr/bin`);
    if (code === undefined) await expect(found).resolves.toMatchObject({ version: { text } });
    else await expect(found).rejects.toMatchObject({ code });
  });

  test('gets no credential of the job, and a home of its own', () => {
    const environment = helmEnvironment(
      {
        PATH: '/bin',
        HTTPS_PROXY: 'http://p',
        AWS_SECRET_ACCESS_KEY: 's',
        GITHUB_TOKEN: 's',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 's',
        INPUT_ROLE: 's',
        HELM_PLUGINS: '/plugins',
        KUBECONFIG: '/theirs',
      },
      '/private',
      '/private/kubeconfig',
    );
    expect(environment).toMatchObject({
      PATH: '/bin',
      HTTPS_PROXY: 'http://p',
      HOME: '/private',
      KUBECONFIG: '/private/kubeconfig',
    });
    expect(Object.values(environment)).not.toContain('s');
    expect(environment).not.toHaveProperty('HELM_PLUGINS');
  });
});
