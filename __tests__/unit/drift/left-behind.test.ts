// What an earlier deploy set and the repository has dropped: drift, unless it is somebody else's as well.
import { expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { DriftLayer } from '../../../src/drift/item.ts';
import { asDeployed, differencesOf, isAsApplied } from '../../../src/drift/live-object.ts';

const object: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'shop' },
  data: { mode: 'live' },
};
const member = { 'applyset.kubernetes.io/part-of': 'applyset-1' };
const owned = (manager: string, data: JsonObject): JsonObject => ({
  manager,
  operation: 'Apply',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:data': data,
    'f:metadata': { 'f:labels': { 'f:applyset.kubernetes.io/part-of': {} } },
  },
});
const live = (...managedFields: readonly JsonObject[]): KubernetesObject => ({
  ...object,
  metadata: { name: 'shop', namespace: 'shop', labels: member, managedFields },
  data: { mode: 'live', old: 'x' },
});
const both = { 'f:mode': {}, 'f:old': {} };
const told = (now: KubernetesObject, layer: DriftLayer = 'kubernetes') =>
  differencesOf(
    {
      layer,
      object,
      namespace: 'shop',
      source: { file: 'a.yaml', line: 1 },
      manager: 'eks-gateway-action',
    },
    now,
  );

test('it is told, as ours, and no admission webhook can explain it', () => {
  const [difference, ...rest] = told(live(owned('eks-gateway-action', both)));
  expect(rest).toEqual([]);
  expect(difference).toMatchObject({ path: '.data.old', found: 'x', left: true });
  const expected = { manager: 'eks-gateway-action' } as Parameters<typeof isAsApplied>[1];
  expect(difference && isAsApplied(difference, expected)).toBe(false);
});

test.each<[string, KubernetesObject, DriftLayer]>([
  [
    'another manager owns it too',
    live(owned('eks-gateway-action', both), owned('flux', { 'f:old': {} })),
    'kubernetes',
  ],
  [
    'only another manager owns it',
    live(owned('eks-gateway-action', { 'f:mode': {} }), owned('flux', both)),
    'kubernetes',
  ],
  ['it is of a release', live(owned('eks-gateway-action', both)), 'helm'],
])('nothing is told where %s', (_what, now, layer) => {
  expect(told(now, layer)).toEqual([]);
});

test("the label of the inventory is the deploy's, not somebody's", () => {
  expect(asDeployed(object, live()).metadata['labels']).toEqual(member);
  expect(asDeployed(object, object)).toEqual(object);
});
