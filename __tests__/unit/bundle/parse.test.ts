// Manifests: what is read, as kubectl reads it, and what is said of the rest.
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { readYaml } from '../../../src/bundle/yaml.ts';

const object = (name: string, rest = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${rest}`;

const places = (body: string, file = 'a.yaml') =>
  parseManifests(body, file).objects.map(
    ({ object: { metadata }, source }) => `${metadata.name}:${source.line}`,
  );

const complaints = (body: string, file = 'a.yaml') =>
  parseManifests(body, file).findings.map(
    ({ code, source, message }) => `${source?.line} ${code} ${message}`,
  );

describe('documents', () => {
  test.each<[string, string, string[]]>([
    ['one', object('a'), ['a:1']],
    ['several, with the line of each', `---\n${object('a')}---\n# comment\n\n${object('b')}`, ['a:2', 'b:9']],
    ['empty ones and comments are skipped', `---\n---\n# nothing\n---\n${object('a')}---\n`, ['a:5']],
    ['an empty file', '', []],
    ['Windows line ends and a byte order mark', `\uFEFF${object('a').replaceAll('\n', '\r\n')}`, ['a:1']],
    ['after a document end marker', `${object('a')}...\n---\n${object('b')}`, ['a:1', 'b:7']],
  ])('%s', (_what, body, expected) => {
    expect(places(body)).toEqual(expected);
    expect(complaints(body)).toEqual([]);
  });

  test('JSON, indented with tabs', () => {
    const body = '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "a"}\n}';
    expect(places(body, 'a.json')).toEqual(['a:1']);
  });

  test('a List is flattened, each item with its own line', () => {
    const body =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Secret, metadata: {name: b}}\n';
    expect(places(body)).toEqual(['a:4', 'b:10']);
  });

  test("a list of one kind lends its items the kind; an object of the user's own kind that ends in List stays one", () => {
    const body = 'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n';
    expect(parseManifests(body, 'a.yaml').objects[0]?.object).toMatchObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
    });
    expect(places('apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: b}\nspec: {}\n')).toEqual(['b:1']);
  });

  test('a broken item of a List is named by its line', () => {
    const body =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {}\n- 3\n';
    expect(complaints(body)).toEqual([
      '6 bundle/not-an-object This document is not a Kubernetes object: metadata.name is missing.',
      '7 bundle/not-an-object This document is 3, which is not a text; a Kubernetes object is a map.',
    ]);
  });
});

describe('values, as sigs.k8s.io/yaml 1.4 gave them (run with Go)', () => {
  test.each<[string, unknown]>([
    [
      '[yes, Yes, YES, no, on, On, off, OFF, y, Y, n, N]',
      [true, true, true, false, true, true, false, false, true, true, false, false],
    ],
    ['[true, True, TRUE, tRue, yEs]', [true, true, true, 'tRue', 'yEs']],
    [
      '[0o14, 014, 1:30, 2001-01-01, 0x1f, 1_000, 1e3, .5, 0b11, 1.0]',
      [12, 12, '1:30', '2001-01-01', 31, 1000, 1000, 0.5, 3, 1],
    ],
    ['[~, null, Null, 099, 0o9, +12, -0x1, 1.]', [null, null, null, 99, '0o9', 12, -1, 1]],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['!foo x', 'x'],
    ['!!str 1', '1'],
    ['"yes"', 'yes'],
    ['=', '='],
  ])('%s', (written, expected) => {
    expect(readYaml(`a: ${written}`)[0]?.value).toEqual({ a: expected });
  });

  test.each<[string, unknown]>([
    ['y: 1\nn: 2', { true: 1, false: 2 }],
    ['1: a\ntrue: b\n1.5: d', { 1: 'a', true: 'b', 1.5: 'd' }],
    ['x: &x {a: 1}\nz:\n  <<: *x\n  b: 2', { x: { a: 1 }, z: { a: 1, b: 2 } }],
    ['a: &one [1]\nb: *one', { a: [1], b: [1] }],
  ])('%j', (written, expected) => {
    expect(readYaml(written)[0]?.value).toEqual(expected);
  });

  test('the prototype is out of reach', () => {
    const value = readYaml('__proto__: {polluted: true}')[0]?.value;
    expect(Object.hasOwn(value as object, '__proto__')).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('what is no YAML', () => {
  test.each<[string, string, string[]]>([
    [
      'a tab',
      'kind: A\nmetadata:\n\tname: a\n',
      ['3 a tab is used for indentation; YAML allows only spaces'],
    ],
    ['a key twice', 'kind: A\nkind: B\n', ['2 the same key stands twice in one map']],
    ['a key twice by its meaning', 'true: a\nyes: b\n', ['2 the same key stands twice in one map']],
    ['an alias to nothing', 'a: 1\nb: *x\n', ['2 the alias *x has no anchor before it']],
    ['an alias inside its anchor', 'a: &x\n- 1\n- *x\n', ['3 the alias *x stands inside its own anchor']],
    [
      'a carriage return',
      'a: 1\nb: x\ry\n',
      ['2 a line ends with a carriage return alone; write line feeds, or both'],
    ],
    ['a merge key without a map', 'a:\n  <<: 5\n', ['2 the merge key << takes a map, or a list of maps']],
    ['a tag that does not fit', 'a: !!int x\n', ['1 "x" does not fit its tag !!int']],
    ['a map as key', 'a: 1\n? {b: c}\n: d\n', ['2 a map or a list is used as a key']],
    ['an empty key', 'a: 1\n~: b\n', ['2 a key is empty']],
    ['no number', 'a: 1\nb: .inf\n', ['2 the number .inf cannot be written as JSON']],
    [
      'a number beyond 2^53',
      'a: 12345678901234567890\n',
      ['1 the number 12345678901234567890 is too large to be carried exactly; put it in quotes'],
    ],
  ])('%s', (_what, body, expected) => {
    expect(
      readYaml(body).flatMap(({ problems }) => problems.map(({ line, message }) => `${line} ${message}`)),
    ).toEqual(expected);
  });

  test('aliases that multiply', () => {
    const level = (name: string, of: string): string => `${name}: &${name} [${`*${of},`.repeat(9)}*${of}]\n`;
    const body = `a: &a [${'1,'.repeat(9)}1]\n${['b', 'c', 'd', 'e', 'f'].map((name, at) => level(name, 'abcde'.charAt(at))).join('')}`;
    expect(complaints(body)[0]).toMatch(/^1 bundle\/invalid-yaml .*aliases expand/);
  });

  test('all broken documents of a file, and the sound ones besides', () => {
    const body = `a: b: c\n---\n${object('fine')}---\nd: [\n---\n${object('late')}`;
    const { objects, findings } = parseManifests(body, 'a.yaml');
    expect(objects.map((each) => each.object.metadata.name)).toEqual(['fine', 'late']);
    expect(findings.map(({ code, source }) => `${code} ${source?.line}`)).toEqual([
      'bundle/invalid-yaml 1',
      'bundle/invalid-yaml 9',
    ]);
  });

  test('what is never closed is complained of on the last line that there is', () => {
    expect(complaints(`${object('a')}data: { b: "c"\n\n`)[0]).toMatch(/^5 bundle\/invalid-yaml /);
  });

  test('a template outside a chart gets a hint', () => {
    const [first] = parseManifests('kind: A\nmetadata:\n  name: {{ .Values.x }}\n', 'a.yaml').findings;
    expect(first?.code).toBe('bundle/invalid-yaml');
    expect(first?.hint).toMatch(/Helm templates belong/);
  });

  test('a template is told once, not line by line', () => {
    const body = `{{- if .Values.route }}\n${object('a')}spec: { a: [{ b: 1 }] }\n{{- end }}\n`;
    expect(complaints(body)).toHaveLength(1);
    expect(complaints(body.replaceAll(/^\{\{.*\}\}$/gm, '{'))).not.toHaveLength(1);
  });
});

describe('what is no object', () => {
  test.each<[string, string, string[]]>([
    ['nothing that makes one', 'a: 1\n', ['1 apiVersion, kind and metadata are missing']],
    [
      'a version that is a number',
      'apiVersion: 1\nkind: A\nmetadata: {name: a}\n',
      ['1 apiVersion is 1, which is not a text'],
    ],
    [
      'a name that is a boolean',
      'apiVersion: v1\nkind: A\nmetadata:\n  name: yes\n',
      ['4 metadata.name is true, which is not a text'],
    ],
    [
      'a namespace that is a number',
      'apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  namespace: 12\n',
      ['5 metadata.namespace is 12, which is not a text'],
    ],
    [
      'a label that is a boolean',
      object('a', '  labels:\n    x: "1"\n    owner: no\n'),
      ['7 metadata.labels "owner" is false, which is not a text'],
    ],
    [
      'an annotation that is a number',
      object('a', '  annotations:\n    port: 80\n'),
      ['6 metadata.annotations "port" is 80, which is not a text'],
    ],
  ])('%s', (_what, body, expected) => {
    expect(complaints(body)).toEqual(
      expected.map((each) => {
        const [line, ...rest] = each.split(' ');
        return `${line} bundle/not-an-object This document is not a Kubernetes object: ${rest.join(' ')}.`;
      }),
    );
    expect(parseManifests(body, 'a.yaml').objects).toEqual([]);
  });

  test('generateName', () => {
    expect(complaints('apiVersion: v1\nkind: Job\nmetadata:\n  generateName: a-\n')).toEqual([
      '4 bundle/not-an-object This document is not a Kubernetes object: it has metadata.generateName instead of metadata.name: every run would create another object, and none would ever be found again.',
    ]);
  });

  test.each([
    ['- a\n', 'a list'],
    ['just text\n', '"just text", which is not a text'],
  ])('%j', (body, what) => {
    expect(complaints(body)[0]).toBe(
      `1 bundle/not-an-object This document is ${what}; a Kubernetes object is a map.`,
    );
  });
});
