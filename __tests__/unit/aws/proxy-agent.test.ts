// Real proxies, real TLS: a request goes through the tunnel, or past it where NO_PROXY says so.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
} from 'node:http';
import { createServer as createTlsServer, request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import type { ProxyValues } from '../../../src/aws/proxy.ts';
import { proxyAgents } from '../../../src/aws/proxy-agent.ts';
import { Problem } from '../../../src/verdict/problem.ts';
import { closed } from './aws-server.ts';

const fixture = (name: string): Buffer => readFileSync(join('__tests__/fixtures/tls', name));
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

/** A server that repeats what it was asked; `app.example.test` is its name. */
async function targets(): Promise<{ https: number; http: number }> {
  const echo = (message: IncomingMessage, response: { end(body: string): void }): void =>
    response.end(JSON.stringify(message.headers));
  const secure = createTlsServer({ key: fixture('app.key.pem'), cert: fixture('app.cert.pem') }, echo);
  const plain = createServer(echo);
  for (const server of [secure, plain]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => closed(server as ReturnType<typeof createServer>));
  }
  return { https: portOf(secure), http: portOf(plain) };
}

interface Proxy {
  readonly address: string;
  /** One for each tunnel that was asked for. */
  readonly asked: { readonly to: string; readonly headers: IncomingHttpHeaders }[];
}

async function tunnellingProxy(): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const server = createServer();
  server.on('connect', (message, socket) => {
    asked.push({ to: message.url ?? '', headers: message.headers });
    const onwards = connect(Number(message.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onwards).pipe(socket);
    });
    for (const end of [socket, onwards]) end.on('error', () => undefined);
    cleanups.push(() => void [socket, onwards].map((end) => end.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => closed(server));
  return { address: `127.0.0.1:${portOf(server)}`, asked };
}

type Agents = ReturnType<typeof proxyAgents>;

async function get({ httpAgent, httpsAgent }: Agents, url: string): Promise<IncomingHttpHeaders> {
  const { protocol, port, hostname: servername } = new URL(url);
  const to = { host: '127.0.0.1', port };
  const sent =
    protocol === 'https:'
      ? request({ ...to, agent: httpsAgent, ca: fixture('ca.cert.pem'), servername })
      : plainRequest({ ...to, agent: httpAgent });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return JSON.parse(await text(answer)) as IncomingHttpHeaders;
}

const agentsOf = (values: ProxyValues): Agents => {
  const agents = proxyAgents(values);
  cleanups.push(() => {
    for (const agent of Object.values(agents)) agent.destroy();
  });
  return agents;
};

test('TLS goes through the tunnel, and the tunnel is used again', async () => {
  const [proxy, { https }] = [await tunnellingProxy(), await targets()];
  const agents = agentsOf({ https: `http://user:p%40ss@${proxy.address}` });
  const seen = await get(agents, `https://app.example.test:${https}/`);
  await get(agents, `https://app.example.test:${https}/`);
  expect(proxy.asked.map(({ to }) => to)).toEqual([`127.0.0.1:${https}`]);
  expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(
    `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
  );
  expect(seen).not.toHaveProperty('proxy-authorization');
});

test('the certificate is checked at the far end of the tunnel', async () => {
  const [proxy, { https }] = [await tunnellingProxy(), await targets()];
  const agents = agentsOf({ https: proxy.address });
  await expect(get(agents, `https://other.example.net:${https}/`)).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('the same agents go through the proxy, and past it where NO_PROXY says so', async () => {
  const [proxy, first, second] = [await tunnellingProxy(), await targets(), await targets()];
  const both = { https: proxy.address, http: proxy.address };
  const agents = agentsOf({ ...both, none: `127.0.0.1:${second.https}, 127.0.0.1:${second.http}` });
  for (const { https, http } of [first, second]) {
    await get(agents, `https://app.example.test:${https}/`);
    await get(agents, `http://app.example.test:${http}/`);
  }
  expect(proxy.asked.map(({ to }) => to)).toEqual([`127.0.0.1:${first.https}`, `127.0.0.1:${first.http}`]);
});

test.each(['socks5://user:secret@127.0.0.1:1080', 'nonsense://', 'http://:0:0'])(
  'the proxy %s is refused without repeating its password',
  async (https) => {
    const refused = await get(agentsOf({ https }), 'https://app.example.test:443/').catch((error) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({ code: 'input/invalid', message: expect.not.stringContaining('secret') });
  },
);

test('what the proxy answers instead is said, and the request is not sent to it', async () => {
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (message, socket) => {
    asked.push(message.url ?? '');
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => closed(server));
  const agents = agentsOf({ https: `http://127.0.0.1:${portOf(server)}` });
  await expect(get(agents, 'https://app.example.test:9/')).rejects.toThrow(
    `the proxy 127.0.0.1:${portOf(server)} answered 407 Proxy Authentication Required to CONNECT 127.0.0.1:9`,
  );
  expect(asked).toEqual(['127.0.0.1:9']);
});
