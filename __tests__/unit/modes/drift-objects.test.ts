// Objects of a drift check against an API server: versions that are not served, what is being deleted, what left the repository.
import { describe, expect, test } from '@jest/globals';
import { fieldManager } from '../../../src/apply/applier.ts';
import { contentsOf, inventoryOf, parentOf } from '../../../src/apply/inventory.ts';
import { partOfLabel } from '../../../src/apply/ownership.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ApiResource, Discovery } from '../../../src/kube/discovery.ts';
import { lookAtMembers } from '../../../src/modes/drift/members.ts';
import { expectedOf, lookAtObjects } from '../../../src/modes/drift/objects.ts';
import { status } from '../kube/api-server.ts';
import { connected } from '../kube/connected.ts';

const { signal } = new AbortController();

const api = connected();

const served: readonly ApiResource[] = [
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
    statusApart: true,
  },
  { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, statusApart: true },
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
    { kube: api.kube, discovery },
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
  api.server.answer(() => ({ body: live }));
  const { sightings, unchecked, notes = [] } = await look('policy/v1beta1', 'PodDisruptionBudget');
  expect([sightings, unchecked]).toEqual([[], []]);
  expect(notes).toMatchObject([
    { code: 'drift/version-not-served', severity: 'warning', message: expect.stringContaining('policy/v1') },
  ]);
  expect(api.server.asked.map(({ path }) => path)).toEqual([
    '/apis/policy/v1/namespaces/shop/poddisruptionbudgets/shop',
  ]);
});

test.each([
  ['it is not there in the other version either', 'policy/v1beta1', 'PodDisruptionBudget'],
  ['the kind is of another group', 'policy/v1', 'Thing'],
])('missing: %s', async (_what, apiVersion, kind) => {
  api.server.answer(() => status(404, 'NotFound', 'x'));
  const { sightings } = await look(apiVersion, kind);
  expect(sightings).toMatchObject([{ path: '', found: null }]);
});

test('one that somebody has deleted, and that is held back, is told; nothing else of it matters', async () => {
  const metadata = { ...live.metadata, deletionTimestamp: '2026-11-25T10:00:00Z', finalizers: ['a/b'] };
  api.server.answer(() => ({ body: { ...live, metadata, spec: { minAvailable: 5 } } }));
  const { sightings } = await look('policy/v1', 'PodDisruptionBudget');
  expect(sightings).toMatchObject([{ path: '.metadata.deletionTimestamp', passing: true }]);
  expect(sightings).toHaveLength(1);
});

describe('what left the repository', () => {
  const inventory = inventoryOf('org/shop', '.', 'shop');
  const member = (name: string, manager = fieldManager): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'shop',
      labels: { [partOfLabel]: inventory.id },
      managedFields: [
        { manager, operation: 'Apply', apiVersion: 'v1', time: '2026-11-25T10:00:00Z', fieldsV1: {} },
      ],
    },
  });
  const parent = parentOf(
    inventory,
    contentsOf(inventory, [{ object: member('kept'), namespace: 'shop' }]),
    'run 1',
  );
  const members = async (answers: { readonly parent: object; readonly list: object }) => {
    api.server.answer(({ path }) => (path.endsWith(`/${inventory.name}`) ? answers.parent : answers.list));
    const own = [{ object: member('kept'), source: { file: 'a.yaml', line: 1 } }];
    return lookAtMembers({ kube: api.kube, discovery }, { inventory, own, namespace: 'shop' }, signal);
  };
  const listed = (...items: readonly KubernetesObject[]) => ({
    body: { apiVersion: 'v1', kind: 'ConfigMapList', items },
  });

  test('is told, with when it was deployed; copies that somebody else has made are not', async () => {
    const { sightings, unchecked } = await members({
      parent: { body: parent },
      list: listed(member('kept'), member('old'), member('copy', 'kubectl')),
    });
    expect(unchecked).toEqual([]);
    expect(sightings).toMatchObject([
      {
        ref: 'ConfigMap shop/old',
        path: '',
        wanted: null,
        found: 'an object',
        by: fieldManager,
        since: '2026-11-25T10:00:00.000Z',
        heals: false,
      },
    ]);
    expect(sightings).toHaveLength(1);
  });

  test.each<[string, object, object, string[]]>([
    ['nobody keeps an inventory', status(404, 'NotFound', 'x'), listed(), []],
    [
      'another tool has one of that name',
      { body: { ...parent, metadata: { ...parent.metadata, annotations: {} } } },
      listed(),
      ['is not an inventory of this action'],
    ],
    ['it may not be read', status(403, 'Forbidden', 'x'), listed(), ['the role may not']],
    ['its members may not be listed', { body: parent }, status(403, 'Forbidden', 'x'), ['the role may not']],
  ])('is not told where %s', async (_what, of, list, said) => {
    const { sightings, unchecked } = await members({ parent: of, list });
    expect(sightings).toEqual([]);
    expect(unchecked.map(({ message }) => message)).toEqual(
      said.map((each) => expect.stringContaining(each)),
    );
  });
});
