// Which kustomizations are built, and which files are theirs.
import { describe, expect, test } from '@jest/globals';
import type { Globs } from '../../../src/bundle/collect.ts';
import { isRemote, readKustomization } from '../../../src/bundle/kustomization.ts';
import { planKustomize } from '../../../src/bundle/kustomize-plan.ts';

const none: Globs = { crds: [], charts: [], manifests: [], routes: [] };
const resources = (...names: string[]): string =>
  `resources:\n${names.map((name) => `  - ${name}\n`).join('')}`;
const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n';

const plan = (files: Readonly<Record<string, string>>, globs: Partial<Globs> = {}, root = '.') => {
  const planned = planKustomize(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { ...none, ...globs },
    root,
  );
  return {
    builds: planned.builds.map(({ folder }) => folder),
    claimed: [...planned.claimed.keys()].toSorted(),
    findings: planned.findings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`),
    messages: planned.findings.map(({ message }) => message),
  };
};

const variants = {
  'k8s/base/kustomization.yaml': resources('app.yaml'),
  'k8s/base/app.yaml': service,
  'k8s/staging/kustomization.yaml': resources('../base'),
  'k8s/production/kustomization.yaml': resources('../base'),
};

describe('what is built', () => {
  test('the kustomization that no other one builds on; its files and those beside them are its own', () => {
    const found = plan({
      'k8s/base/kustomization.yaml': resources('app.yaml'),
      'k8s/base/app.yaml': service,
      'k8s/base/debug/pod.yaml': service,
      'k8s/overlay/kustomization.yml': resources('../base'),
      'k8s/parts/kustomization.yaml': 'kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n',
      'k8s/parts/patch.yaml': service,
      'routes/route.yaml': service,
    });
    expect(found).toEqual({
      builds: ['k8s/overlay'],
      claimed: [
        'k8s/base/app.yaml',
        'k8s/base/debug/pod.yaml',
        'k8s/base/kustomization.yaml',
        'k8s/overlay/kustomization.yml',
        'k8s/parts/kustomization.yaml',
        'k8s/parts/patch.yaml',
      ],
      findings: [],
      messages: [],
    });
  });

  test('variants of one base: which one is meant has to be said', () => {
    expect(plan(variants)).toMatchObject({
      findings: ['bundle/kustomize-choice k8s/production/kustomization.yaml:1'],
      messages: [
        'k8s/production and k8s/staging build on the same kustomization, k8s/base: which of them is to be deployed is not said.',
      ],
    });
  });

  test('a component that several share makes no variants of them', () => {
    const found = plan({
      'parts/alerts/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [alert.yaml]\n',
      'apps/a/kustomization.yaml': 'components: [../../parts/alerts]\n',
      'apps/b/kustomization.yaml': 'components: [../../parts/alerts]\n',
    });
    expect(found).toMatchObject({ builds: ['apps/a', 'apps/b'], findings: [] });
  });

  test('each base with its variants is told, and of many variants the first', () => {
    const one = (app: string, variant: string) => ({
      [`${app}/${variant}/kustomization.yaml`]: resources('../base'),
    });
    const { messages } = plan({
      'a/base/kustomization.yaml': 'namePrefix: a-\n',
      ...Object.assign({}, ...['v1', 'v2', 'v3', 'v4', 'v5'].map((variant) => one('a', variant))),
      'b/base/kustomization.yaml': 'namePrefix: b-\n',
      ...one('b', 'dev'),
      ...one('b', 'prod'),
    });
    expect(messages).toEqual([
      'a/v1 and a/v2 and a/v3 and 2 more build on the same kustomization, a/base: which of them is to be deployed is not said.',
      'b/dev and b/prod build on the same kustomization, b/base: which of them is to be deployed is not said.',
    ]);
  });

  test.each([
    ['its folder', 'k8s/staging'],
    ['its file', 'k8s/staging/kustomization.yaml'],
    ['a folder with a dot', './k8s/staging/'],
  ])('named by %s', (_how, glob) => {
    expect(plan(variants, { manifests: [glob] })).toMatchObject({ builds: ['k8s/staging'], findings: [] });
  });

  test('a base that is named alone is built', () => {
    expect(plan(variants, { manifests: ['k8s/base'] })).toMatchObject({ builds: ['k8s/base'], findings: [] });
  });

  test('two that share nothing are both built', () => {
    const found = plan({
      'a/kustomization.yaml': resources('a.yaml'),
      'b/Kustomization': 'namePrefix: b-\n',
    });
    expect(found).toMatchObject({ builds: ['a', 'b'], findings: [] });
  });

  test('in the working directory itself it claims what it names and what stands beside it', () => {
    const found = plan({
      'kustomization.yaml': resources('deploy/app.yaml'),
      'deploy/app.yaml': service,
      'patch.yaml': service,
      'routes/route.yaml': service,
    });
    expect(found).toMatchObject({
      builds: ['.'],
      claimed: ['deploy/app.yaml', 'kustomization.yaml', 'patch.yaml'],
    });
  });

  test('a file that the user names is a manifest, though a kustomization that is not built stands beside it', () => {
    const found = plan(variants, { routes: ['k8s/base/app.yaml'] });
    expect(found).toMatchObject({ builds: [] });
    expect(found.claimed).not.toContain('k8s/base/app.yaml');
  });

  test.each([
    ['in a chart', 'chart/files/kustomization.yaml'],
    ['in a hidden folder', '.github/kustomization.yaml'],
  ])('nothing %s', (_where, path) => {
    const files = {
      'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
      [path]: resources('a.yaml'),
    };
    expect(plan(files)).toMatchObject({ builds: [], claimed: [] });
  });

  test('broken YAML has its line', () => {
    expect(plan({ 'k/kustomization.yaml': 'namespace: a\nresources:\n\t- a.yaml\n' }).findings).toEqual([
      'bundle/kustomize-failed k/kustomization.yaml:3',
    ]);
  });
});

test('every field that names a file is known, with its line', () => {
  const text = `resources: [r.yaml]
components:
  - c
patches:
  - path: p.yaml
  - patch: "[]"
patchesStrategicMerge:
  - s.yaml
  - |
    kind: Service
configMapGenerator:
  - files: [app.properties, key=b.txt]
    envs: [e.env]
replacements:
  - path: x.yaml
openapi: { path: schema.json }
`;
  const read = readKustomization(text, 'k/kustomization.yaml');
  if (!('kustomization' in read)) throw new Error('not read');
  expect(read.kustomization.references.map(({ to, source }) => `${to}:${source.line}`).toSorted()).toEqual([
    'app.properties:12',
    'b.txt:12',
    'c:3',
    'e.env:13',
    'p.yaml:5',
    'r.yaml:1',
    's.yaml:8',
    'schema.json:16',
    'x.yaml:15',
  ]);
});

test.each([
  ['https://github.com/kubernetes-sigs/gateway-api/config/crd?ref=v1.6.1', true],
  ['github.com/org/repo//deploy?ref=main', true],
  ['git@github.com:org/repo.git//base', true],
  ['ssh://git@example.com/org/repo', true],
  ['git::https://example.com/repo', true],
  ['file:///etc/base', true],
  ['org/repo/base?ref=v1', true],
  ['HTTPS://example.com/x.yaml', true],
  ['../base', false],
  ['github.companion/base', false],
  ['app@2x.yaml', false],
])('%s is remote: %s', (to, expected) => {
  expect(isRemote(to)).toBe(expected);
});
