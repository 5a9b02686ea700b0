// What is asked of a host, out of its route's matches and annotations.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { probeAnnotations, probeOf } from '../../../src/gateway/probe.ts';

const routeOf = (
  rules: readonly JsonObject[] | undefined,
  annotations: JsonObject = {},
): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', annotations },
  spec: rules === undefined ? {} : { rules },
});

const path = (value: string, type = 'PathPrefix'): JsonObject => ({ path: { type, value } });
const matches = (...of: readonly JsonObject[]): JsonObject => ({ matches: of });
const redirect = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };

describe('the request', () => {
  test.each<[string, JsonObject[] | undefined, string]>([
    ['no rules', undefined, 'GET /'],
    ['a rule without matches', [{}], 'GET /'],
    ['a prefix', [matches(path('/api'))], 'GET /api'],
    ['an exact path', [matches(path('/x', 'Exact'))], 'GET /x'],
    ['the plainest', [matches(path('/api/v1')), matches(path('/api'))], 'GET /api'],
    ['one that GET can make', [matches({ ...path('/'), method: 'POST' }, path('/status'))], 'GET /status'],
    ['HEAD where nothing else', [matches({ ...path('/x'), method: 'HEAD' })], 'HEAD /x'],
    [
      'a regular expression last',
      [matches(path('/v[0-9]+', 'RegularExpression')), matches(path('/deep/er'))],
      'GET /deep/er',
    ],
    [
      'a rule with a backend before a redirect',
      [{ ...matches(path('/')), ...redirect }, matches(path('/app'))],
      'GET /app',
    ],
    [
      'without headers before with',
      [matches({ ...path('/'), headers: [{ name: 'X-A', value: '1' }] }, path('/plain'))],
      'GET /plain',
    ],
    [
      'headers and query',
      [
        matches({
          ...path('/q'),
          headers: [{ name: 'X-Tenant', value: 'a' }],
          queryParams: [{ name: 'a b', value: 'c&d' }],
        }),
      ],
      'GET /q?a%20b=c%26d x-tenant=a',
    ],
  ])('%s', (_what, rules, expected) => {
    const { method, path: asked, headers, unsure } = probeOf(routeOf(rules));
    const said = [method, asked, ...Object.entries(headers).map((pair) => pair.join('='))].join(' ');
    expect(said).toBe(expected);
    expect(unsure).toBeUndefined();
  });

  test.each<[string, JsonObject, string]>([
    ['path', path('/v[0-9]+', 'RegularExpression'), 'its path is the regular expression /v[0-9]+'],
    ['method', { ...path('/'), method: 'POST' }, 'it answers POST only, which is not sent unasked'],
    [
      'header',
      { headers: [{ type: 'RegularExpression', name: 'X', value: 'a+' }] },
      'its header X is a regular expression',
    ],
  ])('unsure about the %s', (_what, match, unsure) => {
    expect(probeOf(routeOf([matches(match)])).unsure).toBe(unsure);
  });
});

describe('annotations', () => {
  test('overrule the matches', () => {
    const probe = probeOf(
      routeOf([matches(path('/v.*', 'RegularExpression'))], {
        [probeAnnotations.path]: '/healthz?full=1',
        [probeAnnotations.header]: 'X-Version: 7',
        [probeAnnotations.status]: '200, 300-308',
      }),
    );
    expect(probe).toEqual({
      method: 'GET',
      path: '/healthz?full=1',
      headers: {},
      because: 'annotation eks-gateway-action/https-path',
      header: { name: 'x-version', value: '7' },
      statuses: [
        { from: 200, to: 200 },
        { from: 300, to: 308 },
      ],
      problems: [],
    });
  });

  test('that cannot be used are named and left out', () => {
    const {
      path: asked,
      statuses,
      header,
      problems,
    } = probeOf(
      routeOf([matches(path('/api'))], {
        [probeAnnotations.path]: 'healthz',
        [probeAnnotations.header]: 'no colon',
        [probeAnnotations.status]: 'ok',
      }),
    );
    expect({ asked, statuses, header }).toEqual({ asked: '/api', statuses: undefined, header: undefined });
    expect(problems).toEqual([
      'The annotation eks-gateway-action/https-path is "healthz"; accepted: a path that begins with `/`.',
      'The annotation eks-gateway-action/https-header is "no colon"; accepted: `Name: value`.',
      'The annotation eks-gateway-action/https-status is "ok"; accepted: statuses and ranges such as `200`, `200-399`.',
    ]);
  });
});
