// Objects that `kubectl apply` made before: what stays with kubectl although the repository does not have it is said.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverSideApplier } from '../../src/kube/apply.ts';
import { discover } from '../../src/kube/discovery.ts';
import { planStage } from '../../src/plan/objects.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  manifests,
  never,
  removeAdministrator,
} from './engine.ts';

const namespace = 'fields-left-test';
const options = { namespace, patience: 3_000 };
const takeOver = ['kubectl-client-side-apply'];
let kube: Counted;

beforeAll(() => {
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  removeAdministrator(namespace);
});

interface Parts {
  readonly labels?: string;
  readonly pod?: string;
  readonly containers?: string;
}

const deployment = (name: string, { labels = '', pod = '', containers = '' }: Parts = {}): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name}${labels} } }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:${pod}
      containers:
        - { name: web, image: 'nginx:1.29', ports: [{ containerPort: 80 }] }${containers}
`;
const more: Parts = {
  labels: ', team: shop',
  pod: '\n      terminationGracePeriodSeconds: 5',
  containers: "\n        - { name: side, image: 'busybox:1.37' }",
};
const service = (name: string, port: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }${port}] }
`;
const map = (name: string, data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: ${data}\n`;

const said = async (yaml: string, by: readonly string[] = []) => {
  const { objects } = await applyAll(kube, manifests(yaml), { ...options, takeOver: by });
  return objects.map(({ reported: { result }, findings }) => [
    result,
    findings.map(({ message }) => message),
  ]);
};
const planned = async (yaml: string, by: readonly string[] = []) => {
  const applier = serverSideApplier(kube, await discover(kube, never), { namespace });
  const all = await planStage(manifests(yaml), applier, never, { takeOver: by });
  return all.flatMap(({ findings }) => findings.map(({ code, severity }) => `${severity} ${code}`));
};
const keeps = (ref: string, paths: string, one = false): string =>
  `${ref} keeps ${paths}, which ${one ? 'is' : 'are'} not in the repository: \`kubectl apply\` wrote ${one ? 'it' : 'them'} before, and still owns ${one ? 'it' : 'them'}.`;

describe('what kubectl applied', () => {
  test('and the repository does not have is named: fields, labels, items of lists; in a plan too, and each time', async () => {
    kubectl(['apply', '-f', '-'], deployment('more', more));
    const all = keeps(
      `Deployment ${namespace}/more`,
      '.metadata.labels.team, .spec.template.spec.containers[name="side"], .spec.template.spec.terminationGracePeriodSeconds',
    );
    expect(await planned(deployment('more'))).toEqual(['notice apply/fields-left']);
    expect(await said(deployment('more'))).toEqual([['configured', [all]]]);
    expect(await said(deployment('more'))).toEqual([['unchanged', [all]]]);
    expect(await planned(deployment('more'))).toEqual(['notice apply/fields-left']);
  });

  test('and left the repository later', async () => {
    const whole = map('later', '{ a: "1", b: "2" }');
    kubectl(['apply', '-f', '-'], whole);
    expect(await said(whole)).toEqual([['configured', []]]);
    expect(await said(map('later', '{ a: "1" }'))).toEqual([
      ['configured', [keeps(`ConfigMap ${namespace}/later`, '.data.b', true)]],
    ]);
    expect(kubectl(['get', 'configmap', 'later', '-n', namespace, '-o', 'jsonpath={.data.b}'])).toBe('2');
  });

  test('goes with the input that the hint names, and nothing is said any more', async () => {
    kubectl(['apply', '-f', '-'], deployment('taken', more));
    expect(await planned(deployment('taken'), takeOver)).toEqual([]);
    expect(await said(deployment('taken'), takeOver)).toEqual([['configured', []]]);
    expect(await said(deployment('taken'))).toEqual([['unchanged', []]]);
    const names = 'jsonpath={.spec.template.spec.containers[*].name}';
    expect(kubectl(['get', 'deployment', 'taken', '-n', namespace, '-o', names])).toBe('web');
  });
});

describe('nothing is said where nothing is left behind', () => {
  // kubectl's entry holds every default of what it creates.
  test.each([
    ['the same manifest', deployment('same', more), deployment('same', more)],
    ['a service, whose defaults are many', service('same', ''), service('same', '')],
    ['more in the repository', deployment('grown'), deployment('grown', { ...more, pod: '' })],
    [
      'nulls and empty maps',
      `${map('empty', '{ a: "1" }')}immutable: null\nbinaryData: {}\n`,
      map('empty', '{ a: "1" }'),
    ],
  ])('%s', async (_what, before, after) => {
    kubectl(['apply', '-f', '-'], before);
    expect((await said(after)).flatMap(([, findings]) => findings)).toEqual([]);
    expect(await planned(after)).toEqual([]);
  });

  test('a second port, which has a protocol by default, is left behind; the first is not', async () => {
    kubectl(
      ['apply', '-f', '-'],
      service('ports', ', { name: more, port: 81 }').replace('{ port: 80 }', '{ name: web, port: 80 }'),
    );
    const [[, findings] = []] = await said(
      service('ports', '').replace('{ port: 80 }', '{ name: web, port: 80 }'),
    );
    expect(findings).toEqual([
      keeps(`Service ${namespace}/ports`, '.spec.ports[port=81,protocol="TCP"]', true),
    ]);
  });

  test('what kubectl applied server-side is somebody’s manifest, and what it created has none', async () => {
    kubectl(['apply', '--server-side', '-f', '-'], map('server-side', '{ a: "1", b: "2" }'));
    kubectl(['create', '-f', '-'], map('created', '{ a: "1", b: "2" }'));
    for (const name of ['server-side', 'created'])
      expect((await said(map(name, '{ a: "1" }'))).flatMap(([, findings]) => findings)).toEqual([]);
  });
});
