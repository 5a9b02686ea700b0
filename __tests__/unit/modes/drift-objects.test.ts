// Objects of a drift check against an API server: what is written in a version that the cluster has dropped is not missing.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { connect, type Kube } from '../../../src/kube/connection.ts';
import type { ApiResource, Discovery } from '../../../src/kube/discovery.ts';
import { expectedOf, lookAtObjects } from '../../../src/modes/drift/objects.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ApiServer, startApiServer, status } from '../kube/api-server.ts';

const { signal } = new AbortController();
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

const served: readonly ApiResource[] = [
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
    statusApart: true,
  },
  { apiVersion: 'other/v1', kind: 'Thing', plural: 'things', namespaced: true, statusApart: true },
];
const discovery: Discovery = {
  find: async (apiVersion, kind) =>
    served.find((each) => each.apiVersion === apiVersion && each.kind === kind),
  served: async () => served,
  refresh: async () => undefined,
  apiVersions: async () => [],
};
const look = (apiVersion: string, kind: string) => {
  const object: KubernetesObject = {
    apiVersion,
    kind,
    metadata: { name: 'shop', namespace: 'shop' },
    spec: { minAvailable: 1 },
  };
  const source = { file: 'pdb.yaml', line: 1 };
  const rest = { layer: 'helm' as const, namespace: 'shop', manager: 'helm' };
  return lookAtObjects(
    { signal, environment: { workspace: '/nowhere' } },
    { kube, discovery },
    {
      exact: false,
      expected: [expectedOf({ object, source }, rest)],
    },
  );
};
const live = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'shop', namespace: 'shop' },
};

test('it is said, and is no drift', async () => {
  server.answer(() => ({ body: live }));
  const { sightings, unchecked, notes = [] } = await look('policy/v1beta1', 'PodDisruptionBudget');
  expect([sightings, unchecked]).toEqual([[], []]);
  expect(notes).toMatchObject([
    { code: 'drift/version-not-served', severity: 'warning', message: expect.stringContaining('policy/v1') },
  ]);
  expect(server.asked.map(({ path }) => path)).toEqual([
    '/apis/policy/v1/namespaces/shop/poddisruptionbudgets/shop',
  ]);
});

test.each([
  ['it is not there in the other version either', 'policy/v1beta1', 'PodDisruptionBudget'],
  ['the kind is of another group', 'policy/v1', 'Thing'],
])('missing: %s', async (_what, apiVersion, kind) => {
  server.answer(() => status(404, 'NotFound', 'x'));
  const { sightings } = await look(apiVersion, kind);
  expect(sightings).toMatchObject([{ path: '', found: null }]);
});
