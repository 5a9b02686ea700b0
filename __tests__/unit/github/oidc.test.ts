// OIDC tokens: how they are asked for, what is tried again, and what is said where the job has no permission.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/clock.ts';
import { type IdTokenRequest, idToken } from '../../../src/github/oidc.ts';
import { Problem } from '../../../src/verdict/problem.ts';

const requestToken = 'runner-request-token';
const issued = { status: 200, body: { value: 'issued-token', count: 1 } };

type Answer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | 'hang'
  | 'cut';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** GitHub's token service: answers in order, the last one again and again. */
async function issuer(...answers: readonly Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    if (answer === 'cut') request.socket.destroy();
    else if (answer !== undefined && answer !== 'hang')
      response
        .writeHead(answer.status, answer.headers)
        .end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  const url = `${await listening(server)}/token?api-version=2.0`;
  const masked: string[] = [];
  const sleeps: number[] = [];
  const clock: Clock = {
    monotonic: () => 0,
    now: () => new Date(0),
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      sleeps.push(ms);
    },
  };
  const settings: IdTokenRequest = {
    url,
    token: requestToken,
    mask: (secret) => masked.push(secret),
    clock,
    random: () => 0.5,
    timeout: 300,
  };
  return { settings, requests, masked, sleeps };
}

const signal = new AbortController().signal;
const outcome = (settings: IdTokenRequest): Promise<unknown> =>
  idToken(settings, 'sts.amazonaws.com', signal).catch((error: unknown) => error);

describe('a token', () => {
  test("is asked for with the audience and the runner's token, and masked", async () => {
    const { settings, requests, masked } = await issuer(issued);
    await expect(idToken(settings, 'https://a b&c', signal)).resolves.toBe('issued-token');
    expect(masked).toEqual(['issued-token']);
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${requestToken}`);
    const query = new URL(requests[0]?.url ?? '', 'http://x').searchParams;
    expect([query.get('api-version'), query.get('audience')]).toEqual(['2.0', 'https://a b&c']);
  });

  test('goes through a proxy, but not where NO_PROXY says so', async () => {
    const { settings } = await issuer(issued);
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(JSON.stringify({ value: 'by-proxy' }));
    });
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 403 no\r\n\r\n');
    });
    const http = await listening(proxy);
    await outcome({ ...settings, proxy: { http } });
    expect(asked.length).toBeGreaterThan(0);
    asked.length = 0;
    await expect(outcome({ ...settings, proxy: { http, none: '127.0.0.1' } })).resolves.toBe('issued-token');
    expect(asked).toEqual([]);
  });
});

describe('what is tried again', () => {
  const refuse = (status: number, headers = {}): Answer => ({ status, headers, body: { message: 'no' } });

  test.each<[string, readonly Answer[], number]>([
    ['429', [refuse(429), issued], 2],
    ['500', [refuse(500), refuse(503), issued], 3],
    ['a broken connection', ['cut', issued], 2],
    ['silence', ['hang', issued], 2],
  ])('%s', async (_name, answers, count) => {
    const { settings, requests } = await issuer(...answers);
    await expect(outcome(settings)).resolves.toBe('issued-token');
    expect(requests).toHaveLength(count);
  });

  test.each<[string, Answer, number, RegExp]>([
    ['503 for ever', refuse(503), 4, /after 4 attempts \(HTTP 503: no\)/],
    ['400', refuse(400), 1, /\(HTTP 400: no\)/],
    ['401', refuse(401), 1, /HTTP 401/],
    ['403', refuse(403), 1, /HTTP 403/],
    ['a page instead of a token', { status: 200, body: '<html>log in' }, 1, /no token in the answer/],
    ['an empty token', { status: 200, body: { value: '' } }, 1, /no token in the answer/],
  ])('and then told: %s', async (_name, answer, count, message) => {
    const { settings, requests } = await issuer(answer);
    const problem = await outcome(settings);
    expect(problem).toMatchObject({ code: 'auth/oidc-failed', message: expect.stringMatching(message) });
    expect(requests).toHaveLength(count);
  });

  test('the pause doubles, has jitter, and is no shorter than Retry-After', async () => {
    const { settings, sleeps } = await issuer(
      refuse(503),
      refuse(503, { 'retry-after': '7' }),
      refuse(503),
      issued,
    );
    await outcome(settings);
    expect(sleeps).toEqual([500, 7_000, 2_000]);
  });

  test("the runner's token is not repeated, even if the server does", async () => {
    const { settings } = await issuer({ status: 401, body: { message: `bad token ${requestToken}` } });
    const problem = await outcome(settings);
    if (!(problem instanceof Problem)) throw new Error('not a Problem');
    expect(`${problem.message}${problem.hint}`).not.toContain(requestToken);
  });
});

test.each([
  ['no URL', { url: undefined }],
  ['no token', { token: undefined }],
])('a job without the permission (%s) is told the YAML to add, and nothing is sent', async (_name, lacks) => {
  const { settings, requests } = await issuer(issued);
  expect(await outcome({ ...settings, ...lacks })).toMatchObject({
    code: 'auth/no-id-token',
    hint: expect.stringContaining('permissions:\n  id-token: write'),
  });
  expect(requests).toHaveLength(0);
});

test('a URL that is none', async () => {
  const { settings } = await issuer(issued);
  expect(await outcome({ ...settings, url: 'not a url' })).toMatchObject({ code: 'auth/oidc-failed' });
});

test('an abort ends a request that hangs', async () => {
  const { settings } = await issuer('hang');
  const abort = new AbortController();
  const pending = idToken({ ...settings, timeout: 60_000 }, 'x', abort.signal);
  setTimeout(() => abort.abort(new Error('cancelled')), 50);
  await expect(pending).rejects.toThrow('cancelled');
});
