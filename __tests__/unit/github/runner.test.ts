// What was masked is not printed again, whoever repeats it.
import { afterEach, expect, jest, test } from '@jest/globals';
import { actionsRunner } from '../../../src/github/runner.ts';
import { finding } from '../../../src/verdict/finding.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('lines, annotations and evidence are without it', () => {
  const printed: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  const runner = actionsRunner({});
  runner.mask('correct-horse');
  runner.mask('first line\nsecond line');
  runner.mask('none');
  expect(printed.splice(0)).toContain('::add-mask::correct-horse');

  runner.info('helm says: correct-horse');
  runner.annotate(
    finding('error', 'helm/failed', 'correct-horse is wrong', {
      hint: 'not correct-horse',
      evidence: [{ from: 'helm', saw: 'second line, correct-horse' }],
    }),
  );
  expect(printed).toEqual([
    'helm says: ***',
    '::error title=helm/failed::*** is wrong%0Anot ***',
    '  helm: ***, ***',
  ]);
  // Too short to be told from a part of a word.
  expect(runner.hide('nonetheless')).toBe('nonetheless');
});
