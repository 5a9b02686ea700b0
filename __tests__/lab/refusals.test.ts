// What the API server refuses, and what the user hears of it: every remedy that is named is one.
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Sourced } from '../../src/bundle/object.ts';
import { serverSideApplier } from '../../src/kube/apply.ts';
import { discover } from '../../src/kube/discovery.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  manifests,
  never,
  removeAdministrator,
  results,
} from './engine.ts';

const namespace = 'refusals-test';
const crdName = 'bulks.refusals.example.test';
const options = { namespace, patience: 5_000 };
let kube: Counted;

beforeAll(() => {
  createAdministrator(namespace);
  kubectl(['delete', 'crd', crdName, '--ignore-not-found']);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  kubectl(['delete', 'crd', crdName, '--ignore-not-found', '--wait=false']);
  kubectl([
    'delete',
    'validatingadmissionpolicy,validatingadmissionpolicybinding',
    namespace,
    '--ignore-not-found',
  ]);
  removeAdministrator(namespace);
});

/** One object is refused: what is said, and what may be done about it. What will not pass is not waited for. */
const refusal = async (objects: readonly Sourced[], by: Counted = kube) => {
  const began = performance.now();
  const done = await applyAll(by, objects, options);
  expect(performance.now() - began).toBeLessThan(options.patience);
  const bad = done.objects.filter(({ findings }) => findings.length > 0);
  expect(bad).toHaveLength(1);
  const [first] = bad;
  const { message = '' } = first?.reported ?? {};
  const { hint = '', code = '' } = first?.findings[0] ?? {};
  return { message, hint, code };
};

const meta = (name: string): string => `metadata: { name: ${name}, namespace: ${namespace} }\n`;
const pod = (label: string): string =>
  `    metadata: { labels: { app: ${label} } }\n    spec: { containers: [{ name: a, image: 'a:1' }] }\n`;
const workload = (kind: string, name: string, label: string, more = ''): string =>
  `apiVersion: apps/v1\nkind: ${kind}\n${meta(name)}spec:\n${more}  selector: { matchLabels: { app: ${label} } }\n  template:\n${pod(label)}`;
const service = (more: string): string =>
  `apiVersion: v1\nkind: Service\n${meta('s')}spec: { ${more}ports: [{ port: 80 }] }\n`;
/** Of the range that Services have here, and nobody's. */
const address = kubectl([
  'get',
  'service',
  'kubernetes',
  '-n',
  'default',
  '-o',
  'jsonpath={.spec.clusterIP}',
]).replace(/\d+$/, '177');
const binding = (role: string): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n${meta('b')}roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${role} }\nsubjects: [{ kind: ServiceAccount, name: admin, namespace: ${namespace} }]\n`;
const configMap = (name: string, value = 'b'): string =>
  `apiVersion: v1\nkind: ConfigMap\n${meta(name)}data: { a: '${value}' }\n`;

describe('a field that cannot change comes with the command that makes way', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'a Deployment’s selector',
      workload('Deployment', 'd', 'a'),
      workload('Deployment', 'd', 'b'),
      /spec\.selector/,
    ],
    [
      'a StatefulSet’s service',
      workload('StatefulSet', 't', 'a', '  serviceName: a\n'),
      workload('StatefulSet', 't', 'a', '  serviceName: b\n'),
      /spec: Forbidden: updates to statefulset spec/,
    ],
    [
      'a Service’s address',
      service(''),
      service(`clusterIP: ${address},`),
      /spec\.clusterIPs?\[0\].*may not change once set/,
    ],
    ['a binding’s role', binding('one'), binding('other'), /roleRef/],
    [
      'a ConfigMap that says so',
      `${configMap('fixed')}immutable: true\n`,
      `${configMap('fixed', 'c')}immutable: true\n`,
      /immutable/,
    ],
  ])('%s', async (_what, before, after, says) => {
    const [ref] = results(await applyAll(kube, manifests(before), options));
    expect(ref).toMatch(/ created$/);
    const { message, hint } = await refusal(manifests(after));
    expect(message).toMatch(says);
    const [, command = ''] = /`(kubectl delete [^`]+)`/.exec(hint) ?? [];
    kubectl(command.split(' ').slice(1));
    expect(results(await applyAll(kube, manifests(after), options))).toEqual([ref]);
  });
});

test('a quota that is used up is named; one that the same run raises is waited for', async () => {
  const quota = (most: number): string =>
    `apiVersion: v1\nkind: ResourceQuota\n${meta('small')}spec: { hard: { count/secrets: ${most} } }\n`;
  const secret = `apiVersion: v1\nkind: Secret\n${meta('counted')}stringData: { a: b }\n`;
  // No controller counts in the lab.
  const count = (most: number): void =>
    void kubectl([
      'patch',
      'resourcequota',
      'small',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { hard: { 'count/secrets': `${most}` }, used: { 'count/secrets': '1' } } }),
    ]);
  await applyAll(kube, manifests(quota(1)), options);
  count(1);
  const { message, hint, code } = await refusal(manifests(secret));
  expect(message).toMatch(
    /^The ResourceQuota small of namespace refusals-test does not allow it: requested: count\/secrets=1, used/,
  );
  expect(hint).toMatch(/have it raised/);
  expect(code).toBe('apply/rejected');

  const waits: string[] = [];
  const onWait = (why: string): void => {
    if (waits.push(why) === 1) count(5);
  };
  const both = await applyAll(kube, manifests(`${secret}---\n${quota(5)}`), { ...options, onWait });
  expect(results(both)).toEqual([
    `Secret ${namespace}/counted created`,
    `ResourceQuota ${namespace}/small configured`,
  ]);
  expect(waits[0]).toBe(`the ResourceQuota ${namespace}/small has not been counted anew yet`);
  kubectl(['delete', 'resourcequota', 'small', '-n', namespace]);
});

test('an admission policy is named, with its words', async () => {
  kubectl(
    ['apply', '-f', '-'],
    `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${namespace} }
spec:
  failurePolicy: Fail
  matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }] }
  validations: [{ expression: "object.metadata.name != 'banned'", message: 'no such name here' }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${namespace} }
spec:
  policyName: ${namespace}
  validationActions: [Deny]
  matchResources: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${namespace} } } }
`,
  );
  // A policy counts some moments after it was written.
  let refused = '';
  while (!refused.includes('policy')) {
    kubectl(['delete', 'configmap', 'banned', '-n', namespace, '--ignore-not-found']);
    const { objects } = await applyAll(kube, manifests(configMap('banned')), options);
    refused = objects[0]?.reported.message ?? '';
  }
  expect(refused).toBe(`The cluster's admission policy ${namespace} refused it: no such name here`);
});

test('who grants more than he holds hears what he lacks', async () => {
  kubectl(['create', 'serviceaccount', 'small', '-n', namespace]);
  kubectl([
    'create',
    'role',
    'small',
    '-n',
    namespace,
    '--verb=get,create,patch',
    '--resource=roles,rolebindings',
  ]);
  kubectl([
    'create',
    'rolebinding',
    'small',
    '-n',
    namespace,
    '--role=small',
    `--serviceaccount=${namespace}:small`,
  ]);
  kubectl(['create', 'role', 'large', '-n', namespace, '--verb=delete', '--resource=secrets']);
  const small = connectAs(namespace, 'small');
  try {
    const role = `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n${meta('mine')}rules: [{ apiGroups: [''], resources: [secrets], verbs: [delete] }]\n`;
    for (const [yaml, permission] of [
      [role, `escalate roles.rbac.authorization.k8s.io in namespace ${namespace}`],
      [binding('large').replace('name: b', 'name: mine'), 'bind the role that it refers to'],
    ] as const) {
      const { message, hint, code } = await refusal(manifests(yaml), small);
      expect(message).toMatch(
        /^It grants more than system:serviceaccount:refusals-test:small holds: .*"secrets".*"delete"/,
      );
      expect(hint).toContain(`let it ${permission}.`);
      expect(code).toBe('cluster/forbidden');
    }
  } finally {
    await small.close();
  }
});

/** A kind is served some moments after its definition was written. */
const isServed = (kind: string): boolean => {
  try {
    return kubectl(['get', kind, '-n', namespace, '-o', 'name']) === '';
  } catch {
    return false;
  }
};

describe('an object that is too large', () => {
  test.each<[string, number, RegExp]>([
    ['for etcd', 1_700_000, /^It is too large for the API server: etcdserver: request is too large/],
    ['for a request', 3_300_000, /^It is too large for the API server: /],
  ])('%s is refused at once', async (_what, size, says) => {
    if (size < 2_000_000) {
      kubectl(
        ['apply', '-f', '-'],
        `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: ${crdName} }\nspec:\n  group: refusals.example.test\n  names: { kind: Bulk, plural: bulks }\n  scope: Namespaced\n  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }]\n`,
      );
      while (!isServed(crdName)) await setTimeout(100);
    }
    const object = manifests(`apiVersion: refusals.example.test/v1\nkind: Bulk\n${meta('bulk')}`)[0]?.object;
    const { message, hint } = await refusal([
      { object: { ...object, text: 'x'.repeat(size) } as never, source: { file: 'a.yaml', line: 1 } },
    ]);
    expect(message).toMatch(says);
    expect(hint).toMatch(/1\.5 MiB an object/);
  });

  test('a ConfigMap is, by its own rule', async () => {
    const { message } = await refusal(manifests(configMap('bulk', 'x'.repeat(1_100_000))));
    expect(message).toMatch(/Too long/);
  });
});

test('a write whose dry run has passed does without Strict, and an unknown field fails it all the same', async () => {
  const name = 'knowns.refusals.example.test';
  const crd = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: ${name} }\nspec:\n  group: refusals.example.test\n  names: { kind: Known, plural: knowns }\n  scope: Namespaced\n  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { a: { type: string } } } } } } }]\n`;
  const known = `apiVersion: refusals.example.test/v1\nkind: Known\n${meta('k')}spec: { a: b }\n`;
  try {
    const created = await applyAll(kube, manifests(`${crd}---\n${known}`), options);
    expect(results(created)).toEqual([
      `CustomResourceDefinition ${name} created`,
      `Known ${namespace}/k created`,
    ]);
    const applier = serverSideApplier(kube, await discover(kube, never), { namespace });
    const unknown = [
      known.replace('a: b', 'a: b, nothing: 1'),
      `${known}nothing: 1\n`,
      known.replace('metadata: { ', 'metadata: { nothing: 1, '),
      workload('Deployment', 'unknown', 'a').replace('image:', 'imagee:'),
      `apiVersion: v1\nkind: ConfigMap\n${meta('unknown')}nothing: 1\n`,
    ];
    for (const { object } of manifests(unknown.join('---\n'))) {
      const answer = await applier.write(object, { proven: true }, never);
      const message = 'refusal' in answer ? answer.refusal.message : 'written';
      expect(message).toMatch(/(nothing|imagee): field not declared in schema/);
    }
  } finally {
    kubectl(['delete', 'crd', name, '--ignore-not-found', '--wait=false']);
  }
}, 60_000);

test('a namespace that is being deleted is named', async () => {
  const leaving = `${namespace}-leaving`;
  kubectl(['create', 'namespace', leaving]);
  kubectl(['create', 'configmap', 'held', '-n', leaving]);
  kubectl([
    'patch',
    'configmap',
    'held',
    '-n',
    leaving,
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":["example.com/hold"]}}',
  ]);
  kubectl(['delete', 'namespace', leaving, '--wait=false']);
  const { message } = await refusal(manifests(configMap('late').replaceAll(namespace, leaving)));
  expect(message).toBe(`The namespace ${leaving} is being deleted.`);
  kubectl([
    'patch',
    'configmap',
    'held',
    '-n',
    leaving,
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  ]);
});

test('a webhook that converts and does not answer is named, and waited for when something is written', async () => {
  const name = 'turns.refusals.example.test';
  const version = (text: string, storage: boolean): string =>
    `{ name: ${text}, served: true, storage: ${storage}, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }`;
  const crd = (conversion: string): string =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: ${name} }\nspec:\n  group: refusals.example.test\n  names: { kind: Turn, plural: turns }\n  scope: Namespaced\n${conversion}  versions: [${version('v1', false)}, ${version('v2', true)}]\n`;
  const turn = (text: string, value: string): string =>
    `apiVersion: refusals.example.test/${text}\nkind: Turn\n${meta('t')}spec: { a: ${value} }\n`;
  try {
    const created = await applyAll(kube, manifests(`${crd('')}---\n${turn('v2', 'b')}`), options);
    expect(results(created)).toEqual([
      `CustomResourceDefinition ${name} created`,
      `Turn ${namespace}/t created`,
    ]);
    const hook =
      '  conversion: { strategy: Webhook, webhook: { conversionReviewVersions: [v1], clientConfig: { service: { name: nobody, namespace: nowhere } } } }\n';
    await applyAll(kube, manifests(crd(hook)), options);
    const look = (): string => {
      try {
        return kubectl(['get', 'turns.v1.refusals.example.test', '-n', namespace]);
      } catch (error) {
        return String(error);
      }
    };
    while (!look().includes('conversion webhook')) await setTimeout(200);
    const waits = new Set<string>();
    const { objects } = await applyAll(kube, manifests(turn('v1', 'c')), {
      ...options,
      patience: 2_000,
      onWait: (why) => void waits.add(why),
    });
    expect(objects[0]?.reported).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('conversion webhook for refusals.example.test/v2, Kind=Turn failed'),
    });
    expect(objects[0]?.findings[0]?.hint).toMatch(/the controller that converts them does not answer/);
    expect([...waits]).toEqual(['the webhook that converts Turn does not answer yet']);
  } finally {
    kubectl(['patch', 'crd', name, '--type=merge', '-p', '{"spec":{"conversion":null}}']);
    kubectl(['delete', 'crd', name, '--wait=false']);
  }
});
