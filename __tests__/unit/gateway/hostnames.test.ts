// Hostnames: what a route and a listener have in common.
import { describe, expect, test } from '@jest/globals';
import { intersect, isHostname, probeHostOf } from '../../../src/gateway/hostnames.ts';

describe('intersect', () => {
  test.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, ''],
    [undefined, 'a.example.com', 'a.example.com'],
    ['*.example.com', undefined, '*.example.com'],
    ['a.example.com', 'a.example.com', 'a.example.com'],
    ['A.Example.com', 'a.example.COM.', 'a.example.com'],
    ['*.example.com', 'a.example.com', 'a.example.com'],
    // A wildcard covers several labels, and not the name behind it (HTTPRouteSpec.hostnames).
    ['*.example.com', 'a.b.example.com', 'a.b.example.com'],
    ['*.example.com', 'example.com', undefined],
    ['*.example.com', '*.b.example.com', '*.b.example.com'],
    ['*.example.com', '*.example.com', '*.example.com'],
    ['*.example.com', '*.example.org', undefined],
    ['*.example.com', 'notexample.com', undefined],
    ['a.example.com', 'b.example.com', undefined],
  ])('%s and %s: %s', (one, other, common) => {
    expect(intersect(one, other)).toBe(common);
    expect(intersect(other, one)).toBe(common);
  });
});

test.each<[string, boolean]>([
  ['example.com', true],
  ['*.example.com', true],
  ['a', true],
  ['xn--bcher-kva.example', true],
  ['10.0.0.1', false],
  ['*', false],
  ['a.*.example.com', false],
  ['-a.example.com', false],
  ['a_b.example.com', false],
  [`${'a'.repeat(63)}.example.com`, true],
  [`${'a'.repeat(64)}.example.com`, false],
  ['a..b', false],
  [`${'a.'.repeat(126)}ab`, false],
])('isHostname %s: %s', (host, is) => {
  expect(isHostname(host)).toBe(is);
});

test('a wildcard is probed under one label, the same each time, another for another zone', () => {
  const probe = probeHostOf('*.example.com');
  expect(probe).toMatch(/^probe-[0-9a-z]{7}\.example\.com$/);
  expect(probeHostOf('*.example.com')).toBe(probe);
  expect(probeHostOf('*.example.org').split('.')[0]).not.toBe(probe.split('.')[0]);
  expect(probeHostOf('a.example.com')).toBe('a.example.com');
});
