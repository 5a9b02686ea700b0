// What the Markdown files say about this repository holds: scripts that exist, links that lead somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** Headings that say the same are counted: `#limits`, `#limits-1`. */
function anchorsOf(path: string): string[] {
  const fences = /^```[\s\S]*?^```/gm;
  const all = [
    ...read(path)
      .replaceAll(fences, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(([, heading = '']) => anchor(heading));
  return all.map((name, index) => {
    const before = all.slice(0, index).filter((each) => each === name).length;
    return before === 0 ? name : `${name}-${before}`;
  });
}

/** Where the links and the pictures of a page lead, in Markdown and in HTML. */
const linksOf = (path: string): string[] =>
  [
    ...withoutCode(read(path)).matchAll(
      /\]\(([^)\s]+)\)|<(?:a|img|source)\b[^>]*?(?:href|src|srcset)="([^"]+)"/g,
    ),
  ].map(([, markdown, html]) => markdown ?? html ?? '');

/** A file of the repository, as a link on that page names it. */
const targetOf = (path: string, link: string): string => {
  const [file = ''] = link.split('#');
  return file === '' ? path : normalize(join(dirname(path), file));
};
const isOwn = (link: string): boolean => !/^[a-z]+:/.test(link);

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
    const broken = linksOf(path).filter((link) => {
      if (!isOwn(link)) return false;
      const [, fragment] = link.split('#');
      const target = targetOf(path, link);
      if (target.startsWith('..') || !existsSync(target)) return true;
      return fragment !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(fragment);
    });
    expect(broken).toEqual([]);
  });
});

test('every page and picture of docs is reached from the README, and every example', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    if (!path.endsWith('.md')) continue;
    for (const link of linksOf(path).filter(isOwn)) {
      const target = targetOf(path, link);
      reached.add(target);
      // A link to a folder shows its page.
      if (existsSync(join(target, 'README.md'))) reached.add(join(target, 'README.md'));
    }
  }
  const pages = ['docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => /\.(md|png|json)$/.test(name)),
  );
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

test('workflows are found in the documents', () => {
  expect(documentedWorkflows().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['README.md, workflow 1', 'docs/first-deploy.md, workflow 1']),
  );
});

test('the architecture names every folder of src/, and no file that is not there', () => {
  const named = [...read('docs/architecture.md').matchAll(/`(src\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => `src/${name}`).filter((folder) => !named.includes(folder))).toEqual([]);
});
