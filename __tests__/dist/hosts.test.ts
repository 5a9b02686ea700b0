// Which hosts a repository publishes, and what is asked of each: one run with every way to name a host.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importCertificate } from '../../lab/certificate.ts';
import type { ReportedHost } from '../../src/report/report.ts';
import { app, edgeGateway, edgeRoute } from './edge.ts';
import { ensureInfra, type Finished, kubectl, run, workspaceOf } from './harness.ts';

const namespace = 'hosts';
const annotation = (what: string): string => `eks-gateway-action/https-${what}`;
const many = Array.from({ length: 30 }, (_, index) => `many-${index + 1}.example.com`);

const routes = (): readonly string[] => [
  edgeRoute(namespace, { name: 'api', hostnames: ['paths.example.com'], path: '/api' }),
  edgeRoute(namespace, {
    name: 'annotated',
    hostnames: ['annotated.example.com'],
    backend: 'locked',
    annotations: {
      [annotation('path')]: '/healthz?full=1',
      [annotation('header')]: 'Content-Type: application/json',
      [annotation('status')]: '401',
    },
  }),
  edgeRoute(namespace, {
    name: 'expression',
    hostnames: ['expression.example.com'],
    path: '/v[0-9]+/.*',
    pathType: 'RegularExpression',
    annotations: { [annotation('path')]: '/v2/health' },
  }),
  edgeRoute(namespace, { name: 'wild', hostnames: ['*.wild.example.com'] }),
  edgeRoute(namespace, { name: 'unnamed', listener: 'named' }),
  edgeRoute(namespace, { name: 'shared-one', hostnames: ['shared.example.com'], path: '/one' }),
  edgeRoute(namespace, { name: 'shared-two', hostnames: ['shared.example.com'], path: '/two' }),
  edgeRoute(namespace, {
    name: 'redirect',
    hostnames: ['secure.example.com'],
    listener: 'http',
    redirect: true,
  }),
  edgeRoute(namespace, { name: 'secure', hostnames: ['secure.example.com'] }),
  // Of a platform whose apps have their routes elsewhere.
  edgeRoute(namespace, {
    name: 'sent-on',
    hostnames: ['sent-on.example.com'],
    listener: 'http',
    redirect: true,
  }),
  edgeRoute(namespace, { name: 'grpc', hostnames: ['grpc.example.com'], kind: 'GRPCRoute' }),
  // A route has at most 16 hostnames.
  edgeRoute(namespace, { name: 'many-a', hostnames: many.slice(0, 15) }),
  edgeRoute(namespace, { name: 'many-b', hostnames: many.slice(15) }),
];

let finished: Finished;
const host = (name: string): ReportedHost | undefined =>
  finished.report.hosts.find((each) => each.host === name);
const link = (name: string, id: string) => host(name)?.links.find((each) => each.id === id);
/** What was asked for over HTTPS, at the first address. */
const asked = (name: string): string | undefined => link(name, 'https')?.evidence[0]?.from;

beforeAll(async () => {
  await ensureInfra();
  const certificates = [importCertificate(['*.wild.example.com'])];
  const workspace = workspaceOf({
    'gateway.yaml': edgeGateway(namespace, { certificates, named: 'unnamed.example.com' }),
    'app.yaml': [app(namespace, 'web'), app(namespace, 'locked', { 'lab/answers': '401' })].join('---\n'),
    'routes.yaml': routes().join('---\n'),
  });
  try {
    finished = await run({ workspace: workspace.path, inputs: { 'wait-timeout': '90s' } });
  } finally {
    workspace.remove();
  }
});

afterAll(() => {
  kubectl('delete', 'namespace', namespace, '--wait=false');
});

describe('hosts of one run', () => {
  test('are all live, each once', () => {
    const { code, report, outputs } = finished;
    expect(report.hosts.filter(({ live }) => !live).map(({ host: name }) => name)).toEqual([]);
    expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'live' });
    const named = [
      'paths.example.com',
      'annotated.example.com',
      'expression.example.com',
      '*.wild.example.com',
      'unnamed.example.com',
      'shared.example.com',
      'secure.example.com',
      'grpc.example.com',
      ...many,
    ];
    expect(report.hosts.map(({ host: name }) => name).toSorted()).toEqual(named.toSorted());
    expect(JSON.parse(outputs['hostnames'] ?? '')).toHaveLength(named.length);
    expect(report.verdict).toBe('All 38 hostnames are live.');
    expect(report.findings.map(({ code, ref }) => `${code} ${ref}`)).toEqual([
      'route/redirect-only HTTPRoute hosts/sent-on',
    ]);
  });

  test('a route that serves only /api is asked for /api', () => {
    expect(asked('paths.example.com')).toMatch(/^GET https:\/\/paths\.example\.com\/api at /);
  });

  test('annotations overrule path, header and status', () => {
    expect(asked('annotated.example.com')).toMatch(
      /^GET https:\/\/annotated\.example\.com\/healthz\?full=1 at /,
    );
    expect(link('annotated.example.com', 'https')?.message).toContain('answers 401 at all 2 addresses');
  });

  test('a route of a regular expression is asked for what the annotation names', () => {
    expect(asked('expression.example.com')).toMatch(/\/v2\/health at /);
  });

  test('a wildcard is asked for by a generated label', () => {
    expect(asked('*.wild.example.com')).toMatch(/^GET https:\/\/probe-[0-9a-z]+\.wild\.example\.com\/ at /);
    expect(host('*.wild.example.com')?.url).toMatch(/^https:\/\/probe-[0-9a-z]+\.wild\.example\.com\/$/);
    expect(link('*.wild.example.com', 'certificate')?.evidence[0]?.saw).toContain('*.wild.example.com');
    expect(link('*.wild.example.com', 'record')?.message).toContain('*.wild.example.com');
  });

  test("a route without hostnames has its listener's", () => {
    expect(host('unnamed.example.com')?.ref).toBe('HTTPRoute hosts/unnamed');
  });

  test('of two routes of a host both must be admitted', () => {
    expect(asked('shared.example.com')).toMatch(/\/one at /);
    const seen = link('shared.example.com', 'route')?.evidence.map(({ from }) => from.split(' status')[0]);
    expect(new Set(seen)).toEqual(new Set(['HTTPRoute hosts/shared-one', 'HTTPRoute hosts/shared-two']));
  });

  test('beside its redirect from http, the https route speaks for a host', () => {
    expect(host('secure.example.com')?.ref).toBe('HTTPRoute hosts/secure');
    const head = execFileSync('curl', ['-sSI', 'http://secure.example.com/a?b=c'], { encoding: 'utf8' });
    expect(head).toMatch(/^HTTP\/1\.1 301 [\s\S]*location: https:\/\/secure\.example\.com:443\/a\?b=c/i);
  });

  test('a GRPCRoute is followed to its certificate', () => {
    expect(host('grpc.example.com')).toMatchObject({ live: true, ref: 'GRPCRoute hosts/grpc' });
    expect(link('grpc.example.com', 'certificate')).toMatchObject({ state: 'ok' });
    expect(link('grpc.example.com', 'https')).toMatchObject({
      state: 'skipped',
      code: 'https/grpc-not-probed',
    });
  });
});
