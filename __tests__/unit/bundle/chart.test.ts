// Chart.yaml: what is read of it, and what makes a chart unusable, with the line.
import { describe, expect, test } from '@jest/globals';
import { collect } from '../../../src/bundle/collect.ts';
import { chart, collected, noGlobs, route } from './collected.ts';

test.each([
  ['repository: file://../../outside', 'leads out of the workspace'],
  ['repository: file:///etc', 'leads out of the workspace'],
  ['repository: file://charts/../../..', 'leads out of the workspace'],
  ['alias: ../x', 'is a path'],
  ['repository: file://../shared', undefined],
  ['repository: https://charts.example.com/../x', undefined],
])('a dependency with %s', (line, complaint) => {
  const text = `apiVersion: v2\nname: infra\nversion: 1.0.0\ndependencies:\n  - name: a\n    version: 1.0.0\n    ${line}\n`;
  const { bundle, findings } = collect([{ path: 'infra/Chart.yaml', text }], noGlobs);
  expect(bundle.charts).toHaveLength(complaint === undefined ? 1 : 0);
  expect(findings.map(({ code, source, message }) => [code, source?.line, message])).toEqual(
    complaint === undefined ? [] : [['bundle/invalid-chart', 5, expect.stringContaining(complaint)]],
  );
});

test('is read with its dependencies', () => {
  const text = `# the platform\n${chart}dependencies:\n- name: external-dns\n  version: 1.19.0\n  repository: https://kubernetes-sigs.github.io/external-dns/\n- name: local\n  version: "*"\n`;
  const { bundle } = collect([{ path: 'infra/Chart.yaml', text }], noGlobs);
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
  ['all that is missing', 'x: 1\n', ['1 it has no name', '1 it has no version']],
  ['of another form', 'apiVersion: v3\nname: a\nversion: 1.0.0\n', ['1 its apiVersion is neither v2 nor v1']],
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
  const { findings } = collect([{ path: 'a/Chart.yaml', text }], noGlobs);
  expect(findings.map(({ code }) => code)).toEqual(expected.map(() => 'bundle/invalid-chart'));
  expect(findings.map(({ source, message }) => `${source?.line} ${message}`)).toEqual(
    expected.map((each) => each.replace(/^(\d+) (.*)$/, '$1 This Chart.yaml cannot be used: $2.')),
  );
});

describe('with a requirements.yaml', () => {
  const v1 = 'apiVersion: v1\nname: infra\nversion: 0.1.0\n';
  const needs = (line: string) => `dependencies:\n- name: sub\n  version: 1.x\n  ${line}\n`;
  const https = 'repository: https://charts.example.com';
  const read = (chartYaml: string, requirements: string) =>
    collect(
      [
        { path: 'infra/Chart.yaml', text: chartYaml },
        { path: 'infra/requirements.yaml', text: requirements },
      ],
      noGlobs,
    );
  const own = { name: 'sub', version: '1.x', repository: 'https://charts.example.com' };

  test.each<[string, string, string, readonly object[]]>([
    ['of v1', v1, needs(https), [own]],
    ['of no apiVersion, which helm takes for v1', v1.replace('apiVersion: v1\n', ''), needs(https), [own]],
    ['with all that a dependency may say', v1, needs(`alias: a\n  ${https}`), [{ ...own, alias: 'a' }]],
    ['beside dependencies of its own, as helm reads it', `${chart}${needs('alias: x')}`, needs(https), [own]],
    ['that says nothing', `${chart}${needs(https)}`, '# nothing\n', [own]],
    ['about something else', `${chart}${needs(https)}`, 'collections: []\n', [own]],
    ['that asks for nothing', `${chart}${needs(https)}`, 'dependencies: []\n', []],
  ])('a chart %s', (_what, chartYaml, requirements, expected) => {
    const { bundle, findings } = read(chartYaml, requirements);
    expect(findings).toEqual([]);
    expect(bundle.charts.map(({ dependencies }) => dependencies)).toEqual([expected]);
  });

  test.each([
    ['leads out', needs('repository: file://../../outside'), 2, /leads out of the workspace/],
    ['is a list', '- src: a.role\n', 1, /it is not a map/],
    ['is broken', 'dependencies:\n- name: a\n- name: [\n', 3, /flow/i],
  ])('one that %s is an error at its own line', (_what, requirements, line, says) => {
    const { bundle, findings } = read(v1, requirements);
    expect(bundle.charts).toEqual([]);
    expect(findings).toMatchObject([
      {
        code: 'bundle/invalid-chart',
        source: { file: 'infra/requirements.yaml', line },
        message: expect.stringMatching(/^This requirements.yaml cannot be used: /),
      },
    ]);
    expect(findings[0]?.message).toMatch(says);
  });
});

test('a library is passed over', () => {
  expect(collected({ 'lib/Chart.yaml': `${chart}type: library\n`, 'r.yaml': route('r') }).ignored).toEqual([
    'lib/Chart.yaml: a library chart, which cannot be installed',
  ]);
});
