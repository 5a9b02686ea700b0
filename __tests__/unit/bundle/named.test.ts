// Globs and folders that the user named and that match nothing: a slip, told with what is wrong with it.
import { describe, expect, test } from '@jest/globals';
import { collect, type Globs } from '../../../src/bundle/collect.ts';
import { planKustomize } from '../../../src/bundle/kustomize-plan.ts';

const none: Globs = { crds: [], charts: [], manifests: [], routes: [] };
const yaml = (kind: string, name: string, apiVersion = 'v1'): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;
const route = (name: string) => yaml('HTTPRoute', name, 'gateway.networking.k8s.io/v1');
const chart = 'apiVersion: v2\nname: infra\nversion: 0.1.0\n';

describe('globs that match nothing', () => {
  const files = {
    'k8s/route.yaml': route('web'),
    'k8s/app.yaml': yaml('Service', 'web'),
    'infra/Chart.yaml': chart,
    'infra/charts/sub/Chart.yaml': chart,
  };
  const said = (globs: Partial<Globs>, root?: string) => {
    const { findings } = collect(
      Object.entries(files).map(([path, text]) => ({ path, text })),
      { ...none, ...globs },
      root,
    );
    return findings.map(({ code, message, hint }) => `${code} ${message} ${hint}`);
  };

  test.each<[Partial<Globs>, RegExp]>([
    [
      { routes: ['k8s/*.yml'] },
      /^input\/invalid `routes` \(`k8s\/\*\.yml`\) names no file with an HTTPRoute or a GRPCRoute in the workspace\. Correct it/,
    ],
    [{ routes: ['k8s/app.yaml'] }, /`routes` \(`k8s\/app\.yaml`\) names no file with an HTTPRoute/],
    [{ routes: ['"k8s/*.yaml"'] }, /without quotes/],
    [{ routes: ['k8s\\route.yaml'] }, /forward slashes/],
    [{ routes: ['/home/runner/k8s/*.yaml'] }, /relative to `working-directory`/],
    [{ routes: ['../k8s/*.yaml'] }, /lies outside of `working-directory`/],
    [
      { manifests: ['k8s/app.yaml,k8s/route.yaml'] },
      /`manifests` .* names no file in the workspace\. Write one a line/,
    ],
    [
      { crds: ['crds', 'definitions', 'a', 'b', 'c'] },
      /`crds` \(`crds`, `definitions`, `a`, 2 more\) names no file/,
    ],
    [{ charts: ['infra/charts/sub'] }, /`charts` .* names no folder with a chart to install/],
    [{ charts: ['infrastructure'] }, /`charts` .* names no folder with a chart to install/],
  ])('%j', (globs, expected) => {
    const [found, ...more] = said(globs);
    expect(found).toMatch(expected);
    expect(more).toEqual([]);
  });

  test('in a working directory of their own', () => {
    expect(said({ routes: ['k8s/route.yaml'] }, 'k8s')).toEqual([
      expect.stringContaining('in the working directory k8s. Correct it'),
    ]);
  });

  test.each<[Partial<Globs>]>([
    [{ routes: ['k8s/*.yml', 'k8s/*.yaml'] }],
    [{ routes: ['k8s'], manifests: ['k8s'], charts: ['infra'] }],
    [{ charts: ['!infra'] }],
  ])('one that matches is enough, and so is to take something out: %j', (globs) => {
    expect(said(globs)).toEqual([]);
  });
});

describe('patterns that only take something out', () => {
  const said = (globs: Partial<Globs>, files: Readonly<Record<string, string>>) => {
    const { bundle, findings } = collect(
      Object.entries(files).map(([path, text]) => ({ path, text })),
      { ...none, ...globs },
    );
    return {
      kept: [...bundle.routes, ...bundle.manifests].map(({ source }) => source.file),
      ignored: bundle.ignored.map(({ file, why }) => `${file}: ${why}`),
      findings: findings.map(({ code, source }) => `${code} ${source?.file}`),
    };
  };
  const files = {
    'k8s/route.yaml': route('web'),
    'k8s/values.yaml': 'replicas: 1\n',
    'tests/broken.yaml': 'kind: {{ .Values.kind }}\n',
    'tests/route.yaml': route('test'),
  };
  const broken = ['bundle/invalid-yaml tests/broken.yaml'];

  test('leave the rest to its content: what names no object is nobody who was named', () => {
    expect(said({}, files).findings).toEqual(broken);
    expect(said({ manifests: ['!tests'] }, files)).toEqual({
      kept: ['k8s/route.yaml'],
      ignored: [
        'k8s/values.yaml: holds no Kubernetes object: no apiVersion and kind',
        'tests/broken.yaml: taken out by the input `manifests`',
        'tests/route.yaml: taken out by the input `manifests`',
      ],
      findings: [],
    });
  });

  test('beside one that names, too', () => {
    expect(said({ manifests: ['k8s/*.yaml', '!k8s/values.yaml', '!tests/**'] }, files)).toMatchObject({
      kept: ['k8s/route.yaml'],
      findings: [],
    });
  });

  test('leave alone what another input names', () => {
    expect(said({ manifests: ['!tests'], routes: ['tests/route.yaml'] }, files)).toMatchObject({
      kept: ['tests/route.yaml'],
      findings: [],
    });
  });
});

describe('kustomizations', () => {
  const kustomization = (...resources: string[]): string =>
    `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [${resources.join(', ')}]\n`;
  const files = [
    { path: 'base/kustomization.yaml', text: kustomization('app.yaml') },
    { path: 'base/app.yaml', text: yaml('Service', 'web') },
    { path: 'dev/kustomization.yaml', text: kustomization('../base') },
    { path: 'prod/kustomization.yaml', text: kustomization('../base') },
  ];
  test('a variant that is taken out leaves the other', () => {
    const { builds, findings } = planKustomize(files, { ...none, manifests: ['!dev'] }, '.');
    expect({ builds: builds.map(({ folder }) => folder), findings }).toEqual({
      builds: ['prod'],
      findings: [],
    });
  });
});
