// Which fields stay with kubectl, told from an object alone; real objects are in __tests__/lab/fields-left.test.ts.
import { expect, test } from '@jest/globals';
import { isMap } from '../../../src/bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { leftToKubectl } from '../../../src/compare/left-to-kubectl.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const entry = (
  manager: string,
  operation: string,
  fieldsV1: JsonObject,
  more: JsonObject = {},
): JsonObject => ({
  manager,
  operation,
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

interface Given {
  readonly theirs: JsonObject;
  readonly ours?: JsonObject;
  readonly before?: Json | string;
  readonly live?: JsonObject;
  readonly more?: JsonObject;
}

const left = ({ theirs, ours, before = {}, live = {}, more = {} }: Given): readonly string[] => {
  const { metadata, ...rest } = live;
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...rest,
    metadata: {
      name: 'm',
      ...(isMap(metadata) && metadata),
      annotations: { [annotation]: typeof before === 'string' ? before : JSON.stringify(before) },
      managedFields: [
        entry('kubectl-client-side-apply', 'Update', theirs, more),
        ...(ours ? [entry('us', 'Apply', ours)] : []),
      ],
    },
  };
  return leftToKubectl(object, 'us');
};
const data = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } };
const ab = { data: { a: '1', b: '2' } };

test.each<[string, Given, readonly string[]]>([
  ['a key of a map', { theirs: data, ours: { 'f:data': { 'f:a': {} } }, before: ab, live: ab }, ['.data.b']],
  ['a whole map', { theirs: data, ours: { 'f:immutable': {} }, before: ab, live: ab }, ['.data']],
  ['nothing, where all is ours', { theirs: data, ours: data, before: ab, live: ab }, []],
  [
    'nothing, where the whole map is ours',
    { theirs: data, ours: { 'f:data': {} }, before: ab, live: ab },
    [],
  ],
  ['nothing, before we have applied it', { theirs: data, before: ab, live: ab }, []],
  ['nothing of what is gone', { theirs: data, ours: {}, before: ab, live: {} }, []],
  [
    'nothing of what was never in the manifest',
    { theirs: data, ours: {}, before: { data: {} }, live: ab },
    [],
  ],
  [
    'nothing of status',
    { theirs: data, ours: {}, before: ab, live: ab, more: { subresource: 'status' } },
    [],
  ],
  ['nothing, where the annotation is damaged', { theirs: data, ours: {}, before: '{', live: ab }, []],
  [
    'an item of a set',
    {
      theirs: { 'f:list': { 'v:"x"': {}, 'v:"y"': {} } },
      ours: { 'f:list': { 'v:"x"': {} } },
      before: { list: ['x', 'y'] },
      live: { list: ['x', 'y'] },
    },
    ['.list[="y"]'],
  ],
  [
    'a label by itself, and not the annotation of kubectl',
    {
      theirs: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:team': {} }, 'f:annotations': { [`f:${annotation}`]: {} } },
      },
      ours: { 'f:data': {} },
      before: { metadata: { labels: { team: 'shop' }, annotations: {} } },
      live: { metadata: { labels: { team: 'shop' } } },
    },
    ['.metadata.labels.team'],
  ],
])('%s', (_what, given, expected) => {
  expect(left(given)).toEqual(expected);
});
