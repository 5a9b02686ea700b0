// Which rule a request meets: ELBv2's conditions.
import { describe, expect, test } from '@jest/globals';
import {
  type AlbRequest,
  type ListenerRule,
  type RuleCondition,
  ruleFor,
  servesHost,
} from '../../../src/gateway/alb-rules.ts';

const rule = (priority: number, ...conditions: readonly RuleCondition[]): ListenerRule => ({
  listener: { port: 443, protocol: 'HTTPS' },
  priority,
  conditions,
  action: { kind: 'fixed', status: priority },
});
const request: AlbRequest = {
  host: 'app.example.com',
  path: '/api/v1?debug=Yes',
  method: 'GET',
  headers: { 'X-Canary': 'blue-1' },
};
const condition = (field: string, values: readonly string[], rest: Partial<RuleCondition> = {}) => ({
  field,
  values,
  ...rest,
});

describe('a condition', () => {
  test.each<[string, RuleCondition, boolean]>([
    ['host', condition('host-header', ['app.example.com']), true],
    ['host in other letters', condition('host-header', ['APP.Example.com']), true],
    ['another host', condition('host-header', ['b.example.com']), false],
    ['one of two hosts', condition('host-header', ['b.example.com', 'app.example.com']), true],
    ['a wildcard', condition('host-header', ['*.example.com']), true],
    ['a dot is a dot', condition('host-header', ['app?exampleXcom']), false],
    ['path', condition('path-pattern', ['/api/v1']), true],
    ['path below', condition('path-pattern', ['/api/*']), true],
    ['path in other letters', condition('path-pattern', ['/API/*']), false],
    ['any path', condition('path-pattern', ['/*']), true],
    ['path without its query', condition('path-pattern', ['/api/v1?debug=Yes']), false],
    ['an expression', condition('path-pattern', ['^/api/v[0-9]+$'], { regex: true }), true],
    [
      'an expression that does not fit',
      condition('path-pattern', ['^/api/v[a-z]+$'], { regex: true }),
      false,
    ],
    ['an expression of another kind', condition('path-pattern', ['(?i'], { regex: true }), true],
    ['method', condition('http-request-method', ['POST', 'GET']), true],
    ['another method', condition('http-request-method', ['POST']), false],
    ['header', condition('http-header', ['blue-?'], { header: 'x-canary' }), true],
    ['another header', condition('http-header', ['blue-?'], { header: 'x-other' }), false],
    ['query', condition('query-string', [], { query: [{ key: 'debug', value: 'yes' }] }), true],
    ['query of any key', condition('query-string', [], { query: [{ value: 'y*' }] }), true],
    ['another query', condition('query-string', [], { query: [{ key: 'debug', value: 'no' }] }), false],
    ['source address', condition('source-ip', ['10.0.0.0/8']), true],
  ])('%s', (_what, each, fits) => {
    expect(ruleFor([rule(1, each)], request) !== undefined).toBe(fits);
  });
});

test('the first by priority whose conditions all hold; the default action at last', () => {
  const host = condition('host-header', ['app.example.com']);
  const rules = [
    rule(Number.POSITIVE_INFINITY),
    rule(3, host),
    rule(1, host, condition('path-pattern', ['/other'])),
    rule(2, host, condition('path-pattern', ['/api/*'])),
  ];
  expect(ruleFor(rules, request)?.priority).toBe(2);
  expect(ruleFor(rules, { ...request, path: '/' })?.priority).toBe(3);
  expect(ruleFor(rules, { ...request, host: 'b' })?.priority).toBe(Number.POSITIVE_INFINITY);
});

test('a rule without a condition on hosts serves every host', () => {
  expect(servesHost(rule(1, condition('path-pattern', ['/x'])), 'a.example.com')).toBe(true);
  expect(servesHost(rule(1, condition('host-header', ['b'])), 'a.example.com')).toBe(false);
});

test("other people's patterns take no time; what cannot be tried counts as fitting", () => {
  const since = performance.now();
  const path = `/${'a'.repeat(200)}!`;
  const long = (each: RuleCondition) => ruleFor([rule(1, each)], { ...request, path }) !== undefined;
  expect(long(condition('path-pattern', [`${'*a'.repeat(40)}*b`]))).toBe(false);
  expect(long(condition('path-pattern', ['^/(a+)+$'], { regex: true }))).toBe(true);
  // Without a bound on the work it would be years.
  expect(performance.now() - since).toBeLessThan(20_000);
});
