// The user's globs: which files each stage takes, and what is said of the rest.
import { expect, test } from '@jest/globals';
import type { Globs } from '../../../src/bundle/collect.ts';
import { chart, collected, crd, route, yaml } from './collected.ts';

const files = {
  'a/route.yaml': route('a'),
  'b/route.yaml': route('b'),
  'b/app.yaml': yaml('Service', 's'),
};

test.each<[string, Partial<Globs>, Partial<ReturnType<typeof collected>>]>([
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
  expect(collected(files, globs)).toMatchObject(expected);
});

test('are relative to the working directory', () => {
  const deep = { 'deploy/routes/r.yaml': route('in'), 'deploy/x/r.yaml': route('out') };
  expect(collected(deep, { routes: ['routes/*.yaml'] }, 'deploy').routes).toEqual(['in']);
  expect(
    collected(
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
    collected({ 'r/values.yaml': '# nothing\n', 'r/r.yaml': route('r') }, { routes: ['r'] }).messages,
  ).toEqual(['This file is named by the input `routes`, but holds no Kubernetes object.']);
  expect(collected({ 'r/values.yaml': 'a: 1\n' }, { routes: ['r'] }).findings).toContain(
    'bundle/not-an-object r/values.yaml:1',
  );
});

test('all objects of a file under `crds` go with the definitions', () => {
  expect(
    collected({ 'c/a.yaml': `${crd('a')}---\n${yaml('Namespace', 'ns')}` }, { crds: ['c'] }),
  ).toMatchObject({
    crds: ['a', 'ns'],
    manifests: [],
  });
});

test('charts', () => {
  const charts = { 'one/Chart.yaml': chart, 'two/Chart.yaml': chart, 'two/x.yaml': route('x') };
  expect(collected(charts, { charts: ['one'] })).toMatchObject({
    charts: ['one'],
    routes: [],
    ignored: ['two/Chart.yaml: not among the `charts` globs'],
  });
  expect(collected({ 'Chart.yaml': chart, 'two/Chart.yaml': chart }, { charts: ['.'] }).charts).toEqual([
    '.',
  ]);
});
