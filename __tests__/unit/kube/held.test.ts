// What the cluster holds of many objects: with which requests it is read.
import { describe, expect, test } from '@jest/globals';
import { connect } from '../../../src/kube/connection.ts';
import { type Name, readHeld } from '../../../src/kube/held.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { status } from './api-server.ts';
import { connected } from './connected.ts';

const never = new AbortController().signal;

const api = connected();

const configMaps = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  statusApart: false,
};
const secrets = { ...configMaps, kind: 'Secret', plural: 'secrets' };
const definitions = {
  apiVersion: 'x/v1',
  kind: 'CustomResourceDefinition',
  plural: 'crds',
  namespaced: false,
  statusApart: true,
};
const name = (text: string, namespace = 'n', place = configMaps): Name => ({ place, namespace, name: text });
const item = (text: string, namespace = 'n') => ({ metadata: { name: text, namespace } });
const read = async (names: readonly Name[]) =>
  (await readHeld(api.kube, names, { milliseconds: 100 }, never)).map((held) =>
    'value' in held ? held.value?.metadata.name : held,
  );
const asked = () => api.server.asked.map(({ path, query }) => `${path}${query.size > 0 ? `?${query}` : ''}`);
const path = (rest: string, namespace = 'n') => `/api/v1/namespaces/${namespace}/${rest}`;

test('several of a kind and namespace cost one LIST; what is not in it does not exist', async () => {
  api.server.answer(() => ({ body: { metadata: {}, items: [item('a'), item('theirs')] } }));
  expect(await read([name('a'), name('b')])).toEqual(['a', undefined]);
  expect(asked()).toEqual([path('configmaps?limit=500')]);
});

test('what stands beyond the page is read by name, where that is little', async () => {
  api.server.answer(({ path: at }) =>
    at.endsWith('configmaps')
      ? { body: { metadata: { continue: 'more', remainingItemCount: 600 }, items: [item('a')] } }
      : at.endsWith('/b')
        ? { body: item('b') }
        : status(404, 'NotFound', 'x'),
  );
  expect(await read([name('a'), name('b'), name('c')])).toEqual(['a', 'b', undefined]);
  expect(asked()).toEqual([path('configmaps?limit=500'), path('configmaps/b'), path('configmaps/c')]);
});

describe('of many that stand beyond the page', () => {
  const wanted = Array.from({ length: 50 }, (_, index) => name(`x-${index}`));
  const page = (at: number, remainingItemCount?: number) => ({
    body: {
      metadata: {
        ...(at < 2 && { continue: `after-${at}` }),
        ...(remainingItemCount && { remainingItemCount }),
      },
      items: at === 2 ? wanted.slice(1).map(({ name: text }) => item(text)) : [item(`theirs-${at}`)],
    },
  });

  test('the next pages are listed', async () => {
    api.server.answer(({ query }) => {
      const after = query.get('continue');
      return after === null ? page(0, 900) : page(after === 'after-0' ? 1 : 2, 400);
    });
    expect(await read(wanted)).toEqual([undefined, ...wanted.slice(1).map(({ name: text }) => text)]);
    expect(asked()).toEqual([
      path('configmaps?limit=500'),
      path('configmaps?limit=500&continue=after-0'),
      path('configmaps?limit=500&continue=after-1'),
    ]);
  });

  test('each is read by name where the server does not say how many pages there are, or has forgotten them', async () => {
    for (const first of [page(0), page(0, 900)]) {
      api.server.asked.splice(0);
      api.server.answer(({ path: at, query }) => {
        if (query.get('continue') !== null) return status(410, 'Expired', 'too old');
        return at.endsWith('configmaps') ? first : { body: item(at.split('/').at(-1) ?? '') };
      });
      expect(await read(wanted)).toEqual(wanted.map(({ name: text }) => text));
    }
  });
});

test('a page that is larger than an answer may be is read in pieces', async () => {
  const narrow = connect({
    endpoint: api.server.endpoint,
    caData: api.server.caData,
    token: async () => 't',
    clock: systemClock,
    limits: { answer: 1_000 },
  });
  api.server.answer(({ path: at }) =>
    at.endsWith('configmaps')
      ? { body: { metadata: {}, items: [{ ...item('a'), data: { a: 'x'.repeat(2_000) } }] } }
      : { body: item(at.split('/').at(-1) ?? '') },
  );
  try {
    const held = await readHeld(narrow, [name('a'), name('b')], { milliseconds: 100 }, never);
    expect(held.map((each) => 'value' in each && each.value?.metadata.name)).toEqual(['a', 'b']);
  } finally {
    await narrow.close();
  }
});

test('a LIST that fails for another reason says so of each, once', async () => {
  api.server.answer(() =>
    status(500, 'InternalError', 'conversion webhook for x/v1, Kind=Foo failed: refused'),
  );
  const failed = expect.stringContaining('conversion webhook for x/v1');
  expect(await read([name('a'), name('b')])).toEqual([
    { at: expect.any(Date), failed },
    { at: expect.any(Date), failed },
  ]);
  expect(asked().filter((each) => !each.includes('limit='))).toEqual([]);
});

test('one object, and Secrets, are read by name', async () => {
  api.server.answer(() => status(404, 'NotFound', 'x'));
  await read([name('a'), name('s', 'n', secrets), name('t', 'n', secrets)]);
  expect(asked().toSorted()).toEqual([path('configmaps/a'), path('secrets/s'), path('secrets/t')]);
});

test('many namespaces cost one LIST of the cluster, or one each where that is denied', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'].flatMap((space) => [name('x', space), name('y', space)]);
  api.server.answer(() => ({ body: { metadata: {}, items: [item('x', 'a'), item('y', 'e')] } }));
  expect(await read(names)).toEqual(['x', ...Array(8).fill(undefined), 'y']);
  expect(asked()).toEqual(['/api/v1/configmaps?limit=500']);

  api.server.asked.splice(0);
  api.server.answer(({ path: at }) =>
    at === '/api/v1/configmaps' ? status(403, 'Forbidden', 'no') : { body: { metadata: {}, items: [] } },
  );
  await read(names);
  expect(asked()).toHaveLength(6);
});

test('where LIST is denied, objects are read by name; where that is denied too, the denial is a value', async () => {
  api.server.answer(({ path: at }) =>
    at.endsWith('/a')
      ? { body: item('a') }
      : status(
          403,
          'Forbidden',
          'User "u" cannot get resource "configmaps" in API group "" in the namespace "n"',
        ),
  );
  expect(await read([name('a'), name('b')])).toEqual([
    'a',
    { at: expect.any(Date), denied: 'get configmaps in namespace n' },
  ]);
});

test('definitions are large: of many the page is small', async () => {
  api.server.answer(() => ({ body: { metadata: {}, items: [] } }));
  await read(['a', 'b'].map((text) => ({ place: definitions, namespace: undefined, name: text })));
  expect(asked()).toEqual(['/apis/x/v1/crds?limit=24']);
});
