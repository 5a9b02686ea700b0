// Kinds that nobody serves: said once for all objects of one, in the stage that meets them, and before the first write.
import { describe, expect, test } from '@jest/globals';
import type { Look } from '../../../src/apply/applier.ts';
import {
  endsOfUnserved,
  isCustom,
  mayDefine,
  unservedAmong,
  unservedFinding,
  unservedRefusal,
} from '../../../src/apply/unserved.ts';
import type { KubernetesObject, Sourced } from '../../../src/bundle/object.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';

const of = (apiVersion: string, kind: string, name: string, line = 1): Sourced => ({
  object: { apiVersion, kind, metadata: { name, namespace: 'shop' } },
  source: { file: 'a.yaml', line },
});
const doors = Array.from({ length: 200 }, (_, index) => of('x.example/v1', 'Door', `d${index}`, index + 1));
const window = of('x.example/v1', 'Window', 'w');
const map = of('v1', 'ConfigMap', 'm');

const lookOf = ({ object }: Sourced): Look => {
  const ref = `${object.kind} shop/${object.metadata.name}`;
  return object.apiVersion === 'v1'
    ? { ref, object, held: { at: new Date(0), value: undefined } }
    : { ref, refusal: unservedRefusal(object) };
};

test('two hundred objects of one kind are one finding, and each is told to have failed', () => {
  const stage = [map, ...doors, window];
  const ends = endsOfUnserved(stage, stage.map(lookOf));
  expect(ends.size).toBe(201);
  expect(ends.get(map)).toBeUndefined();
  const findings = [...ends.values()].flatMap((end) => end.findings);
  expect(findings.map(({ code, message, source }) => [code, message, source?.line])).toEqual([
    [
      'crds/missing',
      'The cluster does not serve Door in x.example/v1. 200 objects need it: Door shop/d0, Door shop/d1, Door shop/d2, Door shop/d3, Door shop/d4 and 195 more.',
      1,
    ],
    ['crds/missing', 'The cluster does not serve Window in x.example/v1. Window shop/w.', 1],
  ]);
  expect(ends.get(doors[199] ?? map)?.reported).toMatchObject({
    ref: 'Door shop/d199',
    result: 'failed',
    message: 'The cluster does not serve Door in x.example/v1.',
  });
});

test.each([
  ['v1', false],
  ['apps/v1', false],
  ['extensions/v1beta1', false],
  ['networking.k8s.io/v1beta1', false],
  ['flowcontrol.apiserver.k8s.io/v1', false],
  ['gateway.networking.k8s.io/v1', true],
  ['snapshot.storage.k8s.io/v1', true],
  ['elbv2.k8s.aws/v1beta1', true],
])('a definition makes kinds of %s: %s', (apiVersion, expected) => {
  expect(isCustom({ apiVersion })).toBe(expected);
});

test('a kind of Kubernetes itself that is not served is a slip, not a definition that is missing', () => {
  const [found] = unservedFinding([of('extensions/v1beta1', 'Ingress', 'old')]);
  expect(found).toMatchObject({
    code: 'apply/rejected',
    hint: expect.stringContaining('kubectl api-resources'),
  });
});

test('what comes with the run is not missed, and each kind is asked for once', async () => {
  const asked: string[] = [];
  const serves = async (apiVersion: string, kind: string): Promise<boolean> => {
    asked.push(`${apiVersion}/${kind}`);
    return apiVersion === 'v1';
  };
  const missing = await unservedAmong([map, ...doors, window], new Set(['x.example/v1/Window']), serves);
  expect(missing.map((all) => [all[0]?.object.kind, all.length])).toEqual([['Door', 200]]);
  expect(asked).toEqual(['v1/ConfigMap', 'x.example/v1/Door']);
});

describe('definitions at run time', () => {
  const role = (rule: string, name = 'a'): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: ${name} }\nrules: [${rule}]\n`;
  const binding = (name: string): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: { name: a }\nroleRef: { kind: ClusterRole, name: ${name}, apiGroup: rbac.authorization.k8s.io }\n`;
  const group = "apiGroups: ['apiextensions.k8s.io']";

  test.each<[string, string, boolean]>([
    ['may create them', role(`{ ${group}, resources: [customresourcedefinitions], verbs: [create] }`), true],
    ['may do everything', role("{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }"), true],
    [
      'may read them',
      role(`{ ${group}, resources: [customresourcedefinitions], verbs: [get, list] }`),
      false,
    ],
    ['may write others', role("{ apiGroups: [apps], resources: [deployments], verbs: ['*'] }"), false],
    ['has a role of the cluster', binding('cluster-admin'), true],
    ['has its own role alone', `${role('', 'own')}---\n${binding('own')}`, false],
    ['has none', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n', false],
  ])('a chart that %s', (_what, yaml, expected) => {
    expect(mayDefine(parseManifests(yaml, 'a.yaml').objects)).toBe(expected);
  });

  test('an object of any form is no reason to fail', () => {
    const odd: KubernetesObject = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'odd' },
      rules: [null, 'x', { verbs: {} }],
    };
    expect(mayDefine([{ object: odd, source: { file: 'a.yaml', line: 1 } }])).toBe(false);
  });
});
