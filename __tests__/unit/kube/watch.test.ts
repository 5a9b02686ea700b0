// Watches against a server of the test's own: where they begin, go on and begin anew, what they tell, and how they end.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { kinds } from '../../../src/chain/cluster.ts';
import type { Told } from '../../../src/chain/watches.ts';
import type { Clock } from '../../../src/clock.ts';
import { connect, type Kube } from '../../../src/kube/connection.ts';
import { clusterWatcher } from '../../../src/kube/watch.ts';
import { type ApiServer, type Asked, LiveAnswer, startApiServer, status } from './api-server.ts';

/** Pauses between attempts pass at once. */
const clock: Clock = {
  monotonic: () => performance.now(),
  now: () => new Date(),
  sleep: async (_ms, signal) => {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  },
};

let server: ApiServer;
let kube: Kube;
let over: AbortController;
const heard: string[] = [];
const told: Told = {
  standing: () => heard.push('standing'),
  lost: () => heard.push('lost'),
  changed: (namespace, name) => heard.push(`${namespace}/${name}`),
};

beforeEach(async () => {
  server = await startApiServer();
  kube = connect({
    endpoint: server.endpoint,
    caData: server.caData,
    token: async () => 'token',
    clock,
  });
  over = new AbortController();
  heard.length = 0;
});

afterEach(async () => {
  over.abort();
  await kube.close();
  await server.close();
});

const place = { kind: kinds.gateway, namespace: 'infra' };
const begin = (): Promise<{ readonly denied: string }> =>
  clusterWatcher(kube).watch(place, told, over.signal);
const beginsAt = (version: string) => ({ body: { metadata: { resourceVersion: version }, items: [] } });
const event = (type: string, name: string, version: string) => ({
  type,
  object: { metadata: { namespace: 'infra', name, resourceVersion: version } },
});
const isWatch = ({ query }: Asked): boolean => query.get('watch') === 'true';
const versionsAsked = (): readonly string[] =>
  server.asked.map((asked) => (isWatch(asked) ? (asked.query.get('resourceVersion') ?? '') : 'list'));

/** Waits until the telling has come to this. */
async function until(...wanted: readonly string[]): Promise<void> {
  while (wanted.some((word) => !heard.includes(word))) await new Promise((resolve) => setImmediate(resolve));
}

async function untilAsked(count: number): Promise<void> {
  while (server.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test('one small LIST, a WATCH from there, and each change by its name; bookmarks tell nothing', async () => {
  const live = new LiveAnswer();
  server.answer((asked) => (isWatch(asked) ? live : beginsAt('7')));
  const ended = begin().catch((error: unknown) => error);
  await until('standing');
  live.say(event('BOOKMARK', '', '8'));
  live.say(event('MODIFIED', 'public', '9'));
  live.say(event('DELETED', 'other', '10'));
  await until('infra/other');
  expect(heard).toEqual(['standing', 'infra/public', 'infra/other']);
  const [list, watch] = server.asked;
  expect(list?.query.get('limit')).toBe('1');
  expect(list?.accept).toContain('as=PartialObjectMetadataList');
  expect(watch?.path).toBe('/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways');
  expect(Object.fromEntries(watch?.query ?? [])).toMatchObject({
    resourceVersion: '7',
    allowWatchBookmarks: 'true',
  });
  over.abort(new Error('enough'));
  await live.closed();
  expect(await ended).toEqual(new Error('enough'));
});

test('a cut connection: it is lost, and goes on from the last version that was told, bookmarks included', async () => {
  const lives = [new LiveAnswer(), new LiveAnswer()] as const;
  let watches = 0;
  server.answer((asked) => (isWatch(asked) ? (lives[watches++] ?? 'hang') : beginsAt('7')));
  begin().catch(() => {});
  await until('standing');
  lives[0].say(event('MODIFIED', 'public', '9'));
  lives[0].say(event('BOOKMARK', '', '12'));
  await until('infra/public');
  // The bookmark stands behind the event in one stream: the next event is behind both.
  lives[0].say(event('MODIFIED', 'later', '13'));
  await until('infra/later');
  lives[0].cut();
  await untilAsked(3);
  lives[1].say(event('MODIFIED', 'again', '14'));
  await until('infra/again');
  expect(heard).toEqual(['standing', 'infra/public', 'infra/later', 'lost', 'standing', 'infra/again']);
  expect(versionsAsked()).toEqual(['list', '7', '13']);
});

test.each<[string, () => LiveAnswer | ReturnType<typeof status>]>([
  ['as the answer', () => status(410, 'Expired', 'too old resource version')],
  [
    'as an event',
    () => {
      const live = new LiveAnswer();
      live.say({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
      queueMicrotask(() => live.end());
      setImmediate(() => live.end());
      return live;
    },
  ],
])('410 Gone %s: it lists again and goes on from there', async (_how, gone) => {
  const live = new LiveAnswer();
  let lists = 0;
  server.answer((asked) => {
    if (!isWatch(asked)) return beginsAt(`${++lists}00`);
    return asked.query.get('resourceVersion') === '100' ? gone() : live;
  });
  begin().catch(() => {});
  await untilAsked(4);
  live.say(event('ADDED', 'public', '201'));
  await until('infra/public');
  expect(versionsAsked()).toEqual(['list', '100', 'list', '200']);
  expect(heard.slice(-3)).toEqual(['lost', 'standing', 'infra/public']);
});

test.each([
  ['list', false],
  ['watch', true],
])('a role that may not %s: it ends, with the permission', async (verb, listed) => {
  server.answer((asked) =>
    listed && !isWatch(asked)
      ? beginsAt('7')
      : status(
          403,
          'Forbidden',
          `gateways.gateway.networking.k8s.io is forbidden: User "deployer" cannot ${verb} resource "gateways" in API group "gateway.networking.k8s.io" in the namespace "infra"`,
        ),
  );
  expect(await begin()).toEqual({
    denied: `${verb} gateways.gateway.networking.k8s.io in namespace infra`,
  });
  expect(heard).toEqual([]);
});

test('a server in trouble is asked again, and so is a kind that is not served yet', async () => {
  const answers = [status(503, 'ServiceUnavailable', 'no'), status(404, 'NotFound', 'no'), 'reset' as const];
  const live = new LiveAnswer();
  server.answer((asked) => answers.shift() ?? (isWatch(asked) ? live : beginsAt('7')));
  begin().catch(() => {});
  await until('standing');
  expect(heard).toEqual(['lost', 'lost', 'lost', 'standing']);
});

test('reads go on beside many watches of one connection', async () => {
  server.answer((asked) => (isWatch(asked) ? new LiveAnswer() : beginsAt('7')));
  for (let count = 0; count < 30; count += 1) begin().catch(() => {});
  while (heard.length < 30) await new Promise((resolve) => setImmediate(resolve));
  const reads = Array.from({ length: 64 }, () =>
    kube.send({ method: 'GET', path: '/api/v1/pods' }, over.signal),
  );
  expect((await Promise.all(reads)).every(({ status: code }) => code === 200)).toBe(true);
  expect(server.connections()).toBe(1);
});
