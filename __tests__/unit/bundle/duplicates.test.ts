// Objects that stand twice: which are the same object, and which of those are a choice that somebody has to make.
import { expect, test } from '@jest/globals';
import { collected, yaml } from './collected.ts';

test.each<[string, string, string, string[]]>([
  [
    'the same object with another content',
    yaml('Service', 'a'),
    yaml('Service', 'a', 'v1', '  labels: { env: prod }\n'),
    ['Service a stands twice in the repository: a.yaml:1 and b.yaml:1.'],
  ],
  [
    'another version of the same kind',
    yaml('HTTPRoute', 'a', 'gateway.networking.k8s.io/v1'),
    yaml('HTTPRoute', 'a', 'gateway.networking.k8s.io/v1beta1'),
    ['HTTPRoute a stands twice in the repository: a.yaml:1 and b.yaml:1.'],
  ],
  ['another group', yaml('Service', 'a'), yaml('Service', 'a', 'serving.knative.dev/v1'), []],
  [
    'another namespace',
    yaml('Service', 'a', 'v1', '  namespace: x\n'),
    yaml('Service', 'a', 'v1', '  namespace: z\n'),
    [],
  ],
  ['another kind', yaml('Service', 'a'), yaml('ConfigMap', 'a'), []],
])('%s', (_what, one, other, expected) => {
  expect(collected({ 'a.yaml': one, 'b.yaml': other }).messages).toEqual(expected);
});

test('word for word the same it is once, whatever the order of its fields', () => {
  const other = 'kind: Namespace\napiVersion: v1\nmetadata:\n  name: shop\n';
  expect(collected({ 'a/ns.yaml': yaml('Namespace', 'shop'), 'b/ns.yaml': other })).toMatchObject({
    manifests: ['shop'],
    ignored: ['b/ns.yaml: Namespace shop is the one of a/ns.yaml:1'],
    findings: [],
  });
});

test('two files that share many are told once', () => {
  const file = (env: string) =>
    ['a', 'b', 'c'].map((name) => yaml('Service', name, 'v1', `  labels: { env: ${env} }\n`)).join('---\n');
  expect(collected({ 'dev/all.yaml': file('dev'), 'prod/all.yaml': file('prod') })).toMatchObject({
    findings: ['bundle/duplicate-object prod/all.yaml:1'],
    messages: [
      'Service a and 2 more of the same file stand twice in the repository: dev/all.yaml:1 and prod/all.yaml:1.',
    ],
  });
});
