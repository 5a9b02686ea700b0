// The line of a field in the file that its object came from.
import { expect, test } from '@jest/globals';
import { lineOfField } from '../../../src/bundle/locate.ts';

const file = `# a comment
apiVersion: v1
kind: ConfigMap
metadata: { name: a }
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata:
      name: b
    data:
      key: value
`;

test.each<[number, readonly (string | number)[], number | undefined]>([
  [2, ['metadata', 'name'], 4],
  [2, [], 2],
  [9, ['data'], 13],
  [9, ['data', 'key'], 14],
  [9, ['data', 'none'], 13],
  [9, ['none'], 9],
  [5, ['data'], undefined],
  [99, ['data'], undefined],
])('the object at line %i, field %j: line %s', (line, path, expected) => {
  expect(lineOfField(file, line, path)).toBe(expected);
});

test('a template has no lines to tell', () => {
  expect(lineOfField('a: {{ .b }\n  c: [', 1, ['a'])).toBeUndefined();
});
