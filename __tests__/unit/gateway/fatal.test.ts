// What in a route stops the controller for the whole Gateway, as each version takes it.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { fatalIn, fatalsOf } from '../../../src/gateway/fatal.ts';

const route = (rule: JsonObject, kind = 'HTTPRoute'): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }, rule] },
});
const filters = (...types: readonly string[]): JsonObject => ({ filters: types.map((type) => ({ type })) });
const path = (type: string, value: string): JsonObject => ({ matches: [{ path: { type, value } }] });
const redirect = (requestRedirect: JsonObject, ...before: readonly string[]): JsonObject => ({
  filters: [...before.map((type) => ({ type })), { type: 'RequestRedirect', requestRedirect }],
});

describe('what stops the controller', () => {
  test.each<[string, KubernetesObject, readonly string[]]>([
    ['nothing', route({}), []],
    ['a weight', route({ backendRefs: [{ name: 'web', weight: 1000 }] }), ['silent, all']],
    ['the largest weight', route({ backendRefs: [{ name: 'web', weight: 999 }] }), []],
    [
      'a filter for headers',
      route(filters('RequestHeaderModifier')),
      ['Unsupported filter type: RequestHeaderModifier., all'],
    ],
    ['a mirror', route(filters('RequestMirror')), ['Unsupported filter type: RequestMirror., all']],
    ['CORS', route(filters('ExtensionRef', 'CORS')), ['Unsupported filter type: CORS., all']],
    ['a rewrite', route(filters('URLRewrite')), ['Unsupported filter type: URLRewrite., 2.15.0']],
    [
      'a rewrite with headers',
      route(filters('URLRewrite', 'ResponseHeaderModifier')),
      [
        'Unsupported filter type: URLRewrite., 2.15.0',
        'Unsupported filter type: ResponseHeaderModifier., all',
      ],
    ],
    ['an extension', route(filters('ExtensionRef')), []],
    ['a redirect', route(redirect({ scheme: 'https' })), []],
    [
      'headers after a redirect',
      route({
        filters: [
          { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } },
          { type: 'RequestHeaderModifier' },
        ],
      }),
      [],
    ],
    [
      'headers before a redirect',
      route(redirect({ scheme: 'https' }, 'RequestHeaderModifier')),
      ['Unsupported filter type: RequestHeaderModifier., all'],
    ],
    ['a redirect of nothing', route(redirect({ statusCode: 301 })), ['To avoid a redirect loop, 2.17.0']],
    [
      'a redirect to wildcards',
      route(redirect({ path: { type: 'ReplaceFullPath', replaceFullPath: '/a*' } })),
      ["ReplaceFullPath shouldn't contain wildcards: /a*, all"],
    ],
    [
      'a redirect to a prefix with wildcards',
      route(redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/a?' } })),
      ["ReplacePrefixMatch shouldn't contain wildcards: /a?, all"],
    ],
    [
      'a prefix with wildcards',
      route(path('PathPrefix', '/a*')),
      ["prefix path shouldn't contain wildcards: /a*, all"],
    ],
    [
      'an exact path with wildcards',
      route(path('Exact', '/a*')),
      ["exact path shouldn't contain wildcards, 3.2.0"],
    ],
    ['a pattern', route(path('RegularExpression', '/a.*')), []],
    [
      'gRPC: a filter for headers',
      route(filters('RequestHeaderModifier'), 'GRPCRoute'),
      ['Unsupported filter type: RequestHeaderModifier., all'],
    ],
    ['gRPC: an extension', route(filters('ExtensionRef'), 'GRPCRoute'), []],
    ['gRPC: a method', route({ matches: [{ method: { service: 'a.B*' } }] }, 'GRPCRoute'), []],
  ])('%s', (_what, seen, expected) => {
    const fatals = fatalsOf(seen);
    expect(fatals.map(({ says = 'silent', until = 'all' }) => `${says}, ${until}`)).toEqual(expected);
    expect(fatals.every(({ why, hint }) => why !== '' && hint !== '')).toBe(true);
    expect(fatalIn(seen) !== undefined).toBe(expected.some((each) => each.endsWith(', all')));
  });
});
