// What real clusters do to workloads that nobody has edited: none of it is drift; and beside it, what looks alike and is.
import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/bundle/object.ts';
import type { Schema } from '../../../src/compare/schema.ts';
import { open, told } from './told.ts';

const quantity: Schema = { type: 'string', format: 'quantity' };
const named: Schema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

const container: Schema = {
  properties: {
    name: {},
    image: {},
    imagePullPolicy: {},
    env: { ...named, items: { properties: { name: {}, value: {} } } },
    ports: {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      items: { properties: { containerPort: {}, protocol: { default: 'TCP' } } },
    },
    resources: { properties: { limits: { additionalProperties: quantity } } },
    livenessProbe: {
      properties: {
        timeoutSeconds: {},
        httpGet: { properties: { port: { 'x-kubernetes-int-or-string': true } } },
      },
    },
  },
};
const workload: Schema = {
  properties: {
    spec: {
      properties: {
        replicas: {},
        template: {
          properties: {
            metadata: open,
            spec: {
              properties: {
                containers: { ...named, items: container },
                initContainers: { ...named, items: container },
                tolerations: { 'x-kubernetes-list-type': 'atomic', items: open },
                automountServiceAccountToken: {},
              },
            },
          },
        },
      },
    },
  },
};

const deployment = ['apps/v1', 'Deployment'] as const;
const pod = (spec: JsonObject, annotations?: JsonObject): JsonObject => ({
  spec: { template: { ...(annotations && { metadata: { annotations } }), spec } },
});
const web = (more: JsonObject): JsonObject => pod({ containers: [{ name: 'web', image: 'web:1', ...more }] });

const restarted = 'kubectl.kubernetes.io/restartedAt';
/** A variable that is named twice, of which the last counts. */
const twins = (last: string) =>
  web({
    env: [
      { name: 'A', value: '1' },
      { name: 'A', value: last },
    ],
  });

test.each<[string, JsonObject, JsonObject]>([
  [
    'quantities as the server writes them',
    web({ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }),
    web({ resources: { limits: { cpu: '500m', memory: '1Gi' } } }),
  ],
  ['a policy that was left empty', web({ imagePullPolicy: '' }), web({ imagePullPolicy: 'IfNotPresent' })],
  [
    'a time-out of zero, which is the default',
    web({ livenessProbe: { timeoutSeconds: 0 } }),
    web({ livenessProbe: { timeoutSeconds: 1 } }),
  ],
  [
    'a port as text and as number',
    web({ livenessProbe: { httpGet: { port: '8080' } } }),
    web({ livenessProbe: { httpGet: { port: 8080 } } }),
  ],
  [
    'a port without its protocol',
    web({ ports: [{ containerPort: 80 }] }),
    web({ ports: [{ containerPort: 80, protocol: 'TCP' }] }),
  ],
  ['an empty value of a variable', web({ env: [{ name: 'A', value: '' }] }), web({ env: [{ name: 'A' }] })],
  [
    'variables that an operator has added',
    web({ env: [{ name: 'A', value: '1' }] }),
    web({
      env: [
        { name: 'X', value: '0' },
        { name: 'A', value: '1' },
      ],
    }),
  ],
  ['a variable that a chart names twice', twins('2'), twins('2')],
  [
    'a variable named twice, of which the last was kept',
    twins('2'),
    web({ env: [{ name: 'A', value: '2' }] }),
  ],
  [
    'a sidecar',
    web({}),
    pod({
      containers: [
        { name: 'proxy', image: 'envoy' },
        { name: 'web', image: 'web:1' },
      ],
      initContainers: [{ name: 'init', image: 'x' }],
    }),
  ],
  [
    'kubectl rollout restart',
    web({}),
    pod({ containers: [{ name: 'web', image: 'web:1' }] }, { [restarted]: '2026-11-25T12:00:00Z' }),
  ],
  [
    'kubectl rollout restart over a moment in the manifest',
    pod({ containers: [] }, { [restarted]: '2026-01-01T00:00:00Z', team: 'shop' }),
    pod({ containers: [] }, { [restarted]: '2026-11-25T12:00:00Z', team: 'shop' }),
  ],
  [
    'empty maps and lists, and a null',
    pod({ containers: [], tolerations: [], nodeSelector: {}, affinity: null }),
    pod({ containers: [] }),
  ],
  ['a field that the API server does not know and has dropped', web({ imagePolicy: 'x' }), web({})],
  [
    'tolerations with defaults',
    pod({ tolerations: [{ key: 'a' }] }),
    pod({ tolerations: [{ key: 'a', operator: 'Exists' }] }),
  ],
])('%s: no drift', (_what, wanted, live) => {
  expect(told(deployment, wanted, live, workload)).toEqual([]);
});

test.each<[string, JsonObject, JsonObject, string]>([
  [
    'another limit',
    web({ resources: { limits: { cpu: '500m' } } }),
    web({ resources: { limits: { cpu: '1' } } }),
    '.spec.template.spec.containers[name="web"].resources.limits.cpu',
  ],
  [
    'the last of two twins',
    twins('2'),
    twins('3'),
    '.spec.template.spec.containers[name="web"].env[name="A"].value',
  ],
  [
    'twins that are gone, once',
    twins('2'),
    web({ env: [] }),
    '.spec.template.spec.containers[name="web"].env[name="A"]',
  ],
  [
    'a policy that somebody has chosen',
    web({ imagePullPolicy: 'Always' }),
    web({ imagePullPolicy: 'Never' }),
    '.spec.template.spec.containers[name="web"].imagePullPolicy',
  ],
  [
    'a truth value',
    pod({ automountServiceAccountToken: false }),
    pod({ automountServiceAccountToken: true }),
    '.spec.template.spec.automountServiceAccountToken',
  ],
  [
    'one toleration more',
    pod({ tolerations: [{ key: 'a' }] }),
    pod({ tolerations: [{ key: 'a' }, { key: 'b' }] }),
    '.spec.template.spec.tolerations[1]',
  ],
  [
    'another annotation of the pods',
    pod({}, { team: 'shop' }),
    pod({}, { team: 'other' }),
    '.spec.template.metadata.annotations.team',
  ],
])('%s: drift', (_what, wanted, live, path) => {
  expect(told(deployment, wanted, live, workload)).toEqual([path]);
});
