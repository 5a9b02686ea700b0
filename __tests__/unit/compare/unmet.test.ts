// What of a manifest a live object does not meet: defaults and others' items are no difference, edits are.
import { expect, test } from '@jest/globals';
import type { Json } from '../../../src/bundle/object.ts';
import { sameQuantity } from '../../../src/compare/quantity.ts';
import { resolvedSchema, type Schema } from '../../../src/compare/schema.ts';
import { pathText, unmetFields } from '../../../src/compare/unmet.ts';

const keyed: Schema = {
  properties: {
    spec: {
      'x-kubernetes-preserve-unknown-fields': true,
      properties: {
        listeners: {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { properties: { port: { type: 'integer' } } },
        },
        ports: {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: { properties: { protocol: { default: 'TCP' } } },
        },
        finalizers: { 'x-kubernetes-list-type': 'set' },
        cpu: { type: 'string', format: 'quantity' },
        size: { 'x-kubernetes-int-or-string': true },
      },
    },
  },
};

const paths = (wanted: Json, live: Json, omitsEmpty = false, schema: Schema | undefined = keyed): string[] =>
  unmetFields({ spec: wanted }, { spec: live }, { omitsEmpty, ...(schema && { schema }) }).map(
    ({ steps, wanted: want, found }) => `${pathText(steps)} ${JSON.stringify(want)} ${JSON.stringify(found)}`,
  );

test.each<[string, Json, Json]>([
  ['a default that the server filled in', { a: 1 }, { a: 1, b: 2 }],
  ['a default inside of an item', { rules: [{ path: '/' }] }, { rules: [{ path: '/', type: 'Prefix' }] }],
  [
    'an item of somebody else',
    { listeners: [{ name: 'a', port: 1 }] },
    { listeners: [{ name: 'b' }, { name: 'a', port: 1 }] },
  ],
  ['a key with its default', { ports: [{ port: 80 }] }, { ports: [{ port: 80, protocol: 'TCP' }] }],
  ['a set in another order', { finalizers: ['a', 'b'] }, { finalizers: ['b', 'c', 'a'] }],
  ['a quantity written otherwise', { cpu: '1000m', size: 1 }, { cpu: '1', size: '1' }],
  ['a null', { a: null }, {}],
])('%s is no difference', (_what, wanted, live) => {
  expect(paths(wanted, live)).toEqual([]);
});

test.each<[string, Json, Json, string[]]>([
  ['another value', { a: 1 }, { a: 2 }, ['.spec.a 1 2']],
  ['a field that is gone', { a: { b: 1 } }, { a: {} }, ['.spec.a.b 1 undefined']],
  [
    'an item that is gone',
    { listeners: [{ name: 'a' }] },
    { listeners: [] },
    ['.spec.listeners[name="a"] {"name":"a"} undefined'],
  ],
  [
    'an item too many in a plain list',
    { rules: [{ a: 1 }] },
    { rules: [{ a: 1 }, { b: 1 }] },
    ['.spec.rules[1] undefined {"b":1}'],
  ],
  ['a list of scalars, as a whole', { hosts: ['a'] }, { hosts: ['a', 'b'] }, ['.spec.hosts ["a"] ["a","b"]']],
  ['a key with a dot', { 'a.b/c': 1 }, {}, ['.spec[a.b/c] 1 undefined']],
  ['what is empty, of a custom kind', { a: false }, {}, ['.spec.a false undefined']],
  ['a text that looks like a quantity', { text: '1000m' }, { text: '1' }, ['.spec.text "1000m" "1"']],
])('%s is a difference', (_what, wanted, live, expected) => {
  expect(paths(wanted, live)).toEqual(expected);
});

test('built-in kinds leave out what is empty, but an empty thing that has got a value differs', () => {
  expect(paths({ a: false, b: 0, c: '', d: [], e: {} }, {}, true)).toEqual([]);
  expect(paths({ a: false }, { a: true }, true)).toEqual(['.spec.a false true']);
});

test('without a schema no difference is overlooked: an item more than wanted is told', () => {
  expect(
    paths({ listeners: [{ name: 'a' }] }, { listeners: [{ name: 'a' }, { name: 'b' }] }, false, {}),
  ).toHaveLength(1);
});

test.each([
  ['1', '1000m', true],
  ['0.5', '500m', true],
  ['1Gi', '1024Mi', true],
  ['1e3', '1k', true],
  ['1G', '1Gi', false],
  ['1', 'one', false],
  ['', '', false],
])('%s and %s: same quantity %s', (one, other, same) => {
  expect(sameQuantity(one, other)).toBe(same);
});

test('references are resolved, and end where they lead back into themselves', () => {
  const components = {
    Node: {
      properties: {
        child: { $ref: '#/components/schemas/Node' },
        limit: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' }] },
      },
    },
  };
  const whole = resolvedSchema({ $ref: '#/components/schemas/Node' }, components);
  expect(whole['properties']).toEqual({
    child: { $ref: '#/components/schemas/Node' },
    limit: { type: 'string', format: 'quantity' },
  });
});
