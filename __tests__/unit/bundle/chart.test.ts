// Chart.yaml: what is read of it, and what makes a chart unusable, with the line.
import { expect, test } from '@jest/globals';
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
  const { findings } = collect([{ path: 'a/Chart.yaml', text }], noGlobs);
  expect(findings.map(({ code }) => code)).toEqual(expected.map(() => 'bundle/invalid-chart'));
  expect(findings.map(({ source, message }) => `${source?.line} ${message}`)).toEqual(
    expected.map((each) => each.replace(/^(\d+) (.*)$/, '$1 This Chart.yaml cannot be used: $2.')),
  );
});

test('a library is passed over', () => {
  expect(collected({ 'lib/Chart.yaml': `${chart}type: library\n`, 'r.yaml': route('r') }).ignored).toEqual([
    'lib/Chart.yaml: a library chart, which cannot be installed',
  ]);
});
