// The registry of codes: names follow the rule `<link or area>/<what>`.
import { expect, test } from '@jest/globals';
import { codes } from '../../../src/verdict/codes.ts';

test.each(Object.keys(codes))('%s is kebab-case behind a link or an area', (code) => {
  expect(code).toMatch(/^[a-z]+\/[a-z]+(-[a-z]+)*$/);
});
