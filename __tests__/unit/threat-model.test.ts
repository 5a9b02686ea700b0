// docs/threat-model.md: every threat names a test, and each named test is there.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const rows = readFileSync('docs/threat-model.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| .* \| .* \| .* \|$/.test(line) && !line.startsWith('| threat'))
  .filter((line) => !/^\| --- /.test(line));

test('there are threats, and each names a test', () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !/`__tests__\/[\w/.-]+\.test\.ts`( ".+")? \|$/.test(row))).toEqual([]);
});

test.each(rows)('%s', (row) => {
  const [, file = '', name] = /`(__tests__\/[^`]+)`(?: "(.+)")? \|$/.exec(row) ?? [];
  expect(existsSync(file)).toBe(true);
  // Names stand in quotes of any kind.
  if (name !== undefined) expect(readFileSync(file, 'utf8').replaceAll('\\', '')).toContain(name);
});
