// Manifests in the forms in which people have them: each is applied as kubectl would, or refused with the line that is wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';
import { parseManifests } from '../../src/bundle/parse.ts';
import { locator } from '../../src/modes/apply/locate.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  manifests,
  removeAdministrator,
  results,
} from './engine.ts';

const namespace = 'forms-test';
const options = { namespace, patience: 5_000 };
const crdName = 'gadgets.forms.example.test';
let kube: Counted;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forms-'));
  createAdministrator(namespace);
  kubectl(['delete', 'crd', crdName, '--ignore-not-found']);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  rmSync(folder, { recursive: true });
  kubectl(['delete', 'crd', crdName, '--ignore-not-found', '--wait=false']);
  kubectl(['delete', 'validatingadmissionpolicy', namespace, '--ignore-not-found']);
  removeAdministrator(namespace);
});

const deployment = (name: string, container = '', more = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, creationTimestamp: null }
spec:
  replicas: 1
  strategy: {}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { creationTimestamp: null, labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: nginx:1.29
          resources: {}
${container}${more}`;
const configMap = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${more} }\ndata: { a: b }\n`;
const job = (image: string): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: job }\nspec:\n  template: { spec: { restartPolicy: Never, containers: [{ name: a, image: '${image}' }] } }\n`;

describe('are applied, and the second time nothing is written', () => {
  test.each<[string, string, string]>([
    ['as kubectl create --dry-run prints them', deployment('dry', '', 'status: {}\n'), 'Deployment {}/dry'],
    [
      'with what only the server writes',
      configMap('server', ", uid: 11111111-1111-1111-1111-111111111111, resourceVersion: '1', generation: 3"),
      'ConfigMap {}/server',
    ],
    ['with a namespace that says nothing', configMap('nowhere', ', namespace: '), 'ConfigMap {}/nowhere'],
    ['with an empty namespace', configMap('empty', ', namespace: ""'), 'ConfigMap {}/empty'],
    [
      'in a List, as kubectl prints several',
      `apiVersion: v1\nkind: List\nmetadata: { resourceVersion: '' }\nitems:\n- ${configMap('listed').trimEnd().replaceAll('\n', '\n  ')}\n`,
      'ConfigMap {}/listed',
    ],
    [
      'with plain text for a Secret',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: plain }\nstringData: { token: secret }\n',
      'Secret {}/plain',
    ],
    [
      'with keys that JavaScript has a meaning for',
      configMap('keys').replace('a: b', '__proto__: a, constructor: b'),
      'ConfigMap {}/keys',
    ],
    [
      'with an empty variable, list and map',
      deployment('empties', "          args: []\n          env: [{ name: A, value: '' }, { name: B }]\n"),
      'Deployment {}/empties',
    ],
    [
      'with what is not written out where it is false or none',
      deployment(
        'zero',
        '          stdin: false\n          volumeMounts: [{ name: v, mountPath: /v, readOnly: false }]\n',
        '      hostNetwork: false\n      volumes: [{ name: v, emptyDir: {} }]\n  paused: false\n  minReadySeconds: 0\n',
      ),
      'Deployment {}/zero',
    ],
    [
      'with defaults in a list that is owned as a whole',
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ports }\nspec:\n  podSelector: {}\n  ingress: [{ ports: [{ port: 80 }] }]\n`,
      'NetworkPolicy {}/ports',
    ],
    [
      'as the policy of Gateway API is written',
      `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: { name: ${namespace} }\nspec:\n  failurePolicy: Fail\n  matchConstraints: { resourceRules: [{ apiGroups: [x.example], apiVersions: [v1], operations: [CREATE], resources: ['*'] }] }\n  validations: [{ expression: 'true' }]\n`,
      `ValidatingAdmissionPolicy ${namespace}`,
    ],
  ])('%s', async (_what, yaml, ref) => {
    const objects = manifests(yaml);
    const name = ref.replace('{}', namespace);
    const first = await applyAll(kube, objects, options);
    expect(results(first)).toEqual([`${name} created`]);
    kube.forget();
    const second = await applyAll(kube, objects, options);
    expect(results(second)).toEqual([`${name} unchanged`]);
    // Not even tried, but for a Secret's plain text, which is nowhere to be read back.
    const tried = objects.flatMap(({ object }) =>
      object['stringData'] === undefined ? [] : `PATCH /api/v1/namespaces/${namespace}/secrets/plain dry`,
    );
    expect(kube.requests().filter((each) => each.startsWith('PATCH'))).toEqual(tried);
    const [one, two] = [first, second].map(({ objects: [done] }) => done?.live?.metadata);
    expect(two?.['generation']).toEqual(one?.['generation']);
  });

  test('as kubectl get prints them, managedFields and all, where they came from and elsewhere', async () => {
    kubectl(['apply', '-n', namespace, '-f', '-'], configMap('exported'));
    const exported = kubectl([
      'get',
      'configmap',
      'exported',
      '-n',
      namespace,
      '-o',
      'yaml',
      '--show-managed-fields',
    ]);
    expect(exported).toContain('f:data');
    const objects = manifests(exported);
    const takeOver = ['kubectl-client-side-apply'];
    expect(results(await applyAll(kube, objects, { ...options, takeOver }))).toEqual([
      `ConfigMap ${namespace}/exported configured`,
    ]);
    kubectl(['delete', 'configmap', 'exported', '-n', namespace]);
    expect(results(await applyAll(kube, objects, options))).toEqual([
      `ConfigMap ${namespace}/exported created`,
    ]);
    expect(results(await applyAll(kube, objects, options))).toEqual([
      `ConfigMap ${namespace}/exported unchanged`,
    ]);
  });
});

describe('are refused with the line that is wrong', () => {
  const complaints = async (yaml: string): Promise<readonly string[]> => {
    writeFileSync(join(folder, 'a.yaml'), yaml);
    const parsed = parseManifests(yaml, 'a.yaml');
    const done = await applyAll(kube, parsed.objects, { ...options, locate: locator(folder) });
    return [...parsed.findings, ...done.objects.flatMap(({ findings }) => findings)].map(
      ({ source, message, hint }) => `${source?.file}:${source?.line} ${message} ${hint ?? ''}`,
    );
  };
  test.each<[string, string, RegExp]>([
    [
      'generateName',
      configMap('x').replace('name: x', '\n  generateName: x-'),
      /^a\.yaml:4 .*generateName.*Give the object a fixed metadata\.name\./,
    ],
    [
      'a Secret that is no base64',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: plain-in-data }\ndata:\n  ok: b2s=\n  tls.key: plain text\n',
      /^a\.yaml:6 Secret \S+: \.data\["tls\.key"\]: not base64; plain text belongs in stringData/,
    ],
    [
      'a variable that stands twice',
      deployment(
        'twice',
        "          env:\n            - { name: A, value: '1' }\n            - { name: A, value: '2' }\n",
      ),
      /^a\.yaml:15 .*duplicate entries for key \[name="A"\]/,
    ],
    [
      'a number for a text',
      deployment('number', '          env:\n            - name: A\n              value: 1\n'),
      /^a\.yaml:17 .*\.value: expected string/,
    ],
    [
      'a name that Kubernetes does not take',
      configMap('UpperCase'),
      /^a\.yaml:3 .*metadata\.name: Invalid value/,
    ],
  ])('%s', async (_what, yaml, says) => {
    const since = performance.now();
    expect(await complaints(yaml)).toEqual([expect.stringMatching(says)]);
    // What will not pass by itself is not tried again.
    expect(performance.now() - since).toBeLessThan(options.patience);
  });

  test('a field that cannot change, without the whole pod in Go’s words', async () => {
    expect(results(await applyAll(kube, manifests(job('a:1')), options))).toEqual([
      `Job ${namespace}/job created`,
    ]);
    const [said = '', ...more] = await complaints(job('a:2'));
    expect(more).toEqual([]);
    expect(said).toMatch(/^a\.yaml:5 Job \S+: spec\.template: Invalid value: .{121}: field is immutable /);
    expect(said).toMatch(/or delete it \(`kubectl delete job job -n forms-test`\) and run again\.$/);
  });
});

describe('a definition', () => {
  const version = (name: string, storage: boolean): string =>
    `    - { name: ${name}, served: true, storage: ${storage}, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }\n`;
  const crd = (versions: string, more = ''): string =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: ${crdName} }\nspec:\n  group: forms.example.test\n  names: { kind: Gadget, plural: gadgets }\n  scope: Namespaced\n  preserveUnknownFields: false\n${more}  versions:\n${versions}status: { conditions: null, storedVersions: [] }\n`;
  const both = version('v1alpha1', false) + version('v1', true);
  const hook =
    '  conversion: { strategy: Webhook, webhook: { conversionReviewVersions: [v1], clientConfig: { service: { name: a, namespace: b } } } }\n';
  const outcome = async (yaml: string): Promise<readonly string[]> =>
    results(await applyAll(kube, manifests(yaml), options)).map((each) => each.split(' ').at(-1) ?? '');

  test('with its objects, a new version, and an old one that is still stored', async () => {
    const gadget = `apiVersion: forms.example.test/v1alpha1\nkind: Gadget\nmetadata: { name: g }\nspec: { float: 1.50, exp: 1e3, day: 2026-01-01, octal: 0644 }\n`;
    const bundle = `${crd(version('v1alpha1', true))}---\n${gadget}`;
    expect(await outcome(bundle)).toEqual(['created', 'created']);
    expect(await outcome(bundle)).toEqual(['unchanged', 'unchanged']);
    const path = ['-o', 'jsonpath={.spec}'];
    expect(JSON.parse(kubectl(['get', crdName, 'g', '-n', namespace, ...path]))).toEqual({
      float: 1.5,
      exp: 1000,
      day: '2026-01-01',
      octal: 420,
    });
    expect(await outcome(crd(both))).toEqual(['configured']);
    // The storage version is noted by a controller.
    const stored = () => kubectl(['get', 'crd', crdName, '-o', 'jsonpath={.status.storedVersions}']);
    while (!stored().includes('"v1"')) await setTimeout(100);
    const { objects } = await applyAll(kube, manifests(crd(version('v1', true))), options);
    expect(objects[0]?.reported.message).toMatch(
      /^Objects may still be stored in a version that this definition no longer has: .*v1alpha1/,
    );
    // What the hint says, once its first half is done: the object is written anew.
    kubectl(['annotate', crdName, 'g', '-n', namespace, 'touched=yes']);
    const [, command = ''] = /`(kubectl patch crd [^`]+)`/.exec(objects[0]?.findings[0]?.hint ?? '') ?? [];
    kubectl(command.replaceAll("'", '').split(' ').slice(1));
    expect(await outcome(crd(version('v1', true)))).toEqual(['configured']);
    expect(await outcome(crd(both))).toEqual(['configured']);
  });

  test('without the subresource: status is a field like any other, as for kubectl', async () => {
    const stamp = (name: string, phase: string): string =>
      `apiVersion: forms.example.test/v1\nkind: Stamp\nmetadata: { name: ${name} }\nspec: { a: b }\nstatus: { phase: ${phase} }\n`;
    const stamps = crd(version('v1', true)).replaceAll('gadget', 'stamp').replaceAll('Gadget', 'Stamp');
    const bundle = (phase: string): string => `${stamps}---\n${stamp('s', phase)}`;
    const phase = (name: string): string =>
      kubectl(['get', 'stamps.forms.example.test', name, '-n', namespace, '-o', 'jsonpath={.status.phase}']);
    try {
      expect(await outcome(bundle('New'))).toEqual(['created', 'created']);
      kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], stamp('k', 'New'));
      expect(phase('s')).toBe(phase('k'));
      expect(await outcome(bundle('New'))).toEqual(['unchanged', 'unchanged']);
      expect(await outcome(bundle('Old'))).toEqual(['unchanged', 'configured']);
      expect(phase('s')).toBe('Old');
    } finally {
      kubectl(['delete', 'crd', 'stamps.forms.example.test', '--ignore-not-found', '--wait=false']);
    }
  });

  test('with a conversion webhook keeps the certificate that another put into it', async () => {
    expect(await outcome(crd(both, hook))).toEqual(['configured']);
    const ca = Buffer.from(readKubeconfig(process.env['KUBECONFIG'] ?? '').ca ?? '').toString('base64');
    const patch = { spec: { conversion: { webhook: { clientConfig: { caBundle: ca } } } } };
    kubectl([
      'patch',
      'crd',
      crdName,
      '--type=merge',
      '--field-manager=cainjector',
      '-p',
      JSON.stringify(patch),
    ]);
    expect(await outcome(crd(both, hook))).toEqual(['unchanged']);
    const there = kubectl([
      'get',
      'crd',
      crdName,
      '-o',
      'jsonpath={.spec.conversion.webhook.clientConfig.caBundle}',
    ]);
    expect(there).toBe(ca);
    // Away again, or its object could not be deleted with it.
    kubectl(['patch', 'crd', crdName, '--type=merge', '-p', '{"spec":{"conversion":null}}']);
  });
});
