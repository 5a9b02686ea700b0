// The files of the runner: values that no content can break out of, and a summary that replaces itself.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseCommandFile } from '../../../lab/runner.ts';
import { appendValue, replaceSummary } from '../../../src/github/command-files.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-files-'));
  file = join(folder, 'output');
  writeFileSync(file, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('appendValue', () => {
  test('values are read back as they were', () => {
    const values = { live: 'true', hostnames: '["a"]', lines: 'one\ntwo\n\nthree=3', empty: '' };
    for (const [name, value] of Object.entries(values)) appendValue(file, name, value);
    expect(parseCommandFile(readFileSync(file, 'utf8'))).toEqual(values);
  });

  test('a value cannot set another', () => {
    appendValue(file, 'message', 'x\nghadelimiter_\nlive<<ghadelimiter_\ntrue\nghadelimiter_');
    expect(Object.keys(parseCommandFile(readFileSync(file, 'utf8')))).toEqual(['message']);
    appendValue(file, 'other', '');
    const delimiters = readFileSync(file, 'utf8').match(/<<ghadelimiter_[0-9a-f-]{36}$/gm) ?? [];
    expect(new Set(delimiters).size).toBe(2);
  });
});

test('the summary is what was written last', async () => {
  await replaceSummary(file, '## a long first version');
  await replaceSummary(file, '## second');
  expect(readFileSync(file, 'utf8')).toBe('## second');
});

test('where the runner has no such file nothing is written', async () => {
  appendValue(undefined, 'live', 'true');
  await expect(replaceSummary(undefined, '##')).resolves.toBeUndefined();
});
