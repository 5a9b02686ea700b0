// Patterns and expressions of other people: compared right, and never for ever.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitsExpression } from '../../../src/compare/expression.ts';
import { fitsWildcard } from '../../../src/compare/wildcard.ts';

describe('wildcards', () => {
  test.each([
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*.example.com', 'a.b.example.com', true],
    ['*b*', 'abc', true],
    ['a*b*c', 'a-b-b-d', false],
    ['?', '\u{1F600}', true],
    ['a*', 'a\nb', true],
  ])('%s against %j: %s', (pattern, text, expected) => {
    expect(fitsWildcard(pattern, text)).toBe(expected);
  });

  test('as the expression says that means the same', () => {
    const part = fc
      .array(fc.constantFrom('a', 'b', '*', '?', '.'), { maxLength: 8 })
      .map((all) => all.join(''));
    const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(part, text, (pattern, given) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(fitsWildcard(pattern, given)).toBe(new RegExp(`^${source}$`).test(given));
      }),
      { numRuns: 500 },
    );
  });

  test('many stars take no time', () => {
    const since = performance.now();
    expect(fitsWildcard(`${'*a'.repeat(60)}*b`, 'a'.repeat(1_000))).toBe(false);
    expect(performance.now() - since).toBeLessThan(20_000);
  });
});

describe('expressions', () => {
  test.each([
    ['^/v[0-9]+/items$', '/v12/items', true],
    ['^/(a|b)/', '/c/', false],
    ['^/[^/]+/[^/]+$', '/a/b', true],
    ['(', '/', undefined],
    ['(a+)+$', 'a', undefined],
    ['((a|a))*$', 'a', undefined],
    ['(a{1,})*$', 'a', undefined],
    ['\\(a+\\)+', '(aa))', true],
    ['[(a+)+]+$', '(a+', true],
  ])('%s against %s: %s', (expression, text, expected) => {
    expect(fitsExpression(expression, text)).toBe(expected);
  });

  test('whatever the expression, there is an answer in time', () => {
    const sign = fc.constantFrom('a', '(', ')', '*', '+', '|', '.', '?', '[ab]', '{1,9}', '$', '\\');
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 14 }), (signs) => {
        const since = performance.now();
        fitsExpression(signs.join(''), `${'a'.repeat(200)}!`);
        expect(performance.now() - since).toBeLessThan(20_000);
      }),
      { numRuns: 2_000 },
    );
  });
});
