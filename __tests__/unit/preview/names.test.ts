// Names of previews: the vectors of docs/previews.md, and what must hold for any branch.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { longestName, previewHosts, previewName, slug, templateProblem } from '../../../src/preview/names.ts';

const parts = { repository: 'example-org/sample-app', number: 42, branch: 'main', sha: 'a1b2c3d4e5f6' };

describe('the vectors of docs/previews.md', () => {
  const rows = [
    ...readFileSync('docs/previews.md', 'utf8').matchAll(
      /^\| `([^`]*)` \| `([^`]*)` \| (\d+) \| `([^`]*)` \| `([^`]*)` \|$/gm,
    ),
  ].map(([, template = '', repository = '', number = '', branch = '', name = '']) => ({
    template,
    repository,
    number: Number(number),
    branch,
    name,
  }));

  test('are there', () => expect(rows.length).toBeGreaterThanOrEqual(10));

  test.each(rows)('$template of $repository#$number ($branch) is $name', (row) => {
    expect(previewName(row.template, { ...parts, ...row })).toBe(row.name);
  });
});

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

test('any branch gives one DNS label that leaves room for `cname-`, always the same, and no two branches the same', () => {
  const branches = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 250 });
  fc.assert(
    fc.property(branches, branches, fc.integer({ min: 20, max: longestName }), (one, other, longest) => {
      const name = previewName('{branch}', { ...parts, branch: one }, longest);
      expect(name).toMatch(label);
      expect(name.length).toBeLessThanOrEqual(longest);
      expect(name.slice(2, 4)).not.toBe('--');
      expect(previewName('{branch}', { ...parts, branch: one }, longest)).toBe(name);
      if (one !== other) expect(previewName('{branch}', { ...parts, branch: other }, longest)).not.toBe(name);
    }),
  );
});

test('another repository with the same branch has another name wherever a hash is needed', () => {
  const name = (repository: string) =>
    previewName('{branch}', { ...parts, repository, branch: 'feature/login' });
  expect(name('a/x')).not.toBe(name('b/x'));
  expect(name('A/X')).toBe(name('a/x'));
});

test.each([
  ['Feature/Login', 'feature-login'],
  ['--a__b--', 'a-b'],
  ['Größe/Überblick', 'große-uberblick'.replace('ß', '-')],
  ['日本', ''],
])('slug %s', (text, wanted) => expect(slug(text)).toBe(wanted));

test.each([
  ['pr-{number}-{app}', undefined],
  ['{branch}', undefined],
  ['{sha}', 'a template with {number} or {branch}'],
  ['preview', 'a template with {number} or {branch}'],
  ['pr-{numbr}', 'only the placeholders'],
  ['PR-{number}', 'lower-case letters'],
  ['pr.{number}', 'lower-case letters'],
])('template %s', (template, problem) => {
  expect(templateProblem(template)?.slice(0, problem?.length)).toBe(problem);
});

describe('hosts of one preview', () => {
  const hosts = (...given: string[]) => [...previewHosts('pr-42-app', given, 'preview.example.com').values()];

  test('the first has the name, the others their own first label behind it', () => {
    expect(hosts('shop.example.com', 'admin.example.com', '*.example.com')).toEqual([
      'pr-42-app.preview.example.com',
      'pr-42-app-admin.preview.example.com',
      'pr-42-app-any.preview.example.com',
    ]);
  });

  test('two with the same first label, and one too long, are told apart by a hash', () => {
    const made = hosts('a.example.com', 'b.example.com', 'b.example.org', `${'c'.repeat(60)}.example.com`);
    expect(new Set(made).size).toBe(4);
    for (const host of made) expect(host.split('.')[0]?.length).toBeLessThanOrEqual(longestName);
  });
});
