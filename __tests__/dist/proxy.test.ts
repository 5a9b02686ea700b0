// Behind a proxy: everything that talks to AWS, GitHub, the API server and chart repositories goes through it, the proof does not.
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appFiles, ensureInfra, kubectl, layout, run, workspaceOf } from './harness.ts';
import { errorIn, quick } from './reading.ts';

const name = 'proxied';
const files = appFiles(name);
const workspace = workspaceOf({
  ...files,
  'chart/Chart.yaml': `apiVersion: v2
name: ${name}
version: 0.1.0
dependencies:
  - { name: external-dns, version: 1.19.0, repository: 'https://kubernetes-sigs.github.io/external-dns/', condition: dns.enabled }
`,
  'chart/values.yaml': 'dns: { enabled: false }\n',
  'chart/templates/settings.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: b }\n',
});
const inputs = { ...quick, namespace: name, 'create-namespace': 'true', 'helm-timeout': '60s' };

/** What was asked for, as `host:port`. */
const asked = new Set<string>();
const proxy = createServer((_request, response) => {
  response.writeHead(405).end();
});
proxy.on('connect', ({ url = '' }, client, head) => {
  asked.add(url);
  const { hostname, port } = new URL(`http://${url}`);
  const server = connect(Number(port || 80), hostname, () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    server.write(head);
    server.pipe(client).pipe(server);
  });
  for (const [one, other] of [
    [server, client],
    [client, server],
  ] as const)
    one.on('error', () => other.destroy());
});

beforeAll(async () => {
  await ensureInfra();
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
  workspace.remove();
  proxy.closeAllConnections();
  await new Promise((done) => proxy.close(done));
});

const through = (address: string, more: Readonly<Record<string, string>> = {}) =>
  run({
    workspace: workspace.path,
    inputs,
    env: { HTTPS_PROXY: address, HTTP_PROXY: address, NO_PROXY: '', ...more },
  });

test('a deploy with a chart from elsewhere comes alive; what NO_PROXY excepts goes directly', async () => {
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const github = layout.addresses.github.split(':')[0] ?? '';
  const { code, report } = await through(address, { NO_PROXY: github });
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: `${name}.example.com is live.` });
  expect([...asked]).toEqual(
    expect.arrayContaining([
      `${layout.addresses.aws}:${layout.ports.aws}`,
      // As helm asks, and as we do.
      `${layout.cluster.host}:443`,
      `${layout.cluster.host.toLowerCase()}:443`,
      'kubernetes-sigs.github.io:443',
    ]),
  );
  expect([...asked].filter((each) => each.includes(github) || each.includes('example.com'))).toEqual([]);
});

test('a certificate that helm has no authority for is helm’s own complaint, with the repository', async () => {
  const { code, report } = await through('', { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nowhere' });
  expect(code).toBe(1);
  expect(errorIn(report)).toMatchObject({
    code: 'helm/dependency-failed',
    message: expect.stringMatching(/kubernetes-sigs\.github\.io.*certificate/s),
  });
});

test('a proxy that is not there: its address, and nothing was written', async () => {
  const { code, report } = await through('http://127.0.0.1:1');
  expect({ code, objects: report.objects }).toEqual({ code: 1, objects: [] });
  expect(report.verdict).toMatch(/127\.0\.0\.1:1\b/);
});
