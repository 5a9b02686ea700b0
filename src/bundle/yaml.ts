// YAML as kubectl and Helm read it: goyaml.v2 by way of sigs.k8s.io/yaml, which is neither YAML 1.1 nor 1.2.
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Json } from './object.ts';
import { type Aliases, aliasesOf, isBomb } from './yaml-aliases.ts';

export interface YamlProblem {
  /** 1-based. */
  readonly line: number;
  /** A clause without a full stop: `the same key stands twice`. */
  readonly message: string;
}

/** One document of a text: its value, or what is wrong with it. Empty documents are left out. */
export interface YamlDocument {
  /** 1-based line of the first thing in it. */
  readonly line: number;
  readonly value?: Json;
  readonly problems: readonly YamlProblem[];
  /** 1-based line of the field (its key) or item at the path; of its nearest ancestor where there is none. */
  lineAt(path: readonly (string | number)[]): number;
}

const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  identify: () => false,
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (source) => Number(source.replace(/^[-+]/, '')) * (source.startsWith('-') ? -1 : 1),
};

/** goyaml decodes it; what it holds is then text like any other. */
const binary: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  identify: () => false,
  resolve: (source, onError) => {
    try {
      const bytes = Uint8Array.from(atob(source.replaceAll(/\s/g, '')), (each) => each.charCodeAt(0));
      return new TextDecoder().decode(bytes);
    } catch {
      onError('this !!binary is no base64');
      return source;
    }
  },
};

/** A point needs a digit: `.` alone, which managedFields have as a key, is text (goyaml.v2 resolve.go). */
const pointed = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/;

const withDigit = (tag: Tags[number]): Tags[number] => {
  if (typeof tag === 'string' || tag.collection !== undefined) return tag;
  return tag.test?.test('.') === true ? { ...tag, test: pointed } : tag;
};

/** The tags of goyaml.v2: no dates (they stay text in JSON), no base 60, but `0o14` beside `014`. */
const asGo = (tags: Tags): Tags => [
  ...tags
    .filter(
      (tag) =>
        typeof tag === 'string' ||
        (!/:(timestamp|omap|pairs|set|binary)$/.test(tag.tag) && !('format' in tag && tag.format === 'TIME')),
    )
    .map(withDigit),
  octal,
  binary,
];

const sentences: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same key stands twice in one map',
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows only spaces',
};

/** What the parser says when its own recursion ends. */
const tooDeep = /maximum call stack/i;

const sentenceOf = ({ code, message }: { readonly code?: string; readonly message: string }): string => {
  if (tooDeep.test(message)) return 'it is nested far more deeply than a manifest can be';
  return sentences[code ?? ''] ?? message.charAt(0).toLowerCase() + message.slice(1);
};

/** What YAML can hold and JSON, which the API server reads, cannot. */
const unfit = (node: Node): string | undefined => {
  if (isScalar(node) && typeof node.value === 'string') {
    const tag = /^tag:yaml\.org,2002:(int|float|bool|null)$/.exec(node.tag ?? '')?.[1];
    return tag === undefined ? undefined : `${JSON.stringify(node.value)} does not fit its tag !!${tag}`;
  }
  if (!isScalar(node) || typeof node.value !== 'number') return undefined;
  if (!Number.isFinite(node.value)) return `the number ${node.source ?? ''} cannot be written as JSON`;
  const exact = !Number.isInteger(node.value) || Number.isSafeInteger(node.value);
  return exact || /[.e]/i.test(node.source ?? '')
    ? undefined
    : `the number ${node.source ?? ''} is too large to be carried exactly; put it in quotes`;
};

const keyProblem = (key: unknown): string | undefined => {
  if (isScalar(key)) return key.value === null ? 'a key is empty' : undefined;
  if (isMap(key) || isSeq(key)) return 'a map or a list is used as a key';
  return undefined;
};

/** The keys that a merge key brings: its value is a map, a list of maps, or aliases of them; `undefined` where it is not. */
const broughtBy = (
  value: unknown,
  targets: Aliases['targets'],
  inList = false,
): readonly unknown[] | undefined => {
  const source = isAlias(value) ? targets.get(value) : value;
  if (isMap(source)) return source.items.map(({ key }) => (isScalar(key) ? key.value : undefined));
  if (!isSeq(source) || inList) return undefined;
  const each = source.items.map((item) => broughtBy(item, targets, true));
  return each.every((keys) => keys !== undefined) ? each.flat() : undefined;
};

/**
 * YAML lets the map's own key win over one that `<<` brings (yaml.org/type/merge.html); goyaml.v2, and so kubectl, lets
 * the later of the two win. Where they agree there is nothing to say.
 */
const mergeProblem = (
  map: YAMLMap,
  targets: Aliases['targets'],
): { node: unknown; message: string } | undefined => {
  // Hardly any map has one, and definitions have thousands of maps.
  if (!map.items.some(({ key }) => isScalar(key) && typeof key.value === 'symbol')) return undefined;
  const before = new Set<unknown>();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? key.value : undefined;
    // In quotes it is a key like any other.
    if (typeof name === 'symbol') {
      const brought = broughtBy(value, targets);
      if (brought === undefined)
        return { node: key, message: 'the merge key << takes a map, or a list of maps' };
      const twice = brought.find((each) => before.has(each));
      if (twice !== undefined)
        return {
          node: key,
          message: `the merge key << stands after "${String(twice)}", which it brings too: tools differ on which of the two counts; put << first`,
        };
    }
    before.add(name);
  }
  return undefined;
};

/** Problems that the syntax allows: aliases to nothing or to themselves, keys and numbers that JSON has no room for. */
const meaning = (
  document: Document,
  { targets }: Aliases,
  lineOf: (node: unknown) => number,
): readonly YamlProblem[] => {
  const found: YamlProblem[] = [];
  const add = (node: unknown, message: string | undefined): void => {
    if (message !== undefined) found.push({ line: lineOf(node), message });
  };
  visit(document, {
    Pair: (_key, pair) => add(pair.key, keyProblem(pair.key)),
    Map: (_key, map) => {
      const problem = mergeProblem(map, targets);
      add(problem?.node, problem?.message);
    },
    Scalar: (_key, node) => add(node, unfit(node)),
    Alias: (_key, node, path) => {
      const anchor = targets.get(node);
      if (anchor === undefined) add(node, `the alias *${node.source} has no anchor before it`);
      else if (path.includes(anchor)) add(node, `the alias *${node.source} stands inside its own anchor`);
    },
  });
  return found;
};

/** One problem a line: the parser's later complaints about a line follow from its first. */
const firstPerLine = (problems: readonly YamlProblem[]): readonly YamlProblem[] =>
  [...new Map(problems.toReversed().map((problem) => [problem.line, problem])).values()].toSorted(
    (a, b) => a.line - b.line,
  );

const expand = (
  document: Document,
  aliases: Aliases,
): { readonly value: Json } | { readonly message: string } => {
  try {
    if (isBomb(document, aliases))
      return { message: 'its aliases expand to far more than a manifest can hold' };
    // The library's own guard counts aliases, and not what they bring.
    const value: Json = document.toJS({ maxAliasCount: -1 });
    return { value };
  } catch (error) {
    return { message: sentenceOf({ message: error instanceof Error ? error.message : String(error) }) };
  }
};

/**
 * goyaml's reader refuses them (yaml.org/spec/1.2.2, 5.1 too, all but one), and takes a carriage return of its own for a
 * line end, which our parser does not.
 */
const unwelcome = /[^\P{Cc}\t\n\r]|\r(?!\n)/u;

const characterProblem = (
  text: string,
  [start, , end]: readonly [number, number, number],
  lineAtOffset: (offset: number) => number,
): readonly YamlProblem[] => {
  const at = text.slice(start, end).search(unwelcome);
  if (at < 0) return [];
  const code = text
    .charCodeAt(start + at)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0');
  const message =
    code === '000D'
      ? 'a line ends with a carriage return alone; write line feeds, or both'
      : `the control character U+${code} stands in the text; write it as "\\u${code}" in double quotes`;
  return [{ line: lineAtOffset(start + at), message }];
};

/** @param end where the text ends, blanks aside: what is never closed is complained of behind it, on no line at all */
const read = (
  document: Document.Parsed<ParsedNode>,
  lines: LineCounter,
  { text, end }: { readonly text: string; readonly end: number },
): YamlDocument | undefined => {
  const lineAtOffset = (offset: number): number => lines.linePos(Math.min(offset, end)).line;
  const start = document.contents?.range[0] ?? document.range[0];
  const lineOf = (node: unknown): number => {
    const inner = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
    return lineAtOffset(inner ?? start);
  };
  const line = lineAtOffset(start);
  const lineAt = (path: readonly (string | number)[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (node === undefined) continue;
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
      // A map or list begins on the line after its key.
      const pair = isMap(parent)
        ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
        : undefined;
      return lineOf(pair?.key ?? node);
    }
    return line;
  };
  const syntax = [
    ...document.errors.map((error) => ({ line: lineAtOffset(error.pos[0]), message: sentenceOf(error) })),
    ...characterProblem(text, document.range, lineAtOffset),
  ];
  if (syntax.length > 0) return { line, problems: firstPerLine(syntax), lineAt };
  const aliases = aliasesOf(document);
  const problems = firstPerLine(meaning(document, aliases, lineOf));
  if (problems.length > 0) return { line, problems, lineAt };
  const got = expand(document, aliases);
  if ('message' in got) return { line, problems: [{ line, message: got.message }], lineAt };
  return got.value === null ? undefined : { line, value: got.value, problems: [], lineAt };
};

/**
 * Reads all documents of a text. Like kubectl 1.36 (measured with sigs.k8s.io/yaml's YAMLToJSON): `yes`, `no`, `on`,
 * `off`, `y`, `n` in their three spellings are booleans, as values and as keys; `014` and `0o14` are 12, `1_000` is 1000;
 * dates and `1:30` stay text; unknown tags are passed over; byte order marks are skipped. Unlike it: a key that stands
 * twice in a map is a problem (kubectl takes the last), so is a number that JSON would change. __tests__/lab/yaml.test.ts
 * holds both beside each other.
 */
export const readYaml = (text: string): readonly YamlDocument[] => [...yamlDocuments(text)];

/**
 * One document after the other: the tree of one that was read may go before the next one comes.
 * @param uniqueKeys whether a key that stands twice is a problem; else the last counts, as for kubectl and Helm
 */
export function* yamlDocuments(body: string, uniqueKeys = true): Generator<YamlDocument> {
  // One may stand before each document, where files were put together.
  const text = body.replaceAll(/^\uFEFF/gm, '');
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer<ParsedNode, true>({
    version: '1.2',
    schema: 'yaml-1.1',
    customTags: asGo,
    resolveKnownTags: false,
    uniqueKeys,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const end = Math.max(0, text.trimEnd().length - 1);
  for (const document of composer.compose(parser.parse(text))) {
    const found = read(document, lines, { text, end });
    if (found) yield found;
  }
}
