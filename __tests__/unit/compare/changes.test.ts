// What differs between two states of an object, field by field, list by list.
import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/bundle/object.ts';
import { changesBetween } from '../../../src/compare/changes.ts';
import { resolvePath } from '../../../src/compare/path.ts';

const spec = (value: JsonObject): JsonObject => ({ metadata: { name: 'a' }, spec: value });

test('what only the server writes is no change', () => {
  const metadata = { name: 'a', labels: { app: 'x' } };
  const server = {
    managedFields: [],
    resourceVersion: '7',
    uid: 'u',
    generation: 3,
    creationTimestamp: '2026-11-24T10:00:00Z',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  };
  const live = { metadata: { ...metadata, ...server }, spec: {}, status: { phase: 'Running' } };
  expect(changesBetween(live, { metadata, spec: {} })).toEqual([]);
});

test('fields are told apart down to the scalar', () => {
  const from = spec({ replicas: 2, selector: { app: 'a' }, old: true });
  const to = spec({ replicas: 3, selector: { app: 'a' }, nodeSelector: { disk: 'ssd' } });
  expect(changesBetween(from, to)).toEqual([
    { path: '.spec.replicas', from: 2, to: 3 },
    { path: '.spec.old', from: true },
    { path: '.spec.nodeSelector', to: { disk: 'ssd' } },
  ]);
});

test('items are found again by their keys, wherever they stand', () => {
  const from = spec({ containers: [{ name: 'web', image: 'web:1' }] });
  const to = spec({ containers: [{ name: 'log' }, { name: 'web', image: 'web:2' }] });
  expect(changesBetween(from, to)).toEqual([
    { path: '.spec.containers[name="web"].image', from: 'web:1', to: 'web:2' },
    { path: '.spec.containers[name="log"]', to: { name: 'log' } },
  ]);
});

test('a key that was left out has its default', () => {
  const from = spec({ ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }] });
  const to = spec({
    ports: [
      { containerPort: 80, protocol: 'TCP' },
      { containerPort: 53, protocol: 'UDP' },
    ],
  });
  expect(changesBetween(from, to)).toEqual([
    { path: '.spec.ports[containerPort=80,protocol="TCP"].protocol', to: 'TCP' },
  ]);
});

test('another order of keyed items is a change', () => {
  const from = spec({ initContainers: [{ name: 'a' }, { name: 'b' }] });
  const to = spec({ initContainers: [{ name: 'b' }, { name: 'a' }] });
  expect(changesBetween(from, to)).toEqual([
    { path: '.spec.initContainers', from: ['[name="a"]', '[name="b"]'], to: ['[name="b"]', '[name="a"]'] },
  ]);
});

test('items without a key are compared place by place, and an inserted one is one change', () => {
  const rule = (path: string): JsonObject => ({ matches: [{ path: { value: path } }] });
  const from = spec({ rules: [rule('/a'), rule('/c')] });
  expect(changesBetween(from, spec({ rules: [rule('/a'), rule('/b'), rule('/c')] }))).toEqual([
    { path: '.spec.rules[1]', to: rule('/b') },
  ]);
  expect(changesBetween(from, spec({ rules: [rule('/a'), rule('/d')] }))).toEqual([
    { path: '.spec.rules[1].matches[0].path.value', from: '/c', to: '/d' },
  ]);
  expect(changesBetween(from, spec({ rules: [rule('/c')] }))).toEqual([
    { path: '.spec.rules[0]', from: rule('/a') },
  ]);
});

test('two items of one name have no key', () => {
  const from = spec({ parentRefs: [{ name: 'g', sectionName: 'a' }, { name: 'g' }] });
  const to = spec({ parentRefs: [{ name: 'g', sectionName: 'b' }, { name: 'g' }] });
  expect(changesBetween(from, to)).toEqual([{ path: '.spec.parentRefs[0].sectionName', from: 'a', to: 'b' }]);
});

test('a schema says which lists have keys, and which have none', () => {
  const items = { type: 'object', properties: {} };
  const map = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['section'], items };
  const atomic = { 'x-kubernetes-list-type': 'atomic', items };
  const schema = { properties: { spec: { properties: { parts: map, whole: atomic } } } };
  const from = spec({ parts: [{ section: 's', name: 'x', v: 1 }], whole: [{ name: 'x', v: 1 }] });
  const to = spec({ parts: [{ section: 's', name: 'y', v: 1 }], whole: [{ name: 'y', v: 1 }] });
  expect(changesBetween(from, to, schema)).toEqual([
    { path: '.spec.parts[section="s"].name', from: 'x', to: 'y' },
    { path: '.spec.whole[0].name', from: 'x', to: 'y' },
  ]);
});

test('a list of scalars changes as a whole; a null is no field', () => {
  const from = spec({ hostnames: ['a.example.com'], gone: null });
  const to = spec({ hostnames: ['a.example.com', 'b.example.com'] });
  expect(changesBetween(from, to)).toEqual([
    { path: '.spec.hostnames', from: ['a.example.com'], to: ['a.example.com', 'b.example.com'] },
  ]);
});

test('names from outside are own fields only', () => {
  const from = JSON.parse('{"spec":{"__proto__":{"a":1},"constructor":1}}') as JsonObject;
  expect(changesBetween(from, { spec: {} })).toEqual([
    { path: '.spec.__proto__', from: { a: 1 } },
    { path: '.spec.constructor', from: 1 },
  ]);
});

test.each([
  {
    from: { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } },
    to: { metadata: { labels: { 'app.kubernetes.io/name': 'y' } } },
  },
  {
    from: spec({ containers: [{ name: 'web', ports: [{ port: 80, protocol: 'UDP', hostPort: 1 }] }] }),
    to: spec({ containers: [{ name: 'web', ports: [{ port: 80, protocol: 'UDP', hostPort: 2 }] }] }),
  },
  { from: spec({ rules: [{ a: 1 }, { b: { c: 2 } }] }), to: spec({ rules: [{ a: 1 }, { b: { c: 3 } }] }) },
])('path.ts reads the path of the change from $from', ({ from, to }) => {
  const [change, ...more] = changesBetween(from, to);
  expect(more).toEqual([]);
  const found = resolvePath(from, change?.path ?? '').reduce<unknown>(
    (at, key) => (at as Record<string | number, unknown>)[key],
    from,
  );
  expect(found).toEqual(change?.from);
});
