// Contract: what we write to the runner is what @actions/core, the runner's own toolkit, would have written.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { error, notice, setOutput, setSecret, startGroup, warning } from '@actions/core';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { appendValue } from '../../../src/github/command-files.ts';
import { annotations, group, masks } from '../../../src/github/commands.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolkit-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** What the toolkit prints. */
const printed = (say: () => void): string => {
  const parts: string[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    parts.push(String(text));
    return true;
  });
  say();
  jest.restoreAllMocks();
  return parts.join('').trimEnd();
};

const toolkit = { error, warning, notice };
const awkward = 'a: b, c\r\n100% "d" ::e::';

test.each(['error', 'warning', 'notice'] as const)('an annotation of severity %s', (severity) => {
  const theirs = printed(() =>
    toolkit[severity](awkward, { file: 'routes/a,b:c.yaml', startLine: 7, title: 'route/missing' }),
  );
  const ours = annotations()({
    severity,
    message: awkward,
    file: 'routes/a,b:c.yaml',
    line: 7,
    title: 'route/missing',
  });
  const parts = (command: string) => {
    const [, head = '', message] = /^::([^:]*(?::(?!:)[^:]*)*)::(.*)$/s.exec(command) ?? [];
    const [name, ...properties] = head.split(/[ ,]/).filter((part) => part !== '');
    return { name, properties: properties.sort(), message };
  };
  expect(parts(ours ?? '')).toEqual(parts(theirs));
});

test('groups and masks', () => {
  expect(group('Install 100%')).toBe(printed(() => startGroup('Install 100%')));
  expect(masks('s3cret%')).toEqual([printed(() => setSecret('s3cret%'))]);
});

test('outputs: the same file but for the random delimiter', () => {
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
  for (const file of [theirs, ours]) writeFileSync(file, '');
  const before = process.env['GITHUB_OUTPUT'];
  process.env['GITHUB_OUTPUT'] = theirs;
  for (const value of ['plain', 'two\nlines', '']) {
    setOutput('name', value);
    appendValue(ours, 'name', value);
  }
  if (before === undefined) delete process.env['GITHUB_OUTPUT'];
  else process.env['GITHUB_OUTPUT'] = before;
  const read = (file: string): string =>
    readFileSync(file, 'utf8').replaceAll(/ghadelimiter_[0-9a-f-]{36}/g, 'D');
  expect(read(ours)).toBe(read(theirs));
});
