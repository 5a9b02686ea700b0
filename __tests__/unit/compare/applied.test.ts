// Whether an apply would change anything, told from the object alone: never a wrong "unchanged".
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { differenceFromApplied } from '../../../src/compare/applied.ts';
import type { Schema } from '../../../src/compare/schema.ts';

const manager = 'us';
const owned = (fieldsV1: JsonObject, more: JsonObject = {}) => ({
  manager,
  operation: 'Apply',
  apiVersion: 'x/v1',
  fieldsV1,
  ...more,
});
const object = (spec: Json, metadata: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'x/v1',
  kind: 'X',
  metadata: { name: 'x', ...metadata },
  spec,
});
const live = (spec: Json, fields: JsonObject, metadata: JsonObject = {}): KubernetesObject =>
  object(spec, { uid: 'u', resourceVersion: '1', ...metadata, managedFields: [owned({ 'f:spec': fields })] });
const difference = (wanted: Json, spec: Json, fields: JsonObject, schema?: Schema) =>
  differenceFromApplied(
    object(wanted),
    live(spec, fields),
    manager,
    schema && { properties: { spec: schema } },
  );

describe('nothing would change where', () => {
  test.each<[string, Json, Json, JsonObject]>([
    ['values and fields are ours alone', { a: 1 }, { a: 1 }, { 'f:a': {} }],
    ['others have fields beside ours', { a: 1 }, { a: 1, b: 2 }, { 'f:a': {} }],
    ['a list is ours as a whole', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, { 'f:a': {} }],
    ['what was sent empty is omitted', { a: {}, b: [], c: '' }, {}, { 'f:a': {}, 'f:b': {}, 'f:c': {} }],
    ['a null was sent, and nothing stands', { a: null, b: null }, { a: null }, { 'f:a': {}, 'f:b': {} }],
    [
      'items have keys, and others have items between them',
      { a: [{ name: 'x', v: 1 }, { name: 'y' }] },
      { a: [{ name: 'x', v: 1, w: 2 }, { name: 'theirs' }, { name: 'y' }] },
      {
        'f:a': {
          'k:{"name":"y"}': { '.': {}, 'f:name': {} },
          'k:{"name":"x"}': { '.': {}, 'f:name': {}, 'f:v': {} },
        },
      },
    ],
    [
      'a key was left to its default',
      { p: [{ port: 53 }, { port: 53, protocol: 'UDP' }] },
      {
        p: [
          { port: 53, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
      {
        'f:p': {
          'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
          'k:{"port":53,"protocol":"TCP"}': { '.': {}, 'f:port': {} },
        },
      },
    ],
    [
      'a set holds ours',
      { s: ['a', 'b'] },
      { s: ['a', 'z', 'b'] },
      { 'f:s': { '.': {}, 'v:"a"': {}, 'v:"b"': {} } },
    ],
  ])('%s', (_name, wanted, spec, fields) => {
    expect(difference(wanted, spec, fields)).toBeUndefined();
  });

  test('a map whose fields have owners of their own was sent empty; one that is atomic has to be asked for', () => {
    const [wanted, live] = [{ strategy: {} }, { strategy: { type: 'RollingUpdate' } }];
    const owned = { 'f:strategy': {} };
    expect(difference(wanted, live, owned)?.by).toBe('defaults');
    const of = (strategy: JsonObject) => ({ properties: { strategy } });
    expect(difference(wanted, live, owned, of({ properties: {} }))).toBeUndefined();
    const atomic = of({ properties: {}, 'x-kubernetes-map-type': 'atomic' });
    expect(difference(wanted, live, owned, atomic)?.by).toBe('value');
    // Of built-in kinds it is known where people write it.
    const deployment = (spec: JsonObject): KubernetesObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'x',
        managedFields: [
          { manager, operation: 'Apply', apiVersion: 'apps/v1', fieldsV1: { 'f:spec': owned } },
        ],
      },
      spec,
    });
    const { metadata: _, ...rest } = deployment(wanted);
    expect(
      differenceFromApplied({ ...rest, metadata: { name: 'x' } }, deployment(live), manager),
    ).toBeUndefined();
  });

  test('an object is but a name', () => {
    const bare = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
    const labelled = {
      ...bare,
      metadata: { name: 'x', labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: {},
    };
    expect(differenceFromApplied(bare, labelled, manager)).toBeUndefined();
  });
});

describe('the API server has to be asked where', () => {
  test.each<[string, Json, Json, JsonObject, string, string]>([
    ['a value differs', { a: 1 }, { a: 2 }, { 'f:a': {} }, '.spec.a', 'value'],
    ['a quantity is written in another way', { a: '1000m' }, { a: '1' }, { 'f:a': {} }, '.spec.a', 'value'],
    ['a field left the manifest', { a: 1 }, { a: 1, b: 2 }, { 'f:a': {}, 'f:b': {} }, '.spec.b', 'ownership'],
    ['a field is not ours yet', { a: 1, b: 2 }, { a: 1, b: 2 }, { 'f:a': {} }, '.spec.b', 'ownership'],
    ['a null was sent, and a default stands', { a: null }, { a: 5 }, { 'f:a': {} }, '.spec.a', 'value'],
    [
      'an atomic list has more in it',
      { a: [{ b: 1 }] },
      { a: [{ b: 1, c: 2 }] },
      { 'f:a': {} },
      '.spec.a',
      'defaults',
    ],
    [
      'a key is inherited only',
      { a: {} },
      { a: {} },
      { 'f:a': { 'f:toString': {} } },
      '.spec.a.toString',
      'ownership',
    ],
    [
      'items changed places',
      { a: [{ name: 'y' }, { name: 'x' }] },
      { a: [{ name: 'x' }, { name: 'y' }] },
      { 'f:a': { 'k:{"name":"x"}': { 'f:name': {} }, 'k:{"name":"y"}': { 'f:name': {} } } },
      '.spec.a',
      'value',
    ],
    [
      'an item is new',
      { a: [{ name: 'x' }, { name: 'y' }] },
      { a: [{ name: 'x' }, { name: 'y' }] },
      { 'f:a': { 'k:{"name":"x"}': { 'f:name': {} } } },
      '.spec.a',
      'ownership',
    ],
    [
      'a key went back to its default',
      { p: [{ port: 53 }] },
      { p: [{ port: 53, protocol: 'UDP' }] },
      { 'f:p': { 'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } } },
      '.spec.p[{"port":53,"protocol":"UDP"}]',
      'ownership',
    ],
    [
      'a set lost one',
      { s: ['a'] },
      { s: ['a', 'b'] },
      { 'f:s': { 'v:"a"': {}, 'v:"b"': {} } },
      '.spec.s',
      'ownership',
    ],
    ['items are known by place', { a: [1] }, { a: [1] }, { 'f:a': { 'i:0': {} } }, '.spec.a', 'ownership'],
  ])('%s', (_name, wanted, spec, fields, path, by) => {
    expect(difference(wanted, spec, fields)).toEqual({ path, by });
  });

  test('another version of the kind was applied', () => {
    const other = { ...live({ a: 1 }, { 'f:a': {} }), apiVersion: 'x/v1' };
    expect(differenceFromApplied({ ...object({ a: 1 }), apiVersion: 'x/v2' }, other, manager)).toBeDefined();
  });

  test('the same was only ever updated, or applied by another', () => {
    const metadata = { managedFields: [owned({ 'f:spec': { 'f:a': {} } }, { operation: 'Update' })] };
    expect(differenceFromApplied(object({ a: 1 }), object({ a: 1 }, metadata), manager)).toBeDefined();
    expect(differenceFromApplied(object({ a: 1 }), live({ a: 1 }, { 'f:a': {} }), 'them')).toBeDefined();
  });

  test('the object is being deleted', () => {
    const leaving = live({ a: 1 }, { 'f:a': {} }, { deletionTimestamp: '2026-11-22T10:00:00Z' });
    expect(differenceFromApplied(object({ a: 1 }), leaving, manager)).toBeDefined();
  });

  test('labels were sent empty before, and another has them now', () => {
    const labelled = object(
      {},
      { labels: { a: 'b' }, managedFields: [owned({ 'f:metadata': { 'f:labels': {} }, 'f:spec': {} })] },
    );
    expect(differenceFromApplied(object({}, { labels: { a: 'b' } }), labelled, manager)).toEqual({
      path: '.metadata.labels',
      by: 'ownership',
    });
  });
});

describe('with a schema', () => {
  const schema: Schema = {
    properties: {
      rules: {
        items: {
          properties: {
            matches: {
              default: [{ path: {} }],
              items: { properties: { path: { properties: { type: { default: 'Prefix' } } } } },
            },
            weight: { default: 1 },
          },
        },
      },
    },
  };
  const fields = { 'f:rules': {} };

  test('defaults inside of atomic lists are no difference, nested ones neither', () => {
    const filled = { rules: [{ weight: 1, matches: [{ path: { type: 'Prefix' } }] }] };
    expect(difference({ rules: [{}] }, filled, fields, schema)).toBeUndefined();
    expect(difference({ rules: [{}] }, filled, fields)).toEqual({ path: '.spec.rules', by: 'defaults' });
  });

  test('a certain difference goes before one that the schema may explain', () => {
    const all = { 'f:a': {}, 'f:rules': {}, 'f:z': {} };
    const held = { a: [{ b: 1, c: 2 }], rules: [{ weight: 1 }], z: 1 };
    expect(difference({ a: [{ b: 1 }], rules: [{}], z: 2 }, held, all)).toEqual({
      path: '.spec.z',
      by: 'value',
    });
  });

  test.each<[string, Json]>([
    ['a value that is not the default', { rules: [{ weight: 5, matches: [{ path: { type: 'Prefix' } }] }] }],
    ['a default that is not there', { rules: [{ weight: 1 }] }],
    [
      'a field that no default brings',
      { rules: [{ weight: 1, matches: [{ path: { type: 'Prefix' } }], x: 1 }] },
    ],
  ])('%s is one', (_name, spec) => {
    expect(difference({ rules: [{}] }, spec, fields, schema)).toEqual({ path: '.spec.rules', by: 'value' });
  });
});

// A small model of structured-merge-diff: values with the type of each node, and the fields that an apply owns.
type Typed =
  | { readonly type: 'leaf'; readonly value: Json }
  | { readonly type: 'struct'; readonly fields: Readonly<Record<string, Typed>> }
  | {
      readonly type: 'keyed';
      readonly items: readonly { readonly name: string; readonly rest: Readonly<Record<string, Typed>> }[];
    }
  | { readonly type: 'set'; readonly items: readonly string[] };

const plainOf = (node: Typed): Json => {
  if (node.type === 'leaf') return node.value;
  if (node.type === 'set') return node.items;
  if (node.type === 'keyed') return node.items.map(({ name, rest }) => ({ name, ...fieldsValue(rest) }));
  return fieldsValue(node.fields);
};
const fieldsValue = (fields: Readonly<Record<string, Typed>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, plainOf(each)]));

/** typed/tofieldset.go. */
const ownedBy = (node: Typed): JsonObject => {
  if (node.type === 'leaf') return {};
  if (node.type === 'set')
    return Object.fromEntries([
      ['.', {}],
      ...node.items.map((item) => [`v:${JSON.stringify(item)}`, {}]),
    ]) as JsonObject;
  if (node.type === 'struct') return fieldsOwned(node.fields);
  return Object.fromEntries(
    node.items.map(({ name, rest }) => [
      `k:${JSON.stringify({ name })}`,
      { '.': {}, 'f:name': {}, ...fieldsOwned(rest) },
    ]),
  );
};
const fieldsOwned = (fields: Readonly<Record<string, Typed>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([key, each]) => [`f:${key}`, ownedBy(each)]));

/** What the cluster has of it, with what others put in between. */
const heldOf = (node: Typed, extra: number): Json => {
  const theirs = extra % 3 === 0;
  if (node.type === 'leaf') return node.value;
  if (node.type === 'set') return theirs ? ['theirs', ...node.items] : node.items;
  if (node.type === 'struct') return heldFields(node.fields, extra);
  const items: Json[] = node.items.map(({ name, rest }) => ({ name, ...heldFields(rest, extra + 1) }));
  return theirs ? items.toSpliced(extra % (items.length + 1), 0, { name: 'theirs' }) : items;
};
const heldFields = (fields: Readonly<Record<string, Typed>>, extra: number): JsonObject => ({
  ...Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, heldOf(each, extra + 1)])),
  ...(extra % 2 === 0 && { theirs: 1 }),
});

const keys = fc.constantFrom('a', 'b', 'c', 'constructor', 'x.y/z');
const { struct } = fc.letrec<{ node: Typed; struct: Extract<Typed, { type: 'struct' }> }>((tie) => ({
  struct: fc.record({
    type: fc.constant('struct' as const),
    fields: fc.dictionary(keys, tie('node'), { minKeys: 1, maxKeys: 3 }),
  }),
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({
      type: fc.constant('leaf' as const),
      value: fc.oneof(
        fc.integer(),
        fc.boolean(),
        fc.constantFrom('x', 'y'),
        fc.constant([{ p: 1 }, 2]),
        fc.constant({ q: [1] }),
      ),
    }),
    tie('struct'),
    fc.record({
      type: fc.constant('keyed' as const),
      items: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom('i', 'j', 'k'),
          rest: fc.dictionary(keys, tie('node'), { maxKeys: 2 }),
        }),
        { minLength: 1, maxLength: 3, selector: ({ name }) => name },
      ),
    }),
    fc.record({
      type: fc.constant('set' as const),
      items: fc.uniqueArray(fc.constantFrom('s', 't', 'u'), { minLength: 1 }),
    }),
  ),
}));

/** Every value that comes of it by leaving out, changing or moving one thing. */
const mutations = (value: Json): Json[] => {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return [
      ...items.flatMap((item, index) => mutations(item).map((each) => items.with(index, each))),
      ...items.map((_, index) => items.toSpliced(index, 1)),
      ...(items.length > 1 ? [items.toReversed()] : []),
    ];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => [
      Object.fromEntries(Object.entries(value).filter(([other]) => other !== key)),
      ...mutations(each ?? null).map((changed) => ({ ...value, [key]: changed })),
    ]);
  }
  return [typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}!`];
};

describe('for any object', () => {
  test('what was applied is recognized, whatever others put beside it', () => {
    fc.assert(
      fc.property(struct, fc.nat(20), (node, extra) => {
        expect(difference(plainOf(node), heldOf(node, extra), ownedBy(node))).toBeUndefined();
      }),
    );
  });

  test('anything left out, changed or moved since is noticed', () => {
    fc.assert(
      fc.property(struct, fc.nat(20), fc.nat(), (node, extra, choice) => {
        const all = mutations(plainOf(node));
        const mutated = all[choice % all.length] ?? null;
        expect(difference(mutated, heldOf(node, extra), ownedBy(node))).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  test('anything that changed in the cluster in a field of ours is noticed', () => {
    fc.assert(
      fc.property(struct, fc.nat(), (node, choice) => {
        const value = plainOf(node);
        const all = mutations(value);
        const mutated = all[choice % all.length] ?? null;
        expect(difference(value, mutated, ownedBy(node))).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
