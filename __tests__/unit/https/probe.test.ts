// TLS and HTTPS against real servers on loopback.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import type { Probe } from '../../../src/chain/https.ts';
import { createProber } from '../../../src/https/probe.ts';
import { ca, closeTls, type Leaf, startTls } from './tls-server.ts';

const host = 'app.example.test';
const probe: Probe = { host, path: '/', method: 'GET', headers: {} };
const { signal } = new AbortController();

/** `timeout` in milliseconds: short for servers that never answer, else a busy machine is no silence. */
const proberAt = (port: number, timeout = 20_000) => createProber({ limit: pLimit(16), port, timeout, ca });

afterEach(closeTls);

describe('certificate', () => {
  const shownBy = async (fallback: Leaf, name = host) => {
    const { port } = await startTls(() => {}, { fallback });
    return proberAt(port).certificate(name, '127.0.0.1', signal);
  };

  test('a good one, asked for by SNI', async () => {
    const server = await startTls(() => {}, { fallback: 'default', bySni: { [host]: 'app' } });
    const shown = await proberAt(server.port).certificate(host, '127.0.0.1', signal);
    expect(shown).toMatchObject({
      names: [host, '*.wild.example.test'],
      issuer: 'EKS Gateway Action test authority',
      subject: host,
      covers: true,
      authorized: true,
      validFrom: new Date('2026-01-01T00:00:00Z'),
    });
    expect(shown).not.toHaveProperty('error');
    expect(server.names).toEqual([host]);
  });

  test('the default one is seen, not merely refused', async () => {
    expect(await shownBy('default')).toMatchObject({
      names: ['default.example.test'],
      covers: false,
      authorized: true,
    });
  });

  test.each([
    ['x.wild.example.test', true],
    ['x.y.wild.example.test', false],
    ['wild.example.test', false],
  ])('a wildcard covers one label: %s is %s', async (name, covers) => {
    expect(await shownBy('app', name)).toMatchObject({ covers });
  });

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['early', 'CERT_NOT_YET_VALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const)('%s is covered but not authorized: %s', async (leaf, error) => {
    expect(await shownBy(leaf)).toMatchObject({ covers: true, authorized: false, error });
  });

  test('without the test authority the good one is not trusted', async () => {
    const { port } = await startTls(() => {});
    const prober = createProber({ limit: pLimit(1), port });
    expect(await prober.certificate(host, '127.0.0.1', signal)).toMatchObject({
      authorized: false,
      error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test('nobody there', async () => {
    const { port } = await startTls(() => {});
    await closeTls();
    expect(await proberAt(port).certificate(host, '127.0.0.1', signal)).toEqual({
      unreachable: 'connection refused',
    });
  });

  test.each([
    ['says nothing', () => {}, 'no TLS connection within 0.2 s'],
    [
      'hangs up',
      (socket: { destroy(): void }) => socket.destroy(),
      /^connection (closed|reset)$|disconnected/,
    ],
    ['speaks something else', (socket: { end(text: string): void }) => socket.end('220 mail\r\n'), /./],
  ])('a server that %s', async (_, onConnection, unreachable) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const silent = typeof unreachable === 'string';
    const shown = await proberAt(port, silent ? 200 : undefined).certificate(host, '127.0.0.1', signal);
    server.close();
    expect('unreachable' in shown ? shown.unreachable : 'reached').toEqual(
      silent ? unreachable : expect.stringMatching(unreachable),
    );
  });

  test('an abort rejects with its reason', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 20);
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    await expect(proberAt(port).certificate(host, '127.0.0.1', controller.signal)).rejects.toBe(reason);
    server.close();
  });
});

describe('answer', () => {
  test('the request is for the host, by name and by header, and says who asks', async () => {
    const requests: unknown[] = [];
    const server = await startTls((request, response) => {
      const { host: named, 'user-agent': agent, 'x-tenant': tenant, connection } = request.headers;
      requests.push([request.method, request.url, named, agent, tenant, connection]);
      response.writeHead(204, { server: 'nginx', 'X-Version': 'abc' }).end();
    });
    const asked = {
      ...probe,
      path: '/api?x=1',
      method: 'HEAD',
      headers: { 'x-tenant': 'a', Host: 'evil.test' },
    };
    const answer = await proberAt(server.port).answer(asked, '127.0.0.1', signal);
    expect(answer).toMatchObject({
      status: 204,
      server: 'nginx',
      headers: { 'x-version': 'abc' },
      bodyStart: '',
    });
    expect(requests).toEqual([['HEAD', '/api?x=1', host, 'eks-gateway-action', 'a', 'close']]);
    expect(server.names).toEqual([host]);
  });

  test('the address decides who is asked', async () => {
    const one = await startTls((_, response) => response.end('one'));
    await startTls((_, response) => response.end('two'), { address: '127.0.0.2', port: one.port });
    const prober = proberAt(one.port);
    expect(await prober.answer(probe, '127.0.0.1', signal)).toMatchObject({ bodyStart: 'one' });
    expect(await prober.answer(probe, '127.0.0.2', signal)).toMatchObject({ bodyStart: 'two' });
    expect(await prober.answer(probe, '127.0.0.3', signal)).toEqual({ unreachable: 'connection refused' });
  });

  test('a redirect is an answer, not followed', async () => {
    const server = await startTls((_, response) => response.writeHead(301, { location: '/' }).end());
    expect(await proberAt(server.port).answer(probe, '127.0.0.1', signal)).toMatchObject({
      status: 301,
      headers: { location: '/' },
    });
    expect(server.connections()).toBe(1);
  });

  test('each look makes a connection of its own', async () => {
    const server = await startTls((_, response) => response.end());
    const prober = proberAt(server.port);
    for (let count = 0; count < 3; count++) await prober.answer(probe, '127.0.0.1', signal);
    expect(server.connections()).toBe(3);
  });

  test('a body without end is cut off, and its start kept', async () => {
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    const server = await startTls((_, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write('é'.repeat(10_000)));
      };
      response.on('drain', write);
      response.on('close', stop);
      write();
    });
    const answer = await proberAt(server.port).answer(probe, '127.0.0.1', signal);
    expect(answer).toMatchObject({ status: 200, bodyStart: 'é'.repeat(500) });
    await stopped;
  });

  const silence = 'no full answer within 0.2 s';
  test.each([
    ['never answers', () => {}, silence],
    [
      'never ends its body',
      (_: unknown, response: { write(text: string): void }) => response.write('a'),
      silence,
    ],
    [
      'sends its body a letter at a time, for ever',
      (_: unknown, response: { write(text: string): void; destroyed: boolean }) => {
        const drip = setInterval(() => {
          if (response.destroyed) clearInterval(drip);
          else response.write('a');
        }, 20);
      },
      silence,
    ],
    [
      'sends its header a letter at a time, for ever',
      (_: unknown, { socket }: { socket: Socket | null }) => {
        socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ');
        const drip = setInterval(() => {
          if (socket === null || socket.destroyed) clearInterval(drip);
          else socket.write('a');
        }, 20);
      },
      silence,
    ],
    [
      'sends a header without end',
      (_: unknown, { socket }: { socket: Socket | null }) => {
        socket?.write(`HTTP/1.1 200 OK\r\nX-Large: ${'a'.repeat(1_000_000)}`);
      },
      'Parse Error: Header overflow',
    ],
    [
      'hangs up in mid-answer',
      (_: unknown, response: { write(text: string): void; destroy(): void }) => {
        response.write('a');
        setTimeout(() => response.destroy(), 20);
      },
      'connection reset',
    ],
  ])('a server that %s', async (_, listener, unreachable) => {
    const { port } = await startTls(listener);
    const timeout = unreachable === silence ? 200 : undefined;
    expect(await proberAt(port, timeout).answer(probe, '127.0.0.1', signal)).toEqual({ unreachable });
  });

  test('a bad certificate does not keep the answer back: the link before judges it', async () => {
    const { port } = await startTls((_, response) => response.end(), { fallback: 'expired' });
    expect(await proberAt(port).answer(probe, '127.0.0.1', signal)).toMatchObject({ status: 200 });
  });

  test('headers of the answer are bounded', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 80 }, (_, count) => [`x-${count}`, 'v'.repeat(1200)]),
    );
    const server = await startTls((_, response) => {
      for (const [name, value] of Object.entries(many).slice(0, 10)) response.setHeader(name, value);
      response.end();
    });
    const answer = await proberAt(server.port).answer(probe, '127.0.0.1', signal);
    expect('headers' in answer && answer.headers['x-0']).toHaveLength(1000);
  });

  test('a path that HTTP cannot carry is a reason, not a crash', async () => {
    const { port } = await startTls((_, response) => response.end());
    expect(await proberAt(port).answer({ ...probe, path: '/a b' }, '127.0.0.1', signal)).toEqual({
      unreachable: expect.stringContaining('the request cannot be sent'),
    });
  });

  test('an abort in mid-answer rejects with its reason', async () => {
    const { port } = await startTls((_, response) => response.write('a'));
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 60);
    await expect(proberAt(port).answer(probe, '127.0.0.1', controller.signal)).rejects.toBe(reason);
  });
});
