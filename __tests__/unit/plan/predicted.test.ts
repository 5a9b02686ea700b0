// What an apply would change, told without trying it.
import { expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { predictedChanges } from '../../../src/plan/predicted.ts';

const live: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    managedFields: [
      {
        manager: 'us',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:paused': {},
            'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:args': {} } },
            'f:rules': {},
          },
        },
      },
    ],
  },
  spec: {
    replicas: 2,
    paused: true,
    revisionHistoryLimit: 10,
    containers: [{ name: 'web', image: 'web:1', args: ['a'], imagePullPolicy: 'IfNotPresent' }],
    rules: [{ path: '/', weight: 1 }],
  },
};
const sent = (spec: KubernetesObject['spec']): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec,
});
const container = { name: 'web', image: 'web:1', args: ['a'] };

test('what others own or defaults filled in stays', () => {
  const same = sent({
    replicas: 2,
    paused: true,
    containers: [container],
    rules: [{ path: '/', weight: 1 }],
  });
  expect(predictedChanges(live, same, 'us')).toEqual([]);
});

test('what is sent with another value changes, what is ours and sent no more goes', () => {
  const less = sent({
    replicas: 3,
    containers: [{ name: 'web', image: 'web:2' }],
    rules: [{ path: '/', weight: 1 }],
  });
  expect(predictedChanges(live, less, 'us')).toEqual([
    { path: '.spec.replicas', from: 2, to: 3 },
    { path: '.spec.paused', from: true },
    { path: '.spec.containers[name="web"].image', from: 'web:1', to: 'web:2' },
    { path: '.spec.containers[name="web"].args', from: ['a'] },
  ]);
});

test('in a list that is owned whole, defaults come from the schema', () => {
  const rules = { 'x-kubernetes-list-type': 'atomic', items: { properties: { weight: { default: 1 } } } };
  const schema = { properties: { spec: { properties: { rules } } } };
  const given = sent({ replicas: 2, paused: true, containers: [container], rules: [{ path: '/' }] });
  expect(predictedChanges(live, given, 'us', schema)).toEqual([]);
  expect(predictedChanges(live, given, 'us')).toEqual([{ path: '.spec.rules[0].weight', from: 1 }]);
});

test("a Secret's stringData is compared as it is kept", () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
  expect(
    predictedChanges({ ...secret, data: { a: 'eA==' } }, { ...secret, stringData: { a: 'x' } }, 'us'),
  ).toEqual([]);
});
