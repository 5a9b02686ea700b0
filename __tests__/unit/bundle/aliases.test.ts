// Aliases: as many as people write are taken, and what would grow without end is refused before it grows.
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';

const sentences = (text: string): readonly string[] =>
  parseManifests(text, 'a.yaml').findings.map(({ message }) => message);
const bomb = 'This is not valid YAML: its aliases expand to far more than a manifest can hold.';
const ten = (alias: string): string => `[${Array.from({ length: 10 }, () => alias).join(', ')}]`;
/** `a0`, and each of the others ten times the one before it. */
const tower = (height: number, floor: (alias: string) => string): string =>
  Array.from(
    { length: height },
    (_, index) => `  x${index + 1}: &a${index + 1} ${floor(`*a${index}`)}\n`,
  ).join('');

test('a List whose two hundred items share labels, by merge key and as a whole', () => {
  const items = Array.from(
    { length: 200 },
    (_, index) => `- apiVersion: v1
  kind: ConfigMap
  metadata: { name: c-${index}, labels: ${index === 0 ? '&labels { app: web, team: shop }' : '*labels'} }
  data: ${index === 0 ? '&data { a: b }' : '{ <<: *data, c: d }'}
`,
  );
  const { objects, findings } = parseManifests(
    `apiVersion: v1\nkind: List\nitems:\n${items.join('')}`,
    'a.yaml',
  );
  expect(findings).toEqual([]);
  expect(objects).toHaveLength(200);
  expect(objects.at(-1)?.object).toMatchObject({
    metadata: { name: 'c-199', labels: { app: 'web', team: 'shop' } },
    data: { a: 'b', c: 'd' },
  });
});

describe('refused, and at once', () => {
  test.each<[string, string]>([
    ['lists of lists', `  x0: &a0 [1]\n${tower(9, ten)}`],
    ['maps that are merged', `  x0: &a0 { k: v }\n${tower(9, (alias) => `{ <<: ${ten(alias)} }`)}`],
    ['one large list, many times', `  x0: &a0 [${'1,'.repeat(5_000)}]\n${tower(2, ten)}`],
    ['more aliases than anybody writes', `  x0: &a0 1\n  x1: [${'*a0,'.repeat(20_000)}]\n`],
  ])('%s', (_what, body) => {
    const began = performance.now();
    expect(sentences(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n${body}`)).toEqual([
      bomb,
    ]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

test('an anchor that is set again counts from there on', () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: &x 1, b: *x, c: &x 2, d: *x }\n';
  expect(parseManifests(text, 'a.yaml').objects[0]?.object['data']).toEqual({ a: 1, b: 1, c: 2, d: 2 });
});
