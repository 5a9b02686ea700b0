// docs/codes has a section for every code, under the anchor to which the summary links, and none for a code that is gone.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { docsPath } from '../../src/report/docs.ts';
import { type CodeEntry, codes } from '../../src/verdict/codes.ts';
import { owners } from '../../src/verdict/owners.ts';

const folder = 'docs/codes';
const pages = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md');

interface Section {
  readonly code: string;
  readonly title: string;
  readonly parts: readonly string[];
  /** What it says of the meaning. */
  readonly means: string;
  readonly lines: number;
}

const sections = pages.flatMap((page): Section[] =>
  readFileSync(join(folder, page), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [heading = '', , title = '', ...body] = text.trimEnd().split('\n');
      const parts = body.flatMap((line) => /^\*\*([^*]+)\.\*\* \S/.exec(line)?.[1] ?? []);
      const means = /^\*\*Means\.\*\* ([\s\S]*?)\n\n/m.exec(text)?.[1] ?? '';
      return { code: `${page.slice(0, -3)}/${heading}`, title, parts, means, lines: body.length };
    }),
);

test('every code has its section, and every section its code', () => {
  const documented = sections.map(({ code }) => code);
  expect([...documented].sort()).toEqual(Object.keys(codes).sort());
  expect(new Set(documented).size).toBe(documented.length);
});

describe('each section', () => {
  const known = sections.filter(({ code }) => code in codes);

  test('says what, and whose job it is, as the registry does', () => {
    const entries: Readonly<Record<string, CodeEntry>> = codes;
    const wanted = known.map(({ code }) => {
      const entry = entries[code];
      return `${code}: **${entry?.title}** · ${entry && owners[entry.owner]}`;
    });
    expect(known.map(({ code, title }) => `${code}: ${title}`)).toEqual(wanted);
  });

  test('says what it means, how we know and what to do, in a few lines', () => {
    const incomplete = known.filter(
      ({ parts, lines }) => parts.join() !== 'Means,How we know,What to do' || lines > 20,
    );
    expect(incomplete.map(({ code }) => code)).toEqual([]);
  });

  test('says more of the meaning than the title, which the reader has seen', () => {
    const saysNothing = known.filter(({ title, means }) => title.includes(`**${means.replace(/\.$/, '')}**`));
    expect(saysNothing.map(({ code }) => code)).toEqual([]);
  });

  test('is where the summary links to', () => {
    const headings = known.map(({ code }) => code);
    const wrong = headings.filter((code) => {
      const [file = '', anchor] = docsPath(code as keyof typeof codes).split('#');
      return !readFileSync(file, 'utf8').includes(`\n## ${anchor}\n`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('what tests ask for', () => {
  /** Where a test makes a finding or a verdict itself, to be rendered or passed on, nothing is proved of the code. */
  const made =
    /\b(?:finding|broken|waiting|unknown|skipped|Problem)\(\s*(?:'(?:error|warning|notice)',\s*)?'[a-z]+\/[a-z-]+'/g;
  const elsewhere = /^__tests__\/unit\/(report|verdict)\/|codes-documented/;
  const literal = /(?<![\w/.-])([a-z]+\/[a-z]+(?:-[a-z]+)*)(?![\w/.-])/g;

  /** Codes that stand in what a file of tests expects; in the folder of an area its codes may stand without the area. */
  const askedIn = (file: string, whole = readFileSync(file, 'utf8')): readonly string[] => {
    const text = whole.replaceAll(made, '');
    const area = /^__tests__\/unit\/([a-z]+)\//.exec(file)?.[1] ?? '';
    const long = [...text.matchAll(literal)].map(([, code = '']) => code);
    const short = [...text.matchAll(/['` ]([a-z]+(?:-[a-z]+)*)(?=['` ])/g)].map(
      ([, what = '']) => `${area}/${what}`,
    );
    return [...long, ...short];
  };
  const tests = [...globSync('__tests__/**/*.ts')].filter((file) => !elsewhere.test(file));
  const asked = new Set(tests.flatMap((file) => askedIn(file)));

  test('every code', () => {
    const missing = Object.keys(codes).filter((code) => !asked.has(code));
    expect(missing).toEqual([]);
  });

  test('a code that a test only passes on does not count', () => {
    const text = "judge(waiting('look/failed', said)); expect(code).toBe('route/missing');";
    expect(askedIn('__tests__/unit/chain/any.test.ts', text)).toEqual(['route/missing']);
  });
});
