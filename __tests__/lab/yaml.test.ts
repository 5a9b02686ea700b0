// Files as people write them, read by us and by the real kubectl beside each other.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../src/bundle/object.ts';
import { parseManifests } from '../../src/bundle/parse.ts';

const map = (name: string, rest = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${rest}`;
const data = (text: string): string => map('a', `data: {${text}}\n`);
const item = (name: string): string => `- { apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }\n`;

const ours = (text: string): unknown => {
  const { objects, findings } = parseManifests(text, 'a.yaml');
  return findings.length > 0
    ? findings.map(({ message }) => message).join(' ')
    : objects.map(({ object }) => object);
};

type Printed = Record<string, Json> & { kind: string; items?: Printed[]; metadata: Record<string, Json> };

/** What kubectl would send; `undefined` where it refuses. */
const theirs = (text: string): readonly unknown[] | undefined => {
  const args = ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'];
  const { status, stdout, stderr } = spawnSync('kubectl', args, { input: text, encoding: 'utf8' });
  if (/no objects passed/.test(stderr)) return [];
  if (status !== 0) return undefined;
  const printed = stdout
    .trim()
    .split(/\n(?=\{)/)
    .map((each) => JSON.parse(each) as Printed);
  const objects = printed.flatMap((each) => (each.kind === 'List' ? (each.items ?? []) : each));
  for (const { metadata } of objects) delete metadata['namespace'];
  return objects;
};

describe('read as kubectl reads it', () => {
  test.each<[string, string]>([
    ['two documents', `${map('a')}---\n${map('b')}`],
    ['empty ones', `---\n---\n# nothing\n---\n${map('a')}---\n`],
    ['comments and blanks after the marker', `--- # first\n${map('a')}---   \n${map('b')}`],
    ['a document end marker', `${map('a')}...\n---\n${map('b')}`],
    ['a marker inside a text, indented', map('a', 'data:\n  x: |\n    one\n    ---\n    two\n')],
    ['byte order marks', `\uFEFF${map('a')}---\n\uFEFF${map('b')}`],
    [
      'Windows line ends',
      `${data('x: y')}---\n${map('b', 'data:\n  x: |\n    one\n    two\n')}`.replaceAll('\n', '\r\n'),
    ],
    [
      'a namespace with nothing in it',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: }\n',
    ],
    ['an empty namespace', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: "" }\n'],
    ['a tab after a key', 'apiVersion:\tv1\nkind: ConfigMap\nmetadata: { name: a }\n'],
    ['a merge key', map('a', 'x: &x { k: v }\ny: &y { m: n }\ndata: { <<: [*x, *y], z: y }\n')],
    ['aliases', map('a', 'x: &x [1, 2]\ndata: { a: *x, b: *x }\n')],
    ['a List', `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}`],
    ['a merge key in quotes', map('a', 'x: &x { k: v }\ndata: { "<<": *x }\n')],
    ['a List without items', 'apiVersion: v1\nkind: List\n'],
    ['a list of one kind', 'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: { name: a }\n'],
    ['JSON', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"\\u00e9"}}'],
    ['yes and no', data('a: yes, b: No, c: on, d: off, e: y, f: n, g: "yes", h: yEs')],
    ['numbers', data('a: 014, b: 0o14, c: 1_000, d: 1e3, e: .5, f: 0x1f, g: 1:30, h: 1.0, i: 0b11, j: +1')],
    ['points and signs alone', data('a: ., c: +, e: -., f: 1., g: .5, .: {}')],
    ['dates', data('a: 2001-01-01, b: 2001-01-01T00:00:00Z')],
    ['nothing', data('a: ~, b: null, c: , d: Null')],
    ['keys that are no text', data('1: a, true: b, 1.5: c')],
    ['tags', data('a: !!str 1, b: !!int "3", c: !foo x, d: !!binary aGVsbG8=')],
    ['folded text', map('a', 'data:\n  x: >-\n    one\n    two\n\n    three\n  y: |2\n     one\n    two\n')],
    ['quotes', data(`a: "x\\ty\\u00e9\\x41", b: 'it''s'`)],
    ['text over two lines', map('a', 'data:\n  x: one\n    two\n  ? y\n  : z\n')],
    ['other scripts', data('a: "😀 é", ключ: 値')],
  ])('%s', (_what, text) => {
    expect(ours(text)).toEqual(theirs(text));
  });
});

describe('refused by both', () => {
  test.each<[string, string]>([
    ['a tab as indentation', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n'],
    ['a text that a marker ends too early', `${map('a', 'data:\n  x: "one\n---\n')}${map('b')}`],
    ['an alias without its anchor', `${map('a', 'x: &x 1\n')}---\n${map('b', 'data: { y: *x }\n')}`],
    ['an infinite number', data('a: .inf')],
    ['a merge key without a map', data('<<: 5')],
    ['a map as a key', data('? { a: b } : c')],
    ['a template', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.x }}\n'],
    ['template lines', `{{- if .Values.x }}\n${map('a')}{{- end }}\n`],
    ['a text', 'hello\n'],
    ['a list', '- a\n- b\n'],
    ['no kind', 'apiVersion: v1\nmetadata: { name: a }\n'],
    ['a control character', data('a: "x\u0007"')],
    ['something behind the end', `${map('a')}}\n`],
    ['a colon in a plain text', map('a', 'data:\n  x: a: b\n')],
    ['a reserved character', map('a', 'data:\n  x: @foo\n')],
    [
      'aliases that multiply',
      map(
        'a',
        'a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n',
      ),
    ],
    ['what is nested without end', data(`a: ${'['.repeat(12_000)}${']'.repeat(12_000)}`)],
  ])('%s', (_what, text) => {
    expect(theirs(text)).toBeUndefined();
    expect(ours(text)).toMatch(/^This (is not valid YAML|document is)/);
  });
});

describe('refused in a sentence, where kubectl would change or lose something', () => {
  test.each<[string, string, RegExp]>([
    ['a key twice', data('x: "1", x: "2"'), /the same key stands twice/],
    [
      'a merge key after a key that it brings',
      map('a', 'x: &x { z: v }\ndata: { z: y, <<: *x }\n'),
      /put << first/,
    ],
    ['a number that JSON rounds', data('a: 12345678901234567890'), /too large to be carried exactly/],
    ['a line end of 1970', data('a: "x\u0085y"'), /control character U\+0085/],
    [
      'two JSON objects in a row',
      `${JSON.stringify({ a: 1 })}\n${JSON.stringify({ b: 1 })}`,
      /not valid YAML/,
    ],
  ])('%s', (_what, text, says) => {
    expect(ours(text)).toMatch(says);
  });
});

describe('read, where kubectl drops or refuses what YAML allows', () => {
  test.each<[string, string, number | undefined]>([
    ['a document after an end marker alone', `${map('a')}...\n${map('b')}`, 1],
    [
      'an object on the line of the marker',
      '--- { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n',
      undefined,
    ],
    ['a directive', `%YAML 1.2\n---\n${map('a')}`, undefined],
  ])('%s', (_what, text, count) => {
    expect(theirs(text)?.length).toBe(count);
    expect(ours(text)).toHaveLength((count ?? 0) + 1);
  });
});
