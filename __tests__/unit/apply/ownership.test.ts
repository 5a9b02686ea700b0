// Whose an object is, by its managers, labels and annotations; and what taking over does to them.
import { describe, expect, test } from '@jest/globals';
import { dated, explainConflicts, managedFieldsAfter, otherOwner } from '../../../src/apply/ownership.ts';
import type { Json, KubernetesObject } from '../../../src/bundle/object.ts';

const entry = (manager: string, operation: string, fieldsV1: Json, more: object = {}): Json => ({
  manager,
  operation,
  apiVersion: 'v1',
  time: '2026-11-22T10:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});
const object = (metadata: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
});

describe('taking over', () => {
  const scale = entry('kubectl', 'Update', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale' });
  const theirs = entry('them', 'Apply', { 'f:data': { 'f:t': {} } });

  test('unites what the managers own with ours, and leaves everybody else alone', () => {
    const live = object({
      managedFields: [
        entry('kubectl-client-side-apply', 'Update', { 'f:data': { 'f:a': {} }, 'f:x': {} }),
        entry('kubectl', 'Apply', { 'f:data': { 'f:b': {} } }),
        scale,
        theirs,
        entry('eks-gateway-action', 'Apply', { 'f:data': { 'f:c': {} } }),
      ],
    });
    expect(managedFieldsAfter(live, ['kubectl-client-side-apply', 'kubectl'])).toEqual([
      {
        manager: 'eks-gateway-action',
        operation: 'Apply',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} }, 'f:x': {} },
      },
      scale,
      theirs,
    ]);
  });

  test.each<[string, readonly string[], Json[]]>([
    ['nobody is named', [], [theirs]],
    ['those named own nothing', ['kubectl'], [theirs, scale]],
    ['we are named ourselves', ['eks-gateway-action'], [entry('eks-gateway-action', 'Apply', {})]],
  ])('there is nothing to do where %s', (_name, takeOver, managedFields) => {
    expect(managedFieldsAfter(object({ managedFields }), takeOver)).toBeUndefined();
  });
});

test('conflicts tell when their manager last wrote the object itself', () => {
  const live = object({
    managedFields: [
      entry('hpa', 'Update', {}, { subresource: 'status', time: '2026-11-22T12:00:00Z' }),
      entry('hpa', 'Update', {}, { time: '2026-11-22T11:00:00Z' }),
    ],
  });
  const conflicts = dated(
    [
      { path: '.spec.replicas', manager: 'hpa' },
      { path: '.spec.x', manager: 'gone' },
    ],
    live,
  );
  expect(explainConflicts(conflicts)).toEqual({
    message: '.spec.replicas is owned by hpa since 2026-11-22T11:00:00Z; .spec.x is owned by gone.',
    hint: 'Remove the fields here, or let go of them there; to take them over for good, set the input `take-over: hpa,gone`.',
  });
});

test.each<[object, readonly string[], string | undefined]>([
  [{}, [], undefined],
  [{ labels: { 'applyset.kubernetes.io/part-of': 'ours' } }, [], undefined],
  [
    { labels: { 'applyset.kubernetes.io/part-of': 'x' } },
    ['helm'],
    'another inventory (applyset.kubernetes.io/part-of: x)',
  ],
  [{ annotations: { 'meta.helm.sh/release-name': 'r' } }, [], 'the Helm release r'],
  [{ annotations: { 'meta.helm.sh/release-name': 'r' } }, ['helm'], undefined],
  [{ labels: { 'argocd.argoproj.io/instance': 'app' } }, [], 'the Argo CD application app'],
  [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'k' } }, ['helm'], 'the Flux Kustomization k'],
])('%j with %j belongs to %s', (metadata, takeOver, name) => {
  expect(otherOwner(object(metadata), takeOver, 'ours')?.name).toBe(name);
});

const helmSign = { annotations: { 'meta.helm.sh/release-name': 'r' } };
const signedBy = (...managers: string[]): object => ({
  ...helmSign,
  managedFields: managers.map((manager) =>
    entry(manager, 'Update', {
      'f:metadata': { 'f:annotations': { 'f:meta.helm.sh/release-name': {} } },
    }),
  ),
});
test.each<[string, object, readonly string[], string | undefined]>([
  ['nobody knows who wrote it', helmSign, [], 'helm'],
  ['a program that embeds Helm wrote it', signedBy('terraform-provider-helm'), [], 'terraform-provider-helm'],
  [
    'that program may be taken over from',
    signedBy('terraform-provider-helm'),
    ['terraform-provider-helm'],
    undefined,
  ],
  ['Helm may be taken over from', signedBy('terraform-provider-helm'), ['helm'], undefined],
  ['we alone wrote it', signedBy('eks-gateway-action'), [], undefined],
  ['Helm wrote it too', signedBy('eks-gateway-action', 'helm'), [], 'helm'],
])('a sign of Helm where %s: taken over from %j', (_what, metadata, takeOver, manager) => {
  expect(otherOwner(object(metadata), takeOver, 'ours')?.manager).toBe(manager);
});

test.each([
  ['argocd-controller', 'the Argo CD application app'],
  ['helm', undefined],
])('the label of instances counts for Argo CD where Argo CD set it: %s', (manager, name) => {
  const fields = { 'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/instance': {} } } };
  const metadata = {
    labels: { 'app.kubernetes.io/instance': 'app' },
    managedFields: [entry(manager, 'Update', fields)],
  };
  expect(otherOwner(object(metadata), [], 'ours')?.name).toBe(name);
});
