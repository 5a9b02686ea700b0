// Calls of GitHub's API that fail: tried again where that may pass, and told in the job's terms.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/clock.ts';
import { type GitHub, gitHub } from '../../../src/github/api.ts';

const clock: Clock = { monotonic: () => 0, now: () => new Date(0), sleep: async () => {} };
const { signal } = new AbortController();
const asked: string[] = [];
let status = 200;
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message: 'it is Monday' }));
});
let api: GitHub;

beforeEach(async () => {
  asked.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  api = gitHub({ token: 't', url: `http://127.0.0.1:${port}`, repository: 'org/app', clock });
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const read = () =>
  api.call(
    'read the repository',
    'contents: read',
    ({ rest }, { owner, repo }) => rest.repos.get({ owner, repo }),
    signal,
  );

test('trouble of its own is asked again, and told with its answer', async () => {
  status = 502;
  await expect(read()).rejects.toMatchObject({
    code: 'github/failed',
    message: expect.stringContaining('GitHub did not let the action read the repository: it is Monday'),
    hint: expect.stringContaining('githubstatus.com'),
  });
  expect(asked.length).toBeGreaterThan(1);
});

test('a refusal names the permission, and is not asked again', async () => {
  status = 403;
  await expect(read()).rejects.toMatchObject({
    code: 'github/denied',
    hint: expect.stringContaining('contents: read'),
  });
  expect(asked).toEqual(['/repos/org/app']);
});
