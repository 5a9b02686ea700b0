// Which listeners a route attaches to, and which hosts it publishes.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject, Sourced } from '../../../src/bundle/object.ts';
import { attach } from '../../../src/gateway/attachment.ts';
import { byHost, hostless, hostsOf, isRedirected, type PublishedHost } from '../../../src/gateway/hosts.ts';
import { parentRefsOf } from '../../../src/gateway/shapes.ts';

const gatewayOf = (listeners: readonly JsonObject[], namespace = 'infra'): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace },
  spec: { listeners },
});

const routeOf = (spec: JsonObject, kind = 'HTTPRoute', namespace = 'apps'): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name: 'web', namespace },
  spec: { parentRefs: [{ name: 'public', namespace: 'infra' }], ...spec },
});

const all = { allowedRoutes: { namespaces: { from: 'All' } } };
const https: JsonObject = { name: 'https', port: 443, protocol: 'HTTPS', hostname: '*.example.com', ...all };
const http: JsonObject = { name: 'http', port: 80, protocol: 'HTTP', hostname: '*.example.com', ...all };
const labels = { apps: { team: 'web', 'kubernetes.io/metadata.name': 'apps' } };

const attached = (
  listeners: readonly JsonObject[],
  spec: JsonObject,
  kind = 'HTTPRoute',
  namespace = 'apps',
) => {
  const route = routeOf(spec, kind, namespace);
  const [parent] = parentRefsOf(route);
  if (parent === undefined) throw new Error('the route has no parentRef');
  const result = attach(route, parent, gatewayOf(listeners), (name) => labels[name as 'apps']);
  return 'attachments' in result
    ? result.attachments.map(({ listener, hosts }) => `${listener.name} ${hosts.join(',')}`)
    : `${result.code}: ${result.reason}`;
};

const parent = (rest: JsonObject): JsonObject => ({
  parentRefs: [{ name: 'public', namespace: 'infra', ...rest }],
});

describe('attach', () => {
  test('a Gateway without listeners', () => {
    expect(attached([], {})).toBe(
      'route/no-matching-parent: HTTPRoute apps/web wants a listener of Gateway infra/public, which has none.',
    );
  });

  test.each<[string, JsonObject[], JsonObject, string[]]>([
    [
      'every listener without sectionName',
      [https, http],
      { hostnames: ['a.example.com'] },
      ['https a.example.com', 'http a.example.com'],
    ],
    [
      'by sectionName',
      [https, http],
      { hostnames: ['a.example.com'], ...parent({ sectionName: 'http' }) },
      ['http a.example.com'],
    ],
    [
      'by port',
      [https, http],
      { hostnames: ['a.example.com'], ...parent({ port: 443 }) },
      ['https a.example.com'],
    ],
    [
      'only hostnames in common',
      [https],
      { hostnames: ['a.example.com', 'b.example.org'] },
      ['https a.example.com'],
    ],
    ['without hostnames the listener decides', [https], {}, ['https *.example.com']],
    ['neither has a hostname', [{ ...https, hostname: '' }], {}, ['https ']],
    [
      'only listeners that fit',
      [{ ...https, hostname: 'b.example.com' }, http],
      { hostnames: ['a.example.com'] },
      ['http a.example.com'],
    ],
    [
      'by label',
      [
        {
          ...https,
          allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'web' } } } },
        },
      ],
      { hostnames: ['a.example.com'] },
      ['https a.example.com'],
    ],
    [
      'by the label that Kubernetes gives to every namespace',
      [
        {
          ...https,
          allowedRoutes: {
            namespaces: {
              from: 'Selector',
              selector: { matchLabels: { 'kubernetes.io/metadata.name': 'apps', team: 'web' } },
            },
          },
        },
      ],
      { hostnames: ['a.example.com'] },
      ['https a.example.com'],
    ],
  ])('%s', (_what, listeners, spec, expected) => {
    expect(attached(listeners, spec)).toEqual(expected);
  });

  test.each<[string, JsonObject[], JsonObject, string]>([
    [
      'unknown sectionName',
      [https, http],
      parent({ sectionName: 'nope' }),
      'route/no-matching-parent: HTTPRoute apps/web wants a listener named "nope" of Gateway infra/public, which has "https" (HTTPS 443), "http" (HTTP 80).',
    ],
    [
      'unknown port',
      [https],
      parent({ port: 8443 }),
      'route/no-matching-parent: HTTPRoute apps/web wants a listener on port 8443 of Gateway infra/public, which has "https" (HTTPS 443).',
    ],
    [
      'namespace Same, the default',
      [{ name: 'https', port: 443, protocol: 'HTTPS' }],
      {},
      'route/not-allowed: Gateway infra/public does not admit HTTPRoute apps/web of namespace apps: listener "https" admits routes of its own namespace infra only.',
    ],
    [
      'a label that the namespace lacks',
      [
        {
          ...https,
          allowedRoutes: {
            namespaces: {
              from: 'Selector',
              selector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['web'] }] },
            },
          },
        },
      ],
      {},
      'route/not-allowed: Gateway infra/public does not admit HTTPRoute apps/web of namespace apps: listener "https" admits routes of namespaces with certain labels, which apps lacks.',
    ],
    [
      'kind',
      [{ ...https, allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'GRPCRoute' }] } }],
      {},
      'route/not-allowed: Gateway infra/public does not admit HTTPRoute apps/web of namespace apps: listener "https" admits only GRPCRoute.',
    ],
    [
      'protocol',
      [{ ...https, protocol: 'TLS' }],
      {},
      'route/not-allowed: Gateway infra/public does not admit HTTPRoute apps/web of namespace apps: listener "https" speaks TLS, which suits no HTTPRoute.',
    ],
    [
      'hostname',
      [https, { ...http, hostname: 'x.example.org' }],
      { hostnames: ['a.example.net', 'b.example.net'] },
      'route/hostname-outside-listener: HTTPRoute apps/web asks for "a.example.net", "b.example.net", and Gateway infra/public listens for "*.example.com" (listener "https"), "x.example.org" (listener "http"): they have no name in common.',
    ],
  ])('%s', (_what, listeners, spec, expected) => {
    expect(attached(listeners, spec)).toBe(expected);
  });

  test('gRPC needs TLS, unless the listener asks for it', () => {
    const plain = { ...http, allowedRoutes: { namespaces: { from: 'All' } } };
    const spec = { hostnames: ['a.example.com'] };
    expect(attached([plain, https], spec, 'GRPCRoute')).toEqual(['https a.example.com']);
    expect(attached([plain], spec, 'GRPCRoute')).toBe(
      'route/not-allowed: Gateway infra/public does not admit GRPCRoute apps/web of namespace apps: listener "http" speaks HTTP, and a GRPCRoute needs HTTPS.',
    );
    const asks = { ...plain, allowedRoutes: { ...plain.allowedRoutes, kinds: [{ kind: 'GRPCRoute' }] } };
    expect(attached([asks], spec, 'GRPCRoute')).toEqual(['http a.example.com']);
  });

  test('labels that could not be read are no reason to refuse', () => {
    const listener = {
      ...https,
      allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } },
    };
    expect(attached([listener], { hostnames: ['a.example.com'] }, 'HTTPRoute', 'unknown')).toEqual([
      'https a.example.com',
    ]);
  });

  test('the name of a namespace is known without its labels', () => {
    const listener = (name: string) => ({
      ...https,
      allowedRoutes: {
        namespaces: {
          from: 'Selector',
          selector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [name] }],
          },
        },
      },
    });
    const spec = { hostnames: ['a.example.com'] };
    expect(attached([listener('unknown')], spec, 'HTTPRoute', 'unknown')).toEqual(['https a.example.com']);
    expect(attached([listener('other')], spec, 'HTTPRoute', 'unknown')).toMatch(/^route\/not-allowed/);
  });
});

const sourced = (object: KubernetesObject): Sourced => ({ object, source: { file: 'r.yaml', line: 1 } });

describe('hostsOf', () => {
  const published = (route: KubernetesObject, gateways: KubernetesObject[], namespace?: string) =>
    hostsOf([sourced(route)], gateways, namespace === undefined ? {} : { namespace }).map(
      ({ host, kind, secure, parents }) =>
        `${host} ${kind} ${secure ?? 'unknown'} ${parents.map(({ sectionName = '*' }) => sectionName).join(',')}`,
    );

  test.each<[string, JsonObject, JsonObject[], string[]]>([
    [
      'each hostname',
      { hostnames: ['a.example.com', 'b.example.com'] },
      [https],
      ['a.example.com HTTP true *', 'b.example.com HTTP true *'],
    ],
    [
      'the listener stands in',
      {},
      [https, { ...http, hostname: 'x.example.org' }],
      ['*.example.com HTTP true *', 'x.example.org HTTP false *'],
    ],
    [
      'a redirect route is not secure',
      { hostnames: ['a.example.com'], ...parent({ sectionName: 'http' }) },
      [https, http],
      ['a.example.com HTTP false http'],
    ],
    ['both listeners', { hostnames: ['a.example.com'] }, [http, https], ['a.example.com HTTP true *']],
    [
      'a hostname that fits no listener stays wanted',
      { hostnames: ['a.example.com', 'x.example.org'] },
      [https],
      ['a.example.com HTTP true *', 'x.example.org HTTP unknown *'],
    ],
    [
      'a wildcard narrowed by the listener',
      { hostnames: ['*.example.com'] },
      [{ ...https, hostname: 'a.example.com' }],
      ['a.example.com HTTP true *'],
    ],
    ['nobody names a host', {}, [{ ...https, hostname: '' }], []],
  ])('%s', (_what, spec, listeners, expected) => {
    expect(published(routeOf(spec), [gatewayOf(listeners)])).toEqual(expected);
  });

  test('a Gateway that is not known yet', () => {
    expect(published(routeOf({ hostnames: ['a.example.com'] }), [])).toEqual([
      'a.example.com HTTP unknown *',
    ]);
    expect(published(routeOf({}), [])).toEqual([]);
    expect(hostless([sourced(routeOf({}))], [])).toHaveLength(1);
  });

  test('objects without a namespace stand in that of the run', () => {
    const gateway = {
      ...gatewayOf([{ name: 'https', port: 443, protocol: 'HTTPS' }]),
      metadata: { name: 'public' },
    };
    const route = {
      ...routeOf({ hostnames: ['a.example.com'], parentRefs: [{ name: 'public' }] }),
      metadata: { name: 'web' },
    };
    expect(published(route, [gateway], 'prod')).toEqual(['a.example.com HTTP true *']);
  });

  test('a route of a mesh publishes nothing, and lacks no hostname', () => {
    const service = { group: '', kind: 'Service', name: 'web' };
    const mesh = routeOf({ hostnames: ['web'], parentRefs: [service] });
    expect(published(mesh, [gatewayOf([https])])).toEqual([]);
    expect(hostless([sourced(mesh)], [])).toEqual([]);
    const both = routeOf({
      hostnames: ['a.example.com'],
      parentRefs: [service, { name: 'public', namespace: 'infra' }],
    });
    expect(published(both, [gatewayOf([https])])).toEqual(['a.example.com HTTP true *']);
  });

  test('GRPCRoutes, and wildcards to probe', () => {
    const [host] = hostsOf([sourced(routeOf({}, 'GRPCRoute'))], [gatewayOf([https])]);
    expect(host).toMatchObject({ host: '*.example.com', kind: 'GRPC' });
    expect(host?.probeHost).toMatch(/^probe-\w+\.example\.com$/);
  });
});

describe('a host that is only led from http to https', () => {
  const redirect = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };
  const named = (sectionName: string, ...rules: JsonObject[]): Sourced => {
    const route = routeOf({ hostnames: ['a.example.com'], ...parent({ sectionName }), rules });
    return sourced(route);
  };
  test.each<[string, readonly Sourced[], boolean]>([
    ['a redirect alone', [named('http', redirect)], true],
    ['beside the route that serves it', [named('http', redirect), named('https', {})], false],
    ['and answered besides', [named('http', redirect, {})], false],
    ['at the listener for HTTPS, where it is a loop', [named('https', redirect)], false],
    [
      'to another path',
      [named('http', { filters: [{ type: 'RequestRedirect', requestRedirect: { port: 8080 } }] })],
      false,
    ],
    ['by a route without rules', [named('http')], false],
  ])('%s', (_, routes, expected) => {
    expect(byHost(hostsOf(routes, [gatewayOf([https, http])])).map(isRedirected)).toEqual([expected]);
  });
});

describe('byHost', () => {
  const named = (name: string, sectionName: string, ...hostnames: string[]): Sourced => {
    const route = routeOf({ hostnames, ...parent({ sectionName }) });
    return sourced({ ...route, metadata: { ...route.metadata, name } });
  };
  test.each<[string, readonly Sourced[], readonly string[]]>([
    [
      'the https route speaks, wherever the redirect stands',
      [named('redirect', 'http', 'a.example.com'), named('web', 'https', 'a.example.com')],
      ['a.example.com: web, redirect'],
    ],
    [
      'all routes of a host, the first first',
      [named('one', 'https', 'a.example.com', 'b.example.com'), named('two', 'https', 'a.example.com')],
      ['a.example.com: one, two', 'b.example.com: one'],
    ],
    [
      'a host that only plain HTTP carries is not forgotten',
      [named('plain', 'http', 'a.example.com')],
      ['a.example.com: plain'],
    ],
  ])('%s', (_what, routes, expected) => {
    const grouped = byHost(hostsOf(routes, [gatewayOf([https, http])]));
    const name = ({ route }: PublishedHost): string => route.object.metadata.name;
    expect(
      grouped.map(({ first, others }) => `${first.host}: ${[first, ...others].map(name).join(', ')}`),
    ).toEqual(expected);
  });
});
