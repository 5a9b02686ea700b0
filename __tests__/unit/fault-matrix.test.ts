// The matrix of faults: each in a family, each named once, and docs/faults.md says what is expected of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { families } from '../faults/fault.ts';
import { faults } from '../faults/matrix.ts';
import { faultTable } from '../faults/table.ts';
import { withRealController } from '../faults/with-real-controller.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8');

test('every fault has a name of its own that can be a namespace and a host', () => {
  const names = faults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z][a-z0-9-]{2,40}$/.test(name))).toEqual([]);
});

test('every family has a fault, and there are 45 or more', () => {
  expect(families.filter((family) => !faults.some((fault) => fault.family === family))).toEqual([]);
  expect(faults.length).toBeGreaterThanOrEqual(45);
});

test('what ran with the real controller is in the matrix', () => {
  const names = faults.map(({ name }) => name);
  expect([...withRealController].filter((name) => !names.includes(name))).toEqual([]);
});

test('docs/faults.md has the table of this matrix: run `npm run faults -- --table`', () => {
  expect(page).toContain(faultTable(faults));
});
