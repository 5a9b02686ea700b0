import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect, type Kube } from '../../../src/kube/connection.ts';
import { type Name, readHeld } from '../../../src/kube/held.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ApiServer, startApiServer, status } from './api-server.ts';

const never = new AbortController().signal;
let server: ApiServer;
let kube: Kube;

beforeEach(async () => {
  server = await startApiServer();
  const { endpoint, caData } = server;
  kube = connect({ endpoint, caData, token: async () => 't', clock: systemClock });
});
afterEach(async () => {
  await kube.close();
  await server.close();
});

const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const definitions = {
  apiVersion: 'x/v1',
  kind: 'CustomResourceDefinition',
  plural: 'crds',
  namespaced: false,
};
const name = (text: string, namespace = 'n', place = configMaps): Name => ({ place, namespace, name: text });
const item = (text: string, namespace = 'n') => ({ metadata: { name: text, namespace } });
const read = async (names: readonly Name[]) =>
  (await readHeld(kube, names, { milliseconds: 100 }, never)).map((held) =>
    'value' in held ? held.value?.metadata.name : held,
  );
const asked = () => server.asked.map(({ path, query }) => `${path}${query.size > 0 ? `?${query}` : ''}`);
const path = (rest: string, namespace = 'n') => `/api/v1/namespaces/${namespace}/${rest}`;

test('several of a kind and namespace cost one LIST; what is not in it does not exist', async () => {
  server.answer(() => ({ body: { metadata: {}, items: [item('a'), item('theirs')] } }));
  expect(await read([name('a'), name('b')])).toEqual(['a', undefined]);
  expect(asked()).toEqual([path('configmaps?limit=500')]);
});

test('what stands beyond the page is read by name', async () => {
  server.answer(({ path: at }) =>
    at.endsWith('configmaps')
      ? { body: { metadata: { continue: 'more' }, items: [item('a')] } }
      : at.endsWith('/b')
        ? { body: item('b') }
        : status(404, 'NotFound', 'x'),
  );
  expect(await read([name('a'), name('b'), name('c')])).toEqual(['a', 'b', undefined]);
  expect(asked()).toEqual([path('configmaps?limit=500'), path('configmaps/b'), path('configmaps/c')]);
});

test('one object, and Secrets, are read by name', async () => {
  server.answer(() => status(404, 'NotFound', 'x'));
  await read([name('a'), name('s', 'n', secrets), name('t', 'n', secrets)]);
  expect(asked().toSorted()).toEqual([path('configmaps/a'), path('secrets/s'), path('secrets/t')]);
});

test('many namespaces cost one LIST of the cluster, or one each where that is denied', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'].flatMap((space) => [name('x', space), name('y', space)]);
  server.answer(() => ({ body: { metadata: {}, items: [item('x', 'a'), item('y', 'e')] } }));
  expect(await read(names)).toEqual(['x', ...Array(8).fill(undefined), 'y']);
  expect(asked()).toEqual(['/api/v1/configmaps?limit=500']);

  server.asked.splice(0);
  server.answer(({ path: at }) =>
    at === '/api/v1/configmaps' ? status(403, 'Forbidden', 'no') : { body: { metadata: {}, items: [] } },
  );
  await read(names);
  expect(asked()).toHaveLength(6);
});

test('where LIST is denied, objects are read by name; where that is denied too, the denial is a value', async () => {
  server.answer(({ path: at }) =>
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
  server.answer(() => ({ body: { metadata: {}, items: [] } }));
  await read(['a', 'b'].map((text) => ({ place: definitions, namespace: undefined, name: text })));
  expect(asked()).toEqual(['/apis/x/v1/crds?limit=24']);
});
