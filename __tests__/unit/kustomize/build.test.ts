// Kustomizations built by the real kubectl: the objects, where they come from, and what is refused.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readKustomization } from '../../../src/bundle/kustomization.ts';
import { type KubernetesObject, refOf } from '../../../src/bundle/object.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { buildKustomization } from '../../../src/kustomize/build.ts';
import { runKustomize } from '../../../src/kustomize/program.ts';
import { toolFolder } from '../helm/tools.ts';

const never = new AbortController().signal;
const base = realpathSync(mkdtempSync(join(tmpdir(), 'eks-gateway-kustomize-')));
let tools: string;
beforeAll(async () => {
  tools = await toolFolder(base);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const workspaceOf = (files: Readonly<Record<string, string>>): string => {
  const workspace = mkdtempSync(join(base, 'workspace-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  return workspace;
};

const buildIn = async (
  workspace: string,
  folder: string,
  text: string,
  path = tools,
  file = 'kustomization.yaml',
) => {
  const read = readKustomization(text, `${folder}/${file}`);
  if (!('kustomization' in read)) throw new Error('not read');
  const home = await mkdtemp(join(base, 'home-'));
  const { objects, findings } = await buildKustomization(
    workspace,
    read.kustomization,
    { path, home },
    never,
  );
  return {
    built: objects.map(({ object }) => object),
    objects: objects.map(({ object, source }) => `${refOf(object)} ${source.file}:${source.line}`),
    findings: findings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`),
    messages: findings.map(({ message }) => message).join('\n'),
  };
};

const build = (files: Readonly<Record<string, string>>, folder: string, path?: string) =>
  buildIn(workspaceOf(files), folder, files[`${folder}/kustomization.yaml`] ?? '', path);

const twoServices = `# first
apiVersion: v1
kind: Service
metadata: { name: web }
---
apiVersion: v1
kind: Service
metadata: { name: web-admin, annotations: { team: a } }
`;

describe('built', () => {
  const files = {
    'k8s/base/kustomization.yaml':
      'resources: [app.yaml]\nconfigMapGenerator:\n  - { name: s, literals: [a=b] }\n',
    'k8s/base/app.yaml': twoServices,
    'k8s/prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\nnamePrefix: prod-\n',
  };

  test('each object has its place in the file that it comes from, and no annotation of ours', async () => {
    const { objects, built, findings } = await build(files, 'k8s/prod');
    expect(findings).toEqual([]);
    expect(objects).toEqual([
      expect.stringMatching(/^ConfigMap prod\/prod-s-\w+ k8s\/base\/kustomization\.yaml:1$/),
      'Service prod/prod-web k8s/base/app.yaml:2',
      'Service prod/prod-web-admin k8s/base/app.yaml:6',
    ]);
    expect(built.map(({ metadata }) => metadata['annotations'])).toEqual([
      undefined,
      undefined,
      { team: 'a' },
    ]);
  });

  test('annotations and labels that the user asked for are as kubectl kustomize writes them', async () => {
    const wanted = `${files['k8s/prod/kustomization.yaml']}buildMetadata: [originAnnotations, managedByLabel]\n`;
    const { built } = await build({ ...files, 'k8s/prod/kustomization.yaml': wanted }, 'k8s/prod');
    expect(built[1]?.metadata).toMatchObject({
      annotations: { 'config.kubernetes.io/origin': 'path: ../base/app.yaml\n' },
      labels: { 'app.kubernetes.io/managed-by': expect.stringMatching(/^kustomize-v/) },
    });
  });
});

test('what people write comes out as kubectl kustomize itself builds it, and each object has its file', async () => {
  const deployment = (name: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  replicas: 1\n  selector: { matchLabels: { app: ${name} } }\n  template:\n    metadata: { labels: { app: ${name} } }\n    spec:\n      containers:\n        - { name: web, image: web:1, envFrom: [{ configMapRef: { name: settings } }, { secretRef: { name: login } }] }\n`;
  const files: Record<string, string> = {
    'k8s/base/Kustomization': `resources: [web.yaml, api.yaml]
commonLabels: { team: shop }
configMapGenerator:
  - { name: settings, files: [app.properties, renamed=other.txt], envs: [.env] }
secretGenerator:
  - { name: login, literals: [password=none], options: { disableNameSuffixHash: true } }
`,
    'k8s/base/web.yaml': `${deployment('web')}---\n${twoServices}`,
    'k8s/base/api.yaml': deployment('api'),
    'k8s/base/app.properties': 'a=b\n',
    'k8s/base/other.txt': 'text\n',
    'k8s/base/.env': 'COLOUR=red\n',
    'k8s/tls/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [certificate.yaml]
patches:
  - { path: tls.yaml, target: { kind: Deployment, name: 'w.*' } }
`,
    'k8s/tls/certificate.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: certificate }\n',
    'k8s/tls/tls.yaml': '- { op: add, path: /spec/template/metadata/annotations, value: { tls: "true" } }\n',
    'k8s/prod/kustomization.yml': `resources: [../base]
components: [../tls]
namespace: prod
namePrefix: prod-
nameSuffix: -v2
images: [{ name: web, newName: registry.example.com/web, newTag: "2" }]
replicas: [{ name: web, count: 3 }]
labels: [{ pairs: { env: prod }, includeSelectors: false }]
patches:
  - patch: |-
      apiVersion: v1
      kind: Service
      metadata: { name: web-admin }
      $patch: delete
  - path: memory.yaml
configMapGenerator:
  - { name: settings, behavior: merge, literals: [COLOUR=blue] }
replacements:
  - source: { kind: Service, name: web, fieldPath: metadata.name }
    targets:
      - { select: { kind: ConfigMap, name: certificate }, fieldPaths: [data.host], options: { create: true } }
sortOptions: { order: fifo }
`,
    'k8s/prod/memory.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\nspec: { template: { spec: { containers: [{ name: web, resources: { limits: { memory: 1Gi } } }] } } }\n',
  };
  const workspace = workspaceOf(files);
  const ours = await buildIn(
    workspace,
    'k8s/prod',
    files['k8s/prod/kustomization.yml'] ?? '',
    tools,
    'kustomization.yml',
  );
  expect(ours.findings).toEqual([]);
  const theirs = execFileSync(join(tools, 'kubectl'), ['kustomize', join(workspace, 'k8s/prod')], {
    encoding: 'utf8',
  });
  const byName = (objects: readonly KubernetesObject[]): readonly KubernetesObject[] =>
    objects.toSorted((one, other) => refOf(one).localeCompare(refOf(other)));
  expect(byName(ours.built)).toEqual(
    byName(parseManifests(theirs, 'theirs').objects.map(({ object }) => object)),
  );
  expect(ours.objects.toSorted()).toEqual([
    'ConfigMap prod/prod-certificate-v2 k8s/tls/certificate.yaml:1',
    expect.stringMatching(/^ConfigMap prod\/prod-settings-v2-\w+ k8s\/base\/Kustomization:\d+$/),
    'Deployment prod/prod-api-v2 k8s/base/api.yaml:1',
    'Deployment prod/prod-web-v2 k8s/base/web.yaml:1',
    'Secret prod/prod-login-v2 k8s/base/Kustomization:1',
    expect.stringMatching(/^Service prod\/prod-web-v2 k8s\/base\/web\.yaml:\d+$/),
  ]);
});

describe('refused', () => {
  test.each<[string, Record<string, string>, string, RegExp]>([
    [
      'a remote base, also one of a base',
      {
        'a/kustomization.yaml': 'resources:\n  - ../b\n',
        'b/kustomization.yaml': 'resources:\n  - x.yaml\n  - https://example.com/x.yaml\n',
      },
      'bundle/kustomize-remote b/kustomization.yaml:3',
      /reads https:\/\/example\.com\/x\.yaml, which is not in the repository/,
    ],
    [
      'a path out of the workspace',
      { 'a/kustomization.yaml': 'resources:\n  - ../../../etc\n' },
      'bundle/outside-workspace a/kustomization.yaml:2',
      /^\.\.\/\.\.\/\.\.\/etc leads out of the workspace/,
    ],
    [
      'an absolute path',
      { 'a/kustomization.yaml': 'configMapGenerator:\n  - name: c\n    files: [x=/etc/passwd]\n' },
      'bundle/outside-workspace a/kustomization.yaml:3',
      /\/etc\/passwd leads out/,
    ],
    [
      'charts',
      { 'a/kustomization.yaml': 'helmCharts:\n  - name: c\n    repo: https://example.com\n' },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /asks for Helm charts/,
    ],
    [
      'a chart by a generator',
      {
        'a/kustomization.yaml': 'generators: [chart.yaml]\n',
        'a/chart.yaml':
          'apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: { name: c }\nname: c\nrepo: https://example.com\n',
      },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /--enable-helm/,
    ],
    [
      'a program',
      {
        'a/kustomization.yaml': 'generators: [run.yaml]\n',
        'a/run.yaml':
          "apiVersion: v1\nkind: Run\nmetadata:\n  name: r\n  annotations:\n    config.kubernetes.io/function: 'exec: { path: ./run.sh }'\n",
        'a/run.sh': '#!/bin/sh\necho "kind: X"\n',
      },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /plugin|exec/,
    ],
    [
      'a field that does not exist',
      { 'a/kustomization.yaml': 'resorces: [x.yaml]\n' },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /resorces/,
    ],
    [
      'a patch that nothing matches',
      {
        'a/kustomization.yaml': 'resources: [x.yaml]\npatches: [{ path: p.yaml }]\n',
        'a/x.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n',
        'a/p.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: other }\n',
      },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /no (resource )?matches|other/,
    ],
    [
      'a file that is not there, at its line',
      { 'a/kustomization.yaml': 'namespace: x\nresources:\n  - nowhere.yaml\n' },
      'bundle/kustomize-failed a/kustomization.yaml:3',
      /^The kustomization in a cannot be built: (?!.*eks-gateway-kustomize).*nowhere\.yaml/,
    ],
    [
      'a file beside its folder, which kustomize itself refuses',
      { 'a/kustomization.yaml': 'resources: [../x.yaml]\n', 'x.yaml': twoServices },
      'bundle/kustomize-failed a/kustomization.yaml:1',
      /security; file/,
    ],
  ])('%s', async (_what, files, at, says) => {
    const { objects, findings, messages } = await build(files, 'a');
    expect({ objects, findings }).toEqual({ objects: [], findings: [at] });
    expect(messages).toMatch(says);
  });

  test('a folder that is a link out of the workspace', async () => {
    const elsewhere = workspaceOf({ 'kustomization.yaml': 'namePrefix: x\n' });
    const text = 'resources: [stolen]\n';
    const workspace = workspaceOf({ 'a/kustomization.yaml': text });
    symlinkSync(elsewhere, join(workspace, 'a/stolen'));
    const { findings } = await buildIn(workspace, 'a', text);
    expect(findings).toEqual(['bundle/outside-workspace a/kustomization.yaml:1']);
  });

  test('what our own overlay and a log add to its words is left out', async () => {
    const bin = mkdtempSync(join(base, 'bin-'));
    const inner =
      "accumulating resources: accumulation err='accumulating resources from 'x.yaml': no such file or directory'";
    const said = `accumulating resources: accumulation err='accumulating resources from '../../w/a': '/w/a' must resolve to a file': recursed accumulation of path '/w/a': ${inner} \\"x\\"`;
    const line = `E1130 04:13:45.525240   23716 run.go:72] "command failed" err="${said}"`;
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\ncat <<'END' >&2\n${line}\nEND\nexit 1\n`, {
      mode: 0o755,
    });
    const { messages } = await build({ 'a/kustomization.yaml': 'resources: [x.yaml]\n' }, 'a', `${bin}:/bin`);
    expect(messages).toBe(`The kustomization in a cannot be built: ${inner} "x"`);
  });

  test('words of several lines in a log are said without it', async () => {
    const bin = mkdtempSync(join(base, 'bin-'));
    const outer =
      "accumulating resources: accumulation err='accumulating resources from '../../w/a': '/w/a' must resolve to a file': recursed accumulation of path '/w/a': ";
    const lines = [
      'E1130 07:43:01.748419   25584 run.go:72] "command failed" err=<',
      `\t${outer}trouble configuring builtin ReplacementTransformer with config: \``,
      '\tReplacements:',
      '\t- path: ../ks.yaml',
      "\t`: security; file 'ks.yaml' is not in or below 'a'",
      ' >',
    ].join('\n');
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\ncat <<'END' >&2\n${lines}\nEND\nexit 1\n`, {
      mode: 0o755,
    });
    const { messages } = await build({ 'a/kustomization.yaml': 'resources: [x.yaml]\n' }, 'a', `${bin}:/bin`);
    expect(messages).toBe(
      [
        'The kustomization in a cannot be built: trouble configuring builtin ReplacementTransformer with config: `',
        'Replacements:',
        '- path: ../ks.yaml',
        "`: security; file 'ks.yaml' is not in or below 'a'",
      ].join('\n'),
    );
  });

  test('of a target that it cannot make, too', async () => {
    const bin = mkdtempSync(join(base, 'bin-'));
    const said =
      "error: accumulating resources: accumulation err='accumulating resources from '../../w/a': '/w/a' must resolve to a file': couldn't make target for path '/w/a': kustomization.yaml is empty";
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\ncat <<'END' >&2\n${said}\nEND\nexit 1\n`, {
      mode: 0o755,
    });
    const { messages } = await build({ 'a/kustomization.yaml': 'resources: []\n' }, 'a', `${bin}:/bin`);
    expect(messages).toBe(
      "The kustomization in a cannot be built: couldn't make target for path '/w/a': kustomization.yaml is empty",
    );
  });

  test('neither kustomize nor kubectl', async () => {
    await expect(build({ 'a/kustomization.yaml': 'namePrefix: x\n' }, 'a', '/nowhere')).rejects.toMatchObject(
      {
        code: 'bundle/kustomize-missing',
      },
    );
  });

  test('an address that the check does not know is not fetched either', async () => {
    const repository = workspaceOf({ 'kustomization.yaml': 'resources: [x.yaml]\n', 'x.yaml': twoServices });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, stdio: 'ignore' });
    git('init', '--initial-branch=main');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-m', 'a');
    const folder = workspaceOf({ 'kustomization.yaml': `resources: ['file://${repository}?ref=main']\n` });
    const path = `${tools}:${process.env['PATH'] ?? ''}`;
    const kubectl = spawnSync('kubectl', ['kustomize', folder], {
      encoding: 'utf8',
      env: { PATH: path, HOME: folder },
    });
    const ours = await runKustomize(folder, { path, home: folder }, never);
    expect({ kubectl: kubectl.status, ours: ours.code }).toEqual({ kubectl: 0, ours: 1 });
    expect(ours.stderr).toContain("transport 'file' not allowed");
  });
});
