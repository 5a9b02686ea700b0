// In which stage, and at which place in it, an object of each kind is applied.
import { describe, expect, test } from '@jest/globals';
import { ranked, stageOf, stages } from '../../../src/apply/stages.ts';
import type { Sourced } from '../../../src/bundle/object.ts';

const of = (kind: string, name = kind.toLowerCase()): Sourced => ({
  object: { apiVersion: 'v1', kind, metadata: { name } },
  source: { file: `${name}.yaml`, line: 1 },
});
const kindsOf = (groups: readonly (readonly Sourced[])[]): string[][] =>
  groups.map((group) => group.map(({ object }) => object.kind));

describe('the stage of a kind', () => {
  test.each([
    ['CustomResourceDefinition', 'crds'],
    ['ValidatingAdmissionPolicy', 'crds'],
    ['ValidatingAdmissionPolicyBinding', 'crds'],
    ['Namespace', 'namespaces'],
    ['GatewayClass', 'classes'],
    ['IngressClass', 'classes'],
    ['IngressClassParams', 'classes'],
    ['LoadBalancerConfiguration', 'classes'],
    ['TargetGroupConfiguration', 'classes'],
    ['Class', 'rest'],
    ['Deployment', 'rest'],
    ['Gateway', 'rest'],
    ['HTTPRoute', 'routes'],
    ['GRPCRoute', 'routes'],
  ])('%s: %s', (kind, stage) => {
    expect(stageOf({ kind })).toBe(stage);
  });
});

test('every object is in one stage, in the order given', () => {
  const objects = ['HTTPRoute', 'Service', 'Namespace', 'Gateway', 'GatewayClass'].map((kind) => of(kind));
  const sorted = stages(objects);
  expect(Object.values(sorted).flat()).toHaveLength(objects.length);
  expect(kindsOf([sorted.rest])).toEqual([['Service', 'Gateway']]);
});

test('within a stage, what a pod needs comes before it and unknown kinds come last', () => {
  const kinds = ['Gateway', 'Deployment', 'Service', 'RoleBinding', 'ConfigMap', 'Role', 'ServiceAccount'];
  expect(kindsOf(ranked(kinds.map((kind) => of(kind))))).toEqual([
    ['ConfigMap', 'ServiceAccount'],
    ['Role'],
    ['RoleBinding'],
    ['Service'],
    ['Deployment'],
    ['Gateway'],
  ]);
});

test('a policy that guards CRDs comes after them', () => {
  const kinds = ['ValidatingAdmissionPolicyBinding', 'ValidatingAdmissionPolicy', 'CustomResourceDefinition'];
  expect(kindsOf(ranked(kinds.map((kind) => of(kind)))).flat()).toEqual(kinds.toReversed());
});
