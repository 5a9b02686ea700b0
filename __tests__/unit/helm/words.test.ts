// What helm itself said, out of all that it printed.
import { expect, test } from '@jest/globals';
import { helmWords } from '../../../src/helm/words.ts';

// Recorded from helm 4.2.3 and 3.21.4.
test.each([
  ['Error: context deadline exceeded\n', '', 'context deadline exceeded'],
  [
    'Release x has been cancelled.\nError: UPGRADE FAILED: context canceled\n',
    '',
    'UPGRADE FAILED: context canceled',
  ],
  [
    'level=WARN msg="unable to find exact version"\nError: chart not found\nsecond line\n',
    '',
    'chart not found\nsecond line',
  ],
  ['', 'only stdout\n', 'only stdout'],
  ['panic: x\n', '', 'panic: x'],
  [
    'Error: looks like "https://ci:hunter2@charts.example.com/x" is not a valid chart repository or cannot be reached\n',
    '',
    'looks like "https://***@charts.example.com/x" is not a valid chart repository or cannot be reached',
  ],
  ['', '', 'no reason given'],
])('%j', (stderr, stdout, words) => {
  expect(helmWords({ stderr, stdout })).toBe(words);
});
