// What the Markdown files say about this repository holds: scripts that exist, links that lead somewhere.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codes } from '../../src/verdict/codes.ts';
import { documents as allDocuments, documentedWorkflows } from '../documented-workflows.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const documents = allDocuments();

const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };

test('the documents are found', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'lab/README.md']));
});

/** GitHub's anchor for a heading: lower case, blanks to hyphens, all else but letters, digits, `-` and `_` dropped. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const withoutCode = (markdown: string): string =>
  markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');

const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchor(heading));

describe.each(documents)('%s', (path) => {
  test('names scripts that package.json has', () => {
    const named = [...read(path).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('names codes that the registry has', () => {
    const areas = new Set(Object.keys(codes).map((code) => code.split('/')[0]));
    const named = [...read(path).matchAll(/`([a-z]+)\/([a-z]+(?:-[a-z]+)*)`/g)].filter(([, area = '']) =>
      areas.has(area),
    );
    // Folders of the repository look alike.
    const wrong = named.filter(
      ([, area, what]) => !(`${area}/${what}` in codes) && !existsSync(`${area}/${what}`),
    );
    expect(wrong.map(([text]) => text)).toEqual([]);
  });

  test('has relative links that resolve', () => {
    const links = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = own.filter((link) => {
      const [file = '', fragment] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      if (target.startsWith('..') || !existsSync(target)) return true;
      return fragment !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(fragment);
    });
    expect(broken).toEqual([]);
  });
});

test('workflows are found in the documents', () => {
  expect(documentedWorkflows().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['README.md, workflow 1', 'docs/first-deploy.md, workflow 1']),
  );
});
