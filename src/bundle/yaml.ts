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
} from 'yaml';
import type { Json } from './object.ts';

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

/** The tags of goyaml.v2: no dates (they stay text in JSON), no base 60, but `0o14` beside `014`. */
const asGo = (tags: Tags): Tags => [
  ...tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!/:(timestamp|omap|pairs|set|binary)$/.test(tag.tag) && !('format' in tag && tag.format === 'TIME')),
  ),
  octal,
];

const sentences: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same key stands twice in one map',
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows only spaces',
};

/** What YAML can hold and JSON, which the API server reads, cannot. */
const unfit = (node: Node): string | undefined => {
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

/** Problems that the syntax allows: aliases to nothing or to themselves, keys and numbers that JSON has no room for. */
const meaning = (document: Document, lineOf: (node: unknown) => number): readonly YamlProblem[] => {
  const found: YamlProblem[] = [];
  const add = (node: unknown, message: string | undefined): void => {
    if (message !== undefined) found.push({ line: lineOf(node), message });
  };
  visit(document, {
    Pair: (_key, pair) => add(pair.key, keyProblem(pair.key)),
    Scalar: (_key, node) => add(node, unfit(node)),
    Alias: (_key, node, path) => {
      const anchor = node.resolve(document);
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

const expand = (document: Document): { readonly value: Json } | { readonly message: string } => {
  try {
    // At most 100 nodes may come out of aliases, the library's guard against "billion laughs".
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch {
    return { message: 'its aliases expand to far more than a manifest can hold' };
  }
};

/** @param end where the text ends, blanks aside: what is never closed is complained of behind it, on no line at all */
const read = (
  document: Document.Parsed<ParsedNode>,
  lines: LineCounter,
  end: number,
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
  const syntax = document.errors.map((error) => ({
    line: lineAtOffset(error.pos[0]),
    message: sentences[error.code] ?? error.message.charAt(0).toLowerCase() + error.message.slice(1),
  }));
  const problems = firstPerLine(syntax.length > 0 ? syntax : meaning(document, lineOf));
  if (problems.length > 0) return { line, problems, lineAt };
  const got = expand(document);
  if ('message' in got) return { line, problems: [{ line, message: got.message }], lineAt };
  return got.value === null ? undefined : { line, value: got.value, problems: [], lineAt };
};

/**
 * Reads all documents of a text. Like kubectl 1.36 (measured with sigs.k8s.io/yaml's YAMLToJSON): `yes`, `no`, `on`,
 * `off`, `y`, `n` in their three spellings are booleans, as values and as keys; `014` and `0o14` are 12, `1_000` is 1000;
 * dates and `1:30` stay text; unknown tags are passed over; a byte order mark is skipped. Unlike it: a key that stands
 * twice in a map is a problem (kubectl takes the last).
 */
export const readYaml = (text: string): readonly YamlDocument[] => [...yamlDocuments(text)];

/** One document after the other: the tree of one that was read may go before the next one comes. */
export function* yamlDocuments(text: string): Generator<YamlDocument> {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer<ParsedNode, true>({
    version: '1.2',
    schema: 'yaml-1.1',
    customTags: asGo,
    resolveKnownTags: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const end = Math.max(0, text.trimEnd().length - 1);
  for (const document of composer.compose(parser.parse(text))) {
    const found = read(document, lines, end);
    if (found) yield found;
  }
}
