// What an earlier manifest left behind: told from the manager's own part of managedFields, and from nothing else.
import { expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/bundle/object.ts';
import { leftFields } from '../../../src/compare/left.ts';
import { pathText } from '../../../src/compare/unmet.ts';

const left = (wanted: Json, live: Json, fields: JsonObject): string[] =>
  leftFields([{ spec: wanted }], { spec: live }, { 'f:spec': fields }).map(
    ({ steps, found }) => `${pathText(steps)} ${JSON.stringify(found)}`,
  );

const keyed = (name: string, rest: JsonObject = {}): JsonObject => ({
  [`k:{"name":"${name}"}`]: { '.': {}, 'f:name': {}, ...rest },
});

test.each<[string, Json, Json, JsonObject, string[]]>([
  ['a field', { a: 1 }, { a: 1, b: 2 }, { 'f:a': {}, 'f:b': {} }, ['.spec.b 2']],
  ['a field that asks for nothing now', { b: null }, { b: 2 }, { 'f:b': {} }, ['.spec.b 2']],
  [
    'an item with a key',
    { containers: [{ name: 'web' }] },
    { containers: [{ name: 'web' }, { name: 'side', image: 'i' }] },
    { 'f:containers': { ...keyed('web'), ...keyed('side', { 'f:image': {} }) } },
    ['.spec.containers[name="side"] {"name":"side","image":"i"}'],
  ],
  [
    'a field of an item',
    { containers: [{ name: 'web' }] },
    { containers: [{ name: 'web', image: 'i', tty: true }] },
    { 'f:containers': keyed('web', { 'f:tty': {} }) },
    ['.spec.containers[name="web"].tty true'],
  ],
  [
    'an item of a set',
    { finalizers: ['a'] },
    { finalizers: ['a', 'b'] },
    { 'f:finalizers': { '.': {}, 'v:"a"': {}, 'v:"b"': {} } },
    ['.spec.finalizers[="b"] "b"'],
  ],
  ['a map of labels', {}, { labels: { a: '1' } }, { 'f:labels': { 'f:a': {} } }, ['.spec.labels {"a":"1"}']],
])('%s that left the manifest', (_what, wanted, live, fields, expected) => {
  expect(left(wanted, live, fields)).toEqual(expected);
});

test.each<[string, Json, Json, JsonObject]>([
  ['is gone already', {}, {}, { 'f:a': {} }],
  ['is still wanted, with another value', { a: 2 }, { a: 1 }, { 'f:a': {} }],
  ['is of somebody else', { a: 1 }, { a: 1, b: 2 }, { 'f:a': {} }],
  ['is within a list that is one value', { hosts: ['a'] }, { hosts: ['a', 'b'] }, { 'f:hosts': {} }],
  [
    'has a key that was left out for its default',
    { ports: [{ port: 80 }] },
    { ports: [{ port: 80, protocol: 'TCP' }] },
    { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
  ],
])('nothing is told of what %s', (_what, wanted, live, fields) => {
  expect(left(wanted, live, fields)).toEqual([]);
});

test('what any form of the manifest has is not left', () => {
  const fields = { 'f:data': { 'f:password': {} } };
  const stored = { data: { password: 'eA==' } };
  expect(leftFields([{ stringData: { password: 'x' } }, stored], stored, fields)).toEqual([]);
});
