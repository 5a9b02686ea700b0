// Whose a number of replicas is, on the real API server: the scale subresource names its author, but for a zero and what follows it.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../src/bundle/object.ts';
import { fieldsEntries } from '../../src/compare/managed-fields.ts';
import { ownersOf } from '../../src/compare/owner.ts';
import { createAdministrator, kubectl, removeAdministrator } from './engine.ts';

const namespace = 'scaled-test';

beforeAll(() => createAdministrator(namespace));
afterAll(() => removeAdministrator(namespace));

const manifest = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [{ name: 'shop', image: 'busybox:1.37' }] },
    },
  },
});

const applied = (): void => {
  const as = ['apply', '--server-side', '--force-conflicts', '--field-manager=eks-gateway-action'];
  kubectl([...as, '-f', '-'], manifest);
};
beforeEach(applied);

const scaled = (replicas: number): void => {
  kubectl(['scale', 'deployment/shop', '-n', namespace, `--replicas=${replicas}`]);
};

/** As a HorizontalPodAutoscaler's controller writes. */
const autoscaled = (replicas: number): void => {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop/scale?fieldManager=kube-controller-manager`;
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'shop', namespace } };
  kubectl(['replace', '--raw', path, '-f', '-'], JSON.stringify({ ...scale, spec: { replicas } }));
};

const edited = (replicas: number): void => {
  kubectl(['patch', 'deployment', 'shop', '-n', namespace, '-p', JSON.stringify({ spec: { replicas } })]);
};

const live = (): KubernetesObject =>
  JSON.parse(
    kubectl(['get', 'deployment', 'shop', '-n', namespace, '-o', 'json', '--show-managed-fields']),
  ) as KubernetesObject;

/** `manager subresource`, the latest first. */
const owners = (): readonly string[] =>
  ownersOf(live(), '.spec.replicas', false).map(({ manager, subresource = '' }) =>
    `${manager} ${subresource}`.trim(),
  );

test.each<[string, () => void, readonly string[]]>([
  ['applied', () => undefined, ['eks-gateway-action']],
  ['by kubectl scale', () => scaled(3), ['kubectl scale']],
  ['by an autoscaler', () => autoscaled(5), ['kube-controller-manager scale']],
  ['to zero by an edit of the object', () => edited(0), ['kubectl-patch']],
  ['to zero by kubectl scale', () => scaled(0), []],
  ['to zero by an autoscaler', () => autoscaled(0), []],
])('%s', (_how, write, expected) => {
  write();
  expect(owners()).toEqual(expected);
});

test('what is scaled up from a zero has no owner either, until somebody writes the field itself', () => {
  scaled(0);
  scaled(4);
  expect(owners()).toEqual([]);
  // Nor does any entry of the subresource stay that could tell who it was.
  expect(fieldsEntries(live()).filter(({ subresource }) => subresource === 'scale')).toEqual([]);
  edited(3);
  expect(owners()).toEqual(['kubectl-patch']);
});
