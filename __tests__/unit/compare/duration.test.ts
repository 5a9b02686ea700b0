// Durations that a controller has written back in its own form are the same duration; whatever else is not.
import { expect, test } from '@jest/globals';
import { sameDuration } from '../../../src/compare/duration.ts';

test.each([
  ['2160h', '2160h0m0s', true],
  ['1h30m', '90m', true],
  ['1.5h', '5400s', true],
  ['500ms', '0.5s', true],
  ['-1m', '-60s', true],
  ['1h', '61m', false],
  ['-1m', '1m', false],
  ['10', '10s', false],
  ['', '', false],
  ['1h?', '1h?', false],
])('%s and %s: the same length %s', (one, other, same) => {
  expect(sameDuration(one, other)).toBe(same);
});

test('what is no text is no duration', () => {
  expect(sameDuration(60, 60)).toBe(false);
});
