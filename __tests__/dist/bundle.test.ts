// The repository's files: whatever is wrong in them is said at once, with file and line, before anything is touched.
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { edgeGateway } from './edge.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  kubectl,
  kubectlApply,
  lab,
  run,
  workspaceOf,
} from './harness.ts';
import { annotated, callsOfAction, errorIn, errorsOf, fakeHelm, quick } from './reading.ts';

beforeAll(ensureInfra);

const at = (path: string, line: number) => ({ source: { file: path, line } });

describe('a hostname outside every listener', () => {
  const files = appFiles('outsider', (yaml) =>
    yaml
      .replace('public, namespace: infra, sectionName: https', 'edge, namespace: walled, sectionName: named')
      .replace('outsider.example.com', 'outsider.other.example.com'),
  );
  const workspace = workspaceOf(files);
  let refused: Promise<Finished>;

  beforeAll(() => {
    // Open to routes of every namespace; only the hostname is in the way.
    const open = (yaml: string) =>
      yaml.replaceAll(
        /(\{ name: \w+, protocol[^}]*)\}/g,
        '$1, allowedRoutes: { namespaces: { from: All } } }',
      );
    kubectlApply(open(edgeGateway('walled', { named: 'inside.example.com' })));
    // It waits for the controller to change its mind; the other tests go on meanwhile.
    refused = run({ workspace: workspace.path, inputs: quick });
    // Whatever goes wrong is the test's to say.
    refused.catch(() => undefined);
  });
  afterAll(() => {
    kubectl('delete', 'namespace', 'outsider', 'walled', '--ignore-not-found', '--wait=false');
    workspace.remove();
  });

  test.each([
    [
      'nowhere',
      /`working-directory` is `nowhere`, which cannot be read: it does not exist \(ENOENT\)/,
      /actions\/checkout/,
    ],
    ['..', /`working-directory` \(\.\.\) leads out of the workspace/, /copy what is needed into it/],
  ])('the working directory %s is refused', async (folder, says, hint) => {
    const workspace = workspaceOf(appFiles('lost'));
    const { code, report } = await run({
      workspace: workspace.path,
      inputs: { 'working-directory': folder },
    });
    workspace.remove();
    expect(code).toBe(1);
    expect(report.verdict).toMatch(says);
    expect(errorIn(report)?.hint).toMatch(hint);
  });

  test('an empty repository: not green, and what to look at', async () => {
    const workspace = workspaceOf({ 'README.md': '# nothing\n' });
    const { code, report } = await run({ workspace: workspace.path, inputs: {} });
    workspace.remove();
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['bundle/nothing-found'] });
    expect(errorIn(report)?.hint).toContain('working-directory');
  });

  describe('a kustomization', () => {
    const name = 'kustomized';
    const files = appFiles(name);
    const workspace = workspaceOf({
      'k8s/base/kustomization.yaml': 'resources: [app.yaml, route.yaml]\n',
      'k8s/base/app.yaml': files['app/app.yaml'] ?? '',
      'k8s/base/route.yaml': files['routes/route.yaml'] ?? '',
      'k8s/production/kustomization.yaml':
        'resources: [../base]\npatches:\n  - path: more.yaml\nconfigMapGenerator:\n  - { name: settings, literals: [a=b] }\n',
      'k8s/production/more.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}, namespace: ${name} }\nspec: { replicas: 2 }\n`,
    });
    afterAll(() => {
      kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
      workspace.remove();
    });

    test('is built, applied once with the place of each object, and live', async () => {
      const { code, report } = await run({ workspace: workspace.path, inputs: quick });
      expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: `${name}.example.com is live.` });
      expect(report.objects.map(({ ref, source, result }) => [ref, source?.file, result])).toEqual(
        expect.arrayContaining([
          [`Deployment ${name}/${name}`, 'k8s/base/app.yaml', 'created'],
          [`HTTPRoute ${name}/${name}`, 'k8s/base/route.yaml', 'created'],
          [
            expect.stringMatching(/^ConfigMap settings-|^ConfigMap default\/settings-/),
            'k8s/production/kustomization.yaml',
            'created',
          ],
        ]),
      );
      expect(report.objects).toHaveLength(5);
      expect(kubectl('get', 'deployment', name, '-n', name, '-o', 'jsonpath={.spec.replicas}')).toBe('2');
    });

    test('is linted without a cluster; what is wrong has its line in the resource', async () => {
      const route = join(workspace.path, 'k8s/base/route.yaml');
      const before = readFileSync(route, 'utf8');
      writeFileSync(route, before.replace('port: 8080 }]', 'port: 8080, weight: 1000 }]'));
      const { code, report } = await run({ workspace: workspace.path, action: 'lint', inputs: {} });
      writeFileSync(route, before);
      expect(code).toBe(1);
      expect(errorIn(report)).toMatchObject({
        code: 'lint/weight-too-high',
        source: { file: 'k8s/base/route.yaml' },
      });
    });
  });

  test('both sides are named, with the file that asks for it', async () => {
    const { code, log, report, summary } = await refused;
    expect({ code, firstBroken: report.firstBroken }).toEqual({
      code: 1,
      firstBroken: {
        host: 'outsider.other.example.com',
        link: 'route',
        code: 'route/hostname-outside-listener',
      },
    });
    const broken = report.hosts[0]?.links.find(({ id }) => id === 'route');
    expect(broken?.message).toContain('outsider.other.example.com');
    expect(broken?.message).toContain('inside.example.com');
    expect(report.hosts[0]).toMatchObject(at('routes/route.yaml', 1));
    for (const shown of [log, summary]) expect(shown).toContain('inside.example.com');
    expect(summary).toContain('`routes/route.yaml:1`');
  });

  test('below the listener, it is live', async () => {
    const route = join(workspace.path, 'routes/route.yaml');
    writeFileSync(
      route,
      (files['routes/route.yaml'] ?? '').replace('outsider.other.example.com', 'inside.example.com'),
    );
    const { code, report } = await run({ workspace: workspace.path, inputs: quick });
    expect({ code, verdict: report.verdict }).toEqual({
      code: 0,
      verdict: 'inside.example.com is live.',
    });
  });
});

describe('a repository with mistakes', () => {
  const objects = (): readonly string[] =>
    kubectl(
      'get',
      'namespace,configmap,secret,service,deployment,httproute',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}',
    ).split('\n');
  const helm = fakeHelm('echo v4.2.3');
  const files = appFiles('mistaken');
  const chart = {
    'chart/Chart.yaml': 'apiVersion: v2\nname: mistaken\nversion: 0.1.0\n',
    'chart/templates/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: from-chart }\n',
  };
  const config = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
  const mistakes = {
    'app/broken.yaml': `${config('a')}data:\n  good: "1"\n\tbad: "2"\n`,
    'app/open.yaml': `${config('b')}---\n${config('c')}data: { open: "1"\n`,
    'app/nameless.yaml': `${config('d')}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n`,
    'app/versionless.yaml': 'kind: ConfigMap\nmetadata: { name: e }\n',
    'app/twice.yaml': `${files['app/app.yaml']?.split('---\n')[0] ?? ''}spec: { finalizers: [kubernetes] }\n`,
  };
  const workspace = workspaceOf({ ...files, ...chart, ...mistakes });
  const link = join(workspace.path, 'app/passwords.yaml');
  symlinkSync('/etc/passwd', link);
  afterAll(() => {
    workspace.remove();
    helm.remove();
  });

  test('each has its file and line, all at once; no call, no helm, no object', async () => {
    await lab('DELETE', '/calls');
    const before = objects();
    const { code, log, report, summary, outputs } = await run({
      workspace: workspace.path,
      inputs: quick,
      env: { PATH: helm.path },
    });
    expect({ code, live: outputs['live'], changed: outputs['changed'] }).toEqual({
      code: 1,
      live: 'false',
      changed: 'false',
    });
    const wanted = [
      ['bundle/outside-workspace', 'app/passwords.yaml', 1],
      ['bundle/invalid-yaml', 'app/broken.yaml', 6],
      ['bundle/invalid-yaml', 'app/open.yaml', 8],
      ['bundle/not-an-object', 'app/nameless.yaml', 7],
      ['bundle/not-an-object', 'app/versionless.yaml', 1],
      ['bundle/duplicate-object', 'app/twice.yaml', 1],
    ] as const;
    const found = report.findings.filter(({ severity }) => severity === 'error');
    expect(found.map(({ code: each, source }) => [each, source?.file, source?.line]).sort()).toEqual(
      wanted.map((each) => [...each]).sort(),
    );
    const annotations = annotated(log, 'error');
    for (const [errorCode, file, line] of wanted) {
      expect(annotations).toContainEqual(
        expect.stringMatching(new RegExp(`^file=${file},line=${line},title=${errorCode}::`)),
      );
      expect(summary).toContain(`\`${file}:${line}\``);
    }
    expect(report.verdict).toMatch(/ \(and 5 more problems\)\.$/);
    // Both places of the object that stands twice, and where the link leads.
    expect(log).toMatch(/Namespace mistaken stands twice.*app\/app\.yaml:1 and app\/twice\.yaml:1/);
    expect(log).toContain('app/passwords.yaml leads out of the workspace, to /etc/passwd');
    expect(log).not.toContain(readFileSync('/etc/passwd', 'utf8').split('\n')[0]);

    expect(report.objects).toEqual([]);
    expect(await callsOfAction()).toEqual([]);
    expect(helm.ran()).toEqual([]);
    expect(objects().filter((each) => !before.includes(each))).toEqual([]);
  });

  test('corrected, everything is applied and live', async () => {
    for (const file of Object.keys(mistakes)) rmSync(join(workspace.path, file));
    rmSync(link);
    writeFileSync(join(workspace.path, 'app/fine.yaml'), config('fine'));
    const { code, report } = await run({
      workspace: workspace.path,
      inputs: { ...quick, namespace: 'mistaken' },
    });
    expect({ code, verdict: report.verdict }).toEqual({
      code: 0,
      verdict: 'mistaken.example.com is live.',
    });
    expect(kubectl('get', 'configmap', '-n', 'mistaken', '-o', 'name')).toMatch(
      /from-chart[\s\S]*fine|fine[\s\S]*from-chart/,
    );
  });
});
