// The connection to the API server: its token, its clock, one HTTP/2 connection, endpoints that cannot be reached.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConnectOptions, connect, type Kube } from '../../../src/kube/connection.ts';
import { sendPatiently } from '../../../src/kube/retry.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { Problem } from '../../../src/verdict/problem.ts';
import { type ApiServer, startApiServer, status } from './api-server.ts';

const get = { method: 'GET', path: '/version' } as const;
const open: { close(): unknown }[] = [];
let server: ApiServer;
const never = new AbortController().signal;

const kubeTo = (options: Partial<ConnectOptions> = {}): Kube => {
  const kube = connect({
    endpoint: server.endpoint,
    caData: server.caData,
    token: async () => 'token-1',
    clock: systemClock,
    ...options,
  });
  open.push(kube);
  return kube;
};

const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error('expected a Problem', { cause: error });
  return error;
};

beforeEach(async () => {
  server = await startApiServer();
  open.push(server);
});
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

test('its clock is the API server’s, by the Date headers of the answers', async () => {
  const ahead = { ...systemClock, now: () => new Date(Date.now() + 600_000) };
  const kube = kubeTo({ clock: ahead });
  server.answer(() => ({ body: {} }));
  expect(kube.clock.now().getTime()).toBeGreaterThan(Date.now() + 500_000);
  await kube.send(get, never);
  expect(Math.abs(kube.clock.now().getTime() - Date.now())).toBeLessThan(2_000);
});

describe('the token', () => {
  test('goes with each request; warnings and body come back', async () => {
    server.answer(() => ({
      body: { gitVersion: 'v1.36.3' },
      headers: { warning: '299 - "gateway.k8s.aws/v1beta1 is deprecated; use \\"v1\\"", 299 - "two"' },
    }));
    const answer = await kubeTo().send({ ...get, query: { limit: 5, none: undefined } }, never);
    expect(answer).toMatchObject({
      status: 200,
      body: { gitVersion: 'v1.36.3' },
      warnings: ['gateway.k8s.aws/v1beta1 is deprecated; use "v1"', 'two'],
    });
    expect(server.asked[0]?.authorization).toBe('Bearer token-1');
    expect(String(server.asked[0]?.query)).toBe('limit=5');
  });

  test('is asked for afresh once on 401, for all requests that met it', async () => {
    server.answer(({ authorization }) =>
      authorization === 'Bearer new' ? { body: {} } : status(401, 'Unauthorized', 'Unauthorized'),
    );
    let fresh = 0;
    const kube = kubeTo({
      token: async (options) => {
        if (options?.fresh !== true) return 'old';
        fresh += 1;
        await systemClock.sleep(50, never);
        return 'new';
      },
    });
    const answers = await Promise.all([1, 2, 3].map(() => kube.send(get, never)));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(fresh).toBe(1);
  });

  test('refused twice is a missing access entry that names the principal', async () => {
    server.answer(() => status(401, 'Unauthorized', 'Unauthorized'));
    const problem = await problemOf(kubeTo({ principal: 'arn:aws:iam::1:role/deploy' }).send(get, never));
    expect(problem.code).toBe('cluster/no-access-entry');
    expect(problem.message).toContain('arn:aws:iam::1:role/deploy');
    expect(server.asked).toHaveLength(2);
  });
});

describe('one connection', () => {
  test('carries PATCHes side by side', async () => {
    const together = Promise.withResolvers<void>();
    server.answer(async ({ method }) => {
      if (method !== 'PATCH') return { body: {} };
      if (server.busiest() > 10) together.resolve();
      await together.promise;
      return { body: {} };
    });
    const kube = kubeTo();
    await kube.send(get, never);
    const patch = { method: 'PATCH', path: '/x', body: {} } as const;
    await Promise.all(Array.from({ length: 20 }, () => kube.send(patch, never)));
    expect(server.connections()).toBe(1);
  });

  test('goes through the proxy, unless NO_PROXY names the host', async () => {
    const tunnels: string[] = [];
    const proxy: Server = createServer();
    proxy.on('connect', (request, client) => {
      tunnels.push(request.url ?? '');
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      const upstream = connectTcp(server.port, '127.0.0.1');
      upstream.pipe(client).pipe(upstream);
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    open.push(proxy);
    const https = `http://user:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    server.answer(() => ({ body: {} }));
    await kubeTo({ proxy: { https } }).send(get, never);
    expect(tunnels).toEqual([`localhost:${server.port}`]);
    await kubeTo({ proxy: { https, no: 'localhost' } }).send(get, never);
    expect(tunnels).toHaveLength(1);
    proxy.closeAllConnections();
  });

  test('a proxy that refuses is named, without its credentials', async () => {
    const proxy: Server = createServer();
    proxy.on('connect', (_request, client) =>
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    );
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    open.push(proxy);
    const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const problem = await problemOf(
      kubeTo({ proxy: { https: `http://u:secret@${address}` } }).send(get, never),
    );
    expect(problem.code).toBe('cluster/endpoint-unreachable');
    expect(problem.message).toContain(address);
    expect(problem.message).toContain('407');
    expect(`${problem.message}${problem.hint}`).not.toContain('secret');
  });
});

describe('an endpoint that cannot be reached', () => {
  const closedPort = async (): Promise<number> => {
    const tcp = createTcpServer();
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    await new Promise<void>((resolve) => tcp.close(() => resolve()));
    return port;
  };

  test('refuses', async () => {
    const endpoint = `https://127.0.0.1:${await closedPort()}`;
    const problem = await problemOf(kubeTo({ endpoint }).send(get, never));
    expect(problem.code).toBe('cluster/endpoint-unreachable');
    expect(problem.message).toContain('refused the connection');
  });

  test('has a name that does not resolve', async () => {
    const problem = await problemOf(kubeTo({ endpoint: 'https://no-such.invalid' }).send(get, never));
    expect(problem.code).toBe('cluster/endpoint-unreachable');
    expect(problem.message).toContain('does not resolve');
  });

  test('accepts TCP and never speaks TLS', async () => {
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    open.push(mute);
    const endpoint = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const kube = kubeTo({ endpoint, limits: { connect: 300, request: 3_000 } });
    const problem = await problemOf(kube.send(get, never));
    expect(problem.code).toBe('cluster/endpoint-unreachable');
    expect(problem.message).toMatch(/in time/);
    await kube.close();
  });

  test("shows a certificate that the cluster's authority did not sign", async () => {
    const other = await startApiServer('other-name');
    open.push(other);
    const problem = await problemOf(kubeTo({ endpoint: other.endpoint }).send(get, never));
    expect(problem.message).toContain("not signed by the cluster's certificate authority");
  });

  test('shows a certificate for another name', async () => {
    const other = await startApiServer('other-name');
    open.push(other);
    const problem = await problemOf(
      kubeTo({ endpoint: other.endpoint, caData: other.caData }).send(get, never),
    );
    expect(problem.message).toContain('is not for localhost');
  });

  test('takes the request and does not answer', async () => {
    server.answer(() => 'hang');
    const problem = await problemOf(kubeTo({ limits: { request: 300 } }).send(get, never));
    expect(problem.message).toContain('did not answer in time');
  });

  test('answers with more than can be taken', async () => {
    server.answer(() => ({ body: 'x'.repeat(5_000) }));
    const problem = await problemOf(kubeTo({ limits: { answer: 1_000 } }).send(get, never));
    expect(problem.code).toBe('look/failed');
  });
});

describe('abort', () => {
  test('ends a request with the reason of the signal, before and while it runs', async () => {
    const stop = new AbortController();
    server.answer(() => {
      stop.abort(new Error('cancelled'));
      return 'hang';
    });
    const kube = kubeTo();
    const running = kube.send(get, stop.signal);
    await expect(running).rejects.toThrow('cancelled');
    await expect(kube.send(get, stop.signal)).rejects.toThrow('cancelled');
    expect(server.asked).toHaveLength(1);
  });

  test('ends a request that still waits for its connection', async () => {
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    open.push(mute);
    const stop = new AbortController();
    const endpoint = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const kube = kubeTo({ endpoint });
    const waiting = kube.send(get, stop.signal);
    setTimeout(() => stop.abort(new Error('cancelled')), 100);
    await expect(waiting).rejects.toThrow('cancelled');
    await kube.close();
  });
});

describe('sending again', () => {
  const patience = { milliseconds: 5_000, random: () => 0 };
  const sequence = (...answers: readonly (ReturnType<typeof status> | 'reset')[]): void => {
    let index = 0;
    server.answer(() => answers[index++] ?? { body: { done: true } });
  };

  test.each([
    ['429', [status(429, 'TooManyRequests', 'slow down')], 'slow down (429)'],
    ['503', [status(503, 'ServiceUnavailable', 'apiserver is shutting down')], '503'],
    ['a reset connection', ['reset' as const], 'was cut'],
    [
      'a webhook that does not answer',
      [
        status(
          500,
          'InternalError',
          'Internal error occurred: failed calling webhook "m.elbv2.k8s.aws": refused',
        ),
      ],
      'm.elbv2.k8s.aws',
    ],
    [
      'an optimistic lock',
      [status(409, 'Conflict', 'the object has been modified')],
      'changed by someone else',
    ],
  ])('helps with %s', async (_name, answers, why) => {
    sequence(...answers);
    const waits: string[] = [];
    const answer = await sendPatiently(
      kubeTo(),
      get,
      { ...patience, onWait: (text) => waits.push(text) },
      never,
    );
    expect(answer.body).toEqual({ done: true });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toContain(why);
  });

  test.each([
    ['403', status(403, 'Forbidden', 'no')],
    ['404', status(404, 'NotFound', 'no')],
    ['422', status(422, 'Invalid', 'no')],
    ['501', status(501, '', 'no')],
    [
      'a field owned by another',
      status(409, 'Conflict', 'x', {
        causes: [{ reason: 'FieldManagerConflict', message: 'm', field: '.a' }],
      }),
    ],
    [
      'an unknown field (500 on 1.36.3)',
      status(
        500,
        '',
        'failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .x: field not declared',
      ),
    ],
  ])('is not done for %s', async (_name, answer) => {
    server.answer(() => answer);
    const given = await sendPatiently(kubeTo(), get, patience, never);
    expect(given.status).toBe(answer.status);
    expect(server.asked).toHaveLength(1);
  });

  test('waits as long as Retry-After says', async () => {
    sequence({ ...status(429, 'TooManyRequests', 'slow'), headers: { 'retry-after': '1' } });
    const started = performance.now();
    await sendPatiently(kubeTo(), get, patience, never);
    expect(performance.now() - started).toBeGreaterThanOrEqual(950);
  });

  test('ends at the deadline with the last answer', async () => {
    server.answer(() => status(503, 'ServiceUnavailable', 'down'));
    const answer = await sendPatiently(kubeTo(), get, { ...patience, milliseconds: 700 }, never);
    expect(answer.status).toBe(503);
    expect(server.asked.length).toBeGreaterThan(1);
  });

  test('is not done for an endpoint that never answered', async () => {
    const waits: string[] = [];
    const kube = kubeTo({ endpoint: 'https://127.0.0.1:1' });
    await problemOf(sendPatiently(kube, get, { ...patience, onWait: (text) => waits.push(text) }, never));
    expect(waits).toEqual([]);
  });
});
