// Discovery: which kinds the API server serves, asked in its aggregated form and in the older one.
import { expect, test } from '@jest/globals';
import { type Discovery, discover, serverVersion } from '../../../src/kube/discovery.ts';
import { status } from './api-server.ts';
import { connected } from './connected.ts';
import { group, resource, serve } from './served.ts';

const api = connected({ principal: 'arn:role' });
const never = new AbortController().signal;

const found = async (discovery: Discovery) => discovery.find('apps/v1', 'Deployment', never);
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
  statusApart: true,
};

test('understands a server without the aggregated form, and one whose extension is down', async () => {
  api.server.answer(({ path }) => {
    if (path === '/api') return { body: { kind: 'APIVersions', versions: ['v1'] } };
    if (path === '/apis') {
      const versions = ['apps/v1', 'metrics.k8s.io/v1beta1'].map((groupVersion) => ({ groupVersion }));
      return { body: { kind: 'APIGroupList', groups: [{ versions }] } };
    }
    if (path !== '/apis/apps/v1') return { status: 404 };
    const resources = [
      { name: 'deployments', kind: 'Deployment', namespaced: true },
      { name: 'deployments/status', kind: 'Deployment', namespaced: true },
    ];
    return { body: { groupVersion: 'apps/v1', resources } };
  });
  const discovery = await discover(api.kube, never);
  expect(await found(discovery)).toEqual(deployment);
  expect(await discovery.apiVersions(never)).toEqual(['apps/v1', 'apps/v1/Deployment']);
});

test('looks again, once, for a kind that it does not know', async () => {
  let known = false;
  serve(
    api.server,
    () => ({ status: 404 }),
    () => (known ? [group('apps', 'v1', resource('deployments', 'Deployment', 'Namespaced'))] : []),
  );
  const discovery = await discover(api.kube, never);
  expect(await found(discovery)).toBeUndefined();
  known = true;
  expect(await found(discovery)).toEqual(deployment);
  const before = api.server.asked.length;
  await found(discovery);
  expect(api.server.asked).toHaveLength(before);
});

test('that is denied names the permission', async () => {
  api.server.answer(() => status(403, 'Forbidden', 'forbidden: User "u" cannot get path "/apis"'));
  await expect(discover(api.kube, never)).rejects.toMatchObject({
    code: 'cluster/forbidden',
    hint: expect.stringContaining('get /apis'),
  });
});

test("gives the server's version", async () => {
  api.server.answer(() => ({ body: { gitVersion: 'v1.36.3-eks-1' } }));
  expect(await serverVersion(api.kube, never)).toBe('v1.36.3-eks-1');
});
