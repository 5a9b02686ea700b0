// Reading the cluster for the chain: values, absence, denials, pages, logs.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { kinds } from '../../../src/chain/cluster.ts';
import { clusterReader, type KubeReader } from '../../../src/kube/reader.ts';
import { whoAmI } from '../../../src/kube/whoami.ts';
import { status } from './api-server.ts';
import { connected } from './connected.ts';

const api = connected();
let reader: KubeReader;
const never = new AbortController().signal;

beforeEach(() => {
  reader = clusterReader(api.kube);
});

const pod = (name: string) => ({ metadata: { name, namespace: 'infra', resourceVersion: '1' } });
const notFound = status(404, 'NotFound', 'not there');

describe('get', () => {
  test('gives the object', async () => {
    api.server.answer(() => ({ body: { apiVersion: 'v1', kind: 'Pod', ...pod('a') } }));
    const seen = await reader.get(kinds.pod, 'infra', 'a', never);
    expect(seen).toMatchObject({ value: { kind: 'Pod', metadata: { name: 'a', resourceVersion: '1' } } });
    expect(api.server.asked[0]?.path).toBe('/api/v1/namespaces/infra/pods/a');
  });

  test('a 404 is a value', async () => {
    api.server.answer(() => notFound);
    expect(await reader.get(kinds.gateway, 'infra', 'a', never)).toMatchObject({ value: undefined });
  });

  test('a 403 names the permission, in the words of the server or in ours', async () => {
    const words =
      'is forbidden: User "u" cannot get resource "gateways" in API group "g.io" in the namespace "n"';
    api.server.answer(() => status(403, 'Forbidden', words));
    const seen = await reader.get(kinds.gateway, 'infra', 'a', never);
    expect(seen).toMatchObject({ denied: 'get gateways.g.io in namespace n' });
    api.server.answer(() => status(403, 'Forbidden', 'no'));
    const again = await reader.get(kinds.gateway, 'infra', 'a', never);
    expect(again).toMatchObject({ denied: 'get gateways.gateway.networking.k8s.io in namespace infra' });
  });

  test('a server that is gone says nothing: that is told before the run ends', async () => {
    api.server.answer(() => 'hang');
    const seen = await clusterReader(api.kube, 100).get(kinds.gateway, 'infra', 'a', never);
    expect(seen).toMatchObject({
      failed: `the API server (${api.server.endpoint}) did not answer within 0.1 s`,
    });
  });

  test('401 and a name that leads elsewhere are failures, not exceptions', async () => {
    api.server.answer(() => status(401, 'Unauthorized', 'Unauthorized'));
    const seen = await reader.get(kinds.gateway, 'infra', 'a', never);
    expect(seen).toMatchObject({ failed: expect.stringContaining('401') });
    const before = api.server.asked.length;
    expect(await reader.get(kinds.pod, 'infra', '../../secrets', never)).toHaveProperty('failed');
    expect(api.server.asked).toHaveLength(before);
  });

  test('abort is thrown', async () => {
    api.server.answer(() => 'hang');
    const signal = AbortSignal.timeout(100);
    await expect(reader.get(kinds.pod, 'infra', 'a', signal)).rejects.toHaveProperty('name', 'TimeoutError');
  });
});

describe('list', () => {
  test('reads page after page and fills in what list items lack', async () => {
    api.server.answer(({ query }) =>
      query.get('continue') === 'next'
        ? { body: { metadata: {}, items: [pod('b')] } }
        : { body: { metadata: { continue: 'next' }, items: [pod('a')] } },
    );
    const seen = await reader.list(kinds.pod, 'infra', never);
    if (!('value' in seen)) throw new Error('no value');
    expect(seen.value.map(({ kind, apiVersion, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['v1', 'Pod', 'a'],
      ['v1', 'Pod', 'b'],
    ]);
    expect(api.server.asked.map(({ query }) => query.get('limit'))).toEqual(['500', '500']);
  });

  test('starts over in one piece when the snapshot of the pages is gone', async () => {
    api.server.answer(({ query }) => {
      if (query.has('continue')) return status(410, 'Expired', 'too old');
      return query.has('limit')
        ? { body: { metadata: { continue: 'next' }, items: [pod('a')] } }
        : { body: { items: [pod('a'), pod('b')] } };
    });
    const seen = await reader.list(kinds.pod, undefined, never);
    expect(seen).toMatchObject({ value: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] });
  });

  test('of a kind that is not served is empty', async () => {
    api.server.answer(() => ({ status: 404, body: '404 page not found' }));
    expect(await reader.list(kinds.httpRoute, undefined, never)).toMatchObject({ value: [] });
  });

  test('can be narrowed by the server', async () => {
    api.server.answer(() => ({ body: { items: [] } }));
    await reader.select(kinds.event, 'infra', { fieldSelector: 'involvedObject.name=public' }, never);
    expect(api.server.asked[0]?.query.get('fieldSelector')).toBe('involvedObject.name=public');
  });
});

describe('log', () => {
  test('names the first container where the pod has more than one', async () => {
    api.server.answer(({ path, query }) => {
      if (!path.endsWith('/log')) {
        return { body: { ...pod('a'), spec: { containers: [{ name: 'external-dns' }, { name: 'mesh' }] } } };
      }
      return query.get('container') === 'external-dns'
        ? { body: 'line 1\nline 2\n', headers: { 'content-type': 'text/plain' } }
        : status(400, 'BadRequest', 'a container name must be specified for pod a');
    });
    expect(await reader.log('infra', 'a', 50, never)).toMatchObject({ value: 'line 1\nline 2\n' });
    expect(api.server.asked.at(-1)?.query.get('tailLines')).toBe('50');
  });

  test('of a pod that is gone is a failure, of a pod that may not be read a denial', async () => {
    api.server.answer(() => notFound);
    expect(await reader.log('infra', 'a', 5, never)).toMatchObject({ failed: 'not there' });
    api.server.answer(() => status(403, 'Forbidden', 'no'));
    expect(await reader.log('infra', 'a', 5, never)).toMatchObject({
      denied: 'get pods/log in namespace infra',
    });
  });
});

test('who we are', async () => {
  api.server.answer(() => ({
    status: 201,
    body: { status: { userInfo: { username: 'u', groups: ['g', 1] } } },
  }));
  expect(await whoAmI(api.kube, never)).toEqual({ user: 'u', groups: ['g'] });
  api.server.answer(() => notFound);
  expect(await whoAmI(api.kube, never)).toBeUndefined();
});
