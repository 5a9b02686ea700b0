// The parser against texts that nobody would write: it reads what was printed, and never throws, whatever it is given.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Json } from '../../../src/bundle/object.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';

const runs = Number(process.env['FUZZ'] ?? 100);

/** Texts in which everything stands that YAML gives a meaning. */
const awkward = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter((text) => !/[^\P{Cc}\t\n\r]|[\uFEFF\u2028\u2029]/u.test(text)),
  fc.constantFrom(
    'yes',
    'NO',
    'y',
    '014',
    '1_000',
    '1:30',
    '~',
    '<<',
    '---',
    '...',
    '2001-01-01',
    '0x1f',
    '.5',
    '*a',
  ),
  fc.constantFrom(
    'a: b',
    '- a',
    '# no',
    '{{ .Values.x }}',
    ' lead',
    'trail ',
    '',
    'one\ntwo\n',
    '\ttab',
    '!!int 1',
    '%x',
  ),
);
// The printer leaves `<<` without quotes, which makes another thing of it.
const key = awkward.filter((text) => text !== '__proto__' && text !== '<<');
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    awkward,
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => (Number.isInteger(each) ? 0.5 : each)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const object = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
    data: fc.dictionary(key, json, { noNullPrototype: true }),
  })
  .map(({ name, data }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `x-${name}` }, data }));

/** How one and the same object may be printed. */
const printers: readonly ((value: Json) => string)[] = [
  (value) => `${JSON.stringify(value)}\n`,
  (value) => `${JSON.stringify(value, null, 2)}\n`,
  (value) => stringify(value, { version: '1.1', aliasDuplicateObjects: false }),
  (value) =>
    stringify(value, { version: '1.1', defaultStringType: 'QUOTE_DOUBLE', aliasDuplicateObjects: false }),
  (value) => stringify(value, { version: '1.1', collectionStyle: 'flow', aliasDuplicateObjects: false }),
];

describe('what was printed', () => {
  test('reads back as it was, with the line of each document', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(object, fc.nat(printers.length - 1), fc.boolean()), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (documents, windows) => {
          const lines: number[] = [];
          let text = '';
          for (const [value, printer, marked] of documents) {
            text += `---${marked ? ' # the next' : ''}\n`;
            lines.push(text.split('\n').length);
            text += printers[printer]?.(value) ?? '';
          }
          // Line ends inside of texts are the text's own in JSON and double quotes alone: there they are escaped.
          const { objects, findings } = parseManifests(
            windows ? text.replaceAll('\n', '\r\n') : text,
            'a.yaml',
          );
          expect(findings).toEqual([]);
          expect(objects.map(({ source }) => source.line)).toEqual(lines);
          expect(objects.map((each) => each.object)).toEqual(documents.map(([value]) => value));
        },
      ),
      { numRuns: runs },
    );
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    'apiVersion: v1\n',
    'kind: ConfigMap\n',
    'kind: List\n',
    'items:\n',
    'metadata:\n',
    '  name: a\n',
    'data:\n',
  ),
  fc.constantFrom(
    '---\n',
    '...\n',
    '- ',
    '? ',
    ': ',
    '&a ',
    '*a',
    '<<: *a\n',
    '!!binary ',
    '!!float ',
    '!x ',
    '|\n',
    '>-\n',
  ),
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '\\',
    '#',
    '%',
    '@',
    '\t',
    ' ',
    '  ',
    '\n',
    '\r\n',
    '\r',
    '\uFEFF',
    '\u0007',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const soup = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
const sound =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  x: &x "1"\n  y: *x\n  z: |\n    text\n';

/** Whatever the text: an answer, each complaint a sentence about a line that is there. */
const answers = (text: string): void => {
  const { objects, findings } = parseManifests(text, 'a.yaml');
  const last = text.split(/\r\n|\n|\r/).length;
  for (const { source, message } of findings) {
    expect(message).toMatch(/^This .+\.$/s);
    expect(source?.line).toBeGreaterThanOrEqual(1);
    expect(source?.line).toBeLessThanOrEqual(last);
  }
  for (const { object: found } of objects) {
    expect([found.apiVersion, found.kind, found.metadata.name]).toEqual([
      expect.stringMatching(/./),
      expect.stringMatching(/./),
      expect.stringMatching(/./),
    ]);
    // What is sent is JSON, and says the same.
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  }
};

describe('what was never printed', () => {
  test('pieces of YAML in any order get an answer', () => {
    fc.assert(fc.property(soup, answers), { numRuns: 3 * runs });
  });

  test('a sound file with a hole, a splinter or a swap gets one too', () => {
    const change = fc.tuple(fc.nat(sound.length), fc.nat(6), piece);
    const broken = fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce(
          (text, [at, length, into]) => text.slice(0, at) + into + text.slice(at + length),
          sound,
        ),
      );
    fc.assert(fc.property(broken, answers), { numRuns: 3 * runs });
  });

  test.each([400, 1_000, 3_000])('%d levels get one', (depth) => {
    answers(`${sound}deep: ${'['.repeat(depth)}${']'.repeat(depth)}\n`);
    answers(`${sound}deep: ${'{ a: '.repeat(depth)}1${' }'.repeat(depth)}\n`);
    answers(
      `${sound}deep:\n${Array.from({ length: depth }, (_, level) => `${' '.repeat(level + 1)}a:`).join('\n')}\n`,
    );
  });
});

test('ten megabytes are read', () => {
  const each = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { text: "${'x'.repeat(10_000)}" }\n---\n`;
  const text = each.repeat(Math.floor((10 * 1024 * 1024) / each.length));
  expect(parseManifests(text, 'a.yaml').objects).toHaveLength(1_040);
});
