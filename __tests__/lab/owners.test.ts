// Objects that other tools keep, as those tools leave them: told by name, taken over for good, and ours from then on.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../src/bundle/object.ts';
import { fieldsEntries } from '../../src/compare/managed-fields.ts';
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

const namespace = 'owners-test';
const options = { namespace, patience: 3_000, inventory: 'applyset-own-v1' };
let kube: Counted;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'owners-'));
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  rmSync(folder, { recursive: true });
  removeAdministrator(namespace);
});

const configMap = (name: string, value: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace}${more} }\ndata: { a: '${value}' }\n`;
const live = (name: string): KubernetesObject =>
  JSON.parse(
    kubectl(['get', 'configmap', name, '-n', namespace, '-o', 'json', '--show-managed-fields']),
  ) as KubernetesObject;

/** Installs a chart with the ConfigMap in it. */
const byHelm =
  (helm: string) =>
  (name: string): void => {
    const files = {
      'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`,
      'templates/a.yaml': configMap(name, 'theirs'),
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true });
      writeFileSync(join(folder, name, path), text);
    }
    execFileSync(helm, ['install', name, join(folder, name), '-n', namespace], { stdio: 'pipe' });
  };
const byKubectl =
  (args: readonly string[], more = '') =>
  (name: string): void =>
    void kubectl([...args, '-f', '-'], configMap(name, 'theirs', more));

const serverSide = (manager: string): readonly string[] => [
  'apply',
  '--server-side',
  `--field-manager=${manager}`,
];
const create = (manager: string): readonly string[] => ['create', `--field-manager=${manager}`];
const helm3 = join(process.env['LAB_DIR'] ?? '', 'bin/helm3/helm');
const release =
  'labels: { app.kubernetes.io/managed-by: Helm }, annotations: { meta.helm.sh/release-name: shop, meta.helm.sh/release-namespace: apps }';
const fluxRelease = release.replace(
  'labels: {',
  'labels: { helm.toolkit.fluxcd.io/name: shop, helm.toolkit.fluxcd.io/namespace: flux-system,',
);

test.each<[string, (name: string) => void, RegExp, string]>([
  [
    'kubectl',
    byKubectl(['apply']),
    /^\.data\.a is owned by kubectl-client-side-apply/,
    'kubectl-client-side-apply',
  ],
  ['helm-4', byHelm('helm'), /^It belongs to the Helm release owners-test\/helm-4\.$/, 'helm'],
  ['helm-3', byHelm(helm3), /^It belongs to the Helm release owners-test\/helm-3\.$/, 'helm'],
  [
    'helm-in-terraform',
    byKubectl(create('terraform-provider-helm_v3.0.2_x5'), `, ${release}`),
    /^It belongs to the Helm release apps\/shop\.$/,
    'terraform-provider-helm_v3.0.2_x5',
  ],
  [
    'flux-release',
    byKubectl(create('helm-controller'), `, ${fluxRelease}`),
    /^It belongs to the Flux HelmRelease flux-system\/shop\.$/,
    'helm-controller',
  ],
  [
    'flux',
    byKubectl(serverSide('kustomize-controller'), ', labels: { kustomize.toolkit.fluxcd.io/name: shop }'),
    /^It belongs to the Flux Kustomization shop\.$/,
    'kustomize-controller',
  ],
  [
    'argo-by-annotation',
    byKubectl(
      serverSide('argocd-controller'),
      ", annotations: { argocd.argoproj.io/tracking-id: 'shop:/ConfigMap:x/y' }",
    ),
    /^It belongs to the Argo CD application shop\.$/,
    'argocd-controller',
  ],
  [
    'argo-by-label',
    byKubectl(
      ['apply', '--field-manager=argocd-controller'],
      ', labels: { app.kubernetes.io/instance: shop }',
    ),
    /^It belongs to the Argo CD application shop\.$/,
    'argocd-controller',
  ],
  ['terraform', byKubectl(create('HashiCorp')), /^\.data\.a is owned by HashiCorp since /, 'HashiCorp'],
  [
    'terraform-manifest',
    byKubectl(serverSide('Terraform')),
    /^\.data\.a is owned by Terraform since /,
    'Terraform',
  ],
])('%s', async (name, make, message, manager) => {
  make(name);
  const objects = manifests(configMap(name, 'ours'));
  const before = live(name).metadata['resourceVersion'];
  const refused = await applyAll(kube, objects, options);
  expect(refused.objects[0]?.reported).toMatchObject({
    result: 'conflict',
    message: expect.stringMatching(message),
  });
  expect(refused.objects[0]?.findings[0]?.hint).toContain(`\`take-over: ${manager}\``);
  expect(live(name).metadata['resourceVersion']).toBe(before);

  expect(results(await applyAll(kube, objects, { ...options, takeOver: [manager] }))).toEqual([
    `ConfigMap ${namespace}/${name} configured`,
  ]);
  const after = live(name);
  expect(after['data']).toEqual({ a: 'ours' });
  expect(after.metadata).not.toHaveProperty('annotations');
  expect(after.metadata).not.toHaveProperty('labels');
  expect(fieldsEntries(after).map((entry) => entry.manager)).toEqual(['eks-gateway-action']);
  // For good: the input may go again.
  expect(results(await applyAll(kube, objects, options))).toEqual([
    `ConfigMap ${namespace}/${name} unchanged`,
  ]);
});

describe('signs that are no other tool’s', () => {
  test('what the repository says itself, for Helm to adopt it', async () => {
    const objects = manifests(configMap('adopted', 'ours', `, ${release}`));
    for (const result of ['created', 'unchanged'])
      expect(results(await applyAll(kube, objects, options))).toEqual([
        `ConfigMap ${namespace}/adopted ${result}`,
      ]);
    // Once Helm has it, it is Helm's.
    kubectl([...serverSide('helm'), '-f', '-'], configMap('adopted', 'ours', `, ${release}`));
    const { objects: after } = await applyAll(kube, objects, options);
    expect(after[0]?.reported.message).toBe('It belongs to the Helm release apps/shop.');
  });

  test('the label app.kubernetes.io/instance of a chart', async () => {
    byKubectl(create('somebody'), ', labels: { app.kubernetes.io/instance: shop }')('charted');
    const objects = manifests(configMap('charted', 'theirs'));
    expect(results(await applyAll(kube, objects, options))).toEqual([
      `ConfigMap ${namespace}/charted configured`,
    ]);
  });
});
