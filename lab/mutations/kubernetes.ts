// Edits of live objects that the repository applies.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Family, kubectl, type Mutation } from './mutation.ts';

const json = (
  kind: string,
  name: string,
  op: 'replace' | 'remove' | 'add',
  path: string,
  value?: unknown,
): string =>
  kubectl(
    '-n',
    'shop',
    'patch',
    kind,
    name,
    '--type=json',
    '-p',
    JSON.stringify([{ op, path, ...(value !== undefined && { value }) }]),
  );

const edit = (
  name: string,
  ref: string,
  path: string,
  make: () => unknown,
  by: string | undefined = 'kubectl-patch',
): Mutation => ({
  name,
  layer: 'kubernetes',
  ref,
  path,
  ...(by !== undefined && { by }),
  make: () => {
    make();
  },
});

/** A field that is gone has no owner any more: nobody can know who removed it. */
const nobody = undefined;

const removed = (name: string, ref: string, path: string, make: () => unknown): Mutation => {
  const { by: _, ...rest } = edit(name, ref, path, make, nobody);
  return rest;
};

const deployment = 'Deployment shop/shop';
const web = '.spec.template.spec.containers[name="web"]';
const container = '/spec/template/spec/containers/0';

const edits: readonly Mutation[] = [
  edit(
    'an image is set by hand',
    deployment,
    `${web}.image`,
    () => kubectl('-n', 'shop', 'set', 'image', 'deployment/shop', 'web=nginx:1.28'),
    'kubectl-set',
  ),
  edit(
    'a deployment is scaled by hand',
    deployment,
    '.spec.replicas',
    () => kubectl('-n', 'shop', 'scale', 'deployment/shop', '--replicas=3'),
    'kubectl',
  ),
  edit('a variable is changed', deployment, `${web}.env[name="LEVEL"].value`, () =>
    json('deployment', 'shop', 'replace', `${container}/env/0/value`, 'debug'),
  ),
  removed('a variable is removed', deployment, `${web}.env[name="MODE"]`, () =>
    json('deployment', 'shop', 'remove', `${container}/env/1`),
  ),
  edit('a memory limit is raised', deployment, `${web}.resources.limits.memory`, () =>
    json('deployment', 'shop', 'replace', `${container}/resources/limits/memory`, '1Gi'),
  ),
  edit('a value of a ConfigMap is changed', 'ConfigMap shop/shop', '.data.level', () =>
    json('configmap', 'shop', 'replace', '/data/level', 'debug'),
  ),
  removed('a value of a ConfigMap is removed', 'ConfigMap shop/shop', '.data.mode', () =>
    json('configmap', 'shop', 'remove', '/data/mode'),
  ),
  edit(
    'a label is changed',
    'ConfigMap shop/shop',
    '.metadata.labels.team',
    () => kubectl('-n', 'shop', 'label', 'configmap', 'shop', 'team=other', '--overwrite'),
    'kubectl-label',
  ),
  edit(
    'an annotation is changed',
    'ServiceAccount shop/shop',
    '.metadata.annotations.owner',
    () => kubectl('-n', 'shop', 'annotate', 'serviceaccount', 'shop', 'owner=other', '--overwrite'),
    'kubectl-annotate',
  ),
  edit('a password is changed', 'Secret shop/shop', '.data.password', () =>
    json('secret', 'shop', 'replace', '/data/password', 'c2Vjb25k'),
  ),
  edit('a role is widened', 'Role shop/shop', '.rules[0].verbs', () =>
    json('role', 'shop', 'add', '/rules/0/verbs/-', 'delete'),
  ),
  edit('somebody is let into a role', 'RoleBinding shop/shop', '.subjects[1]', () =>
    json('rolebinding', 'shop', 'add', '/subjects/-', {
      kind: 'ServiceAccount',
      name: 'default',
      namespace: 'shop',
    }),
  ),
  edit('a disruption budget is loosened', 'PodDisruptionBudget shop/shop', '.spec.maxUnavailable', () =>
    json('poddisruptionbudget', 'shop', 'replace', '/spec/maxUnavailable', 2),
  ),
  removed('a network policy is deleted', 'NetworkPolicy shop/shop', '', () =>
    kubectl('-n', 'shop', 'delete', 'networkpolicy', 'shop'),
  ),
  edit('an autoscaler gets another ceiling', 'HorizontalPodAutoscaler shop/worker', '.spec.maxReplicas', () =>
    json('hpa', 'worker', 'replace', '/spec/maxReplicas', 9),
  ),
  edit(
    'a health check is changed in its configuration',
    'TargetGroupConfiguration shop/admin',
    '.spec.defaultConfiguration.healthCheckConfig.healthCheckPath',
    () =>
      json(
        'targetgroupconfiguration',
        'admin',
        'replace',
        '/spec/defaultConfiguration/healthCheckConfig/healthCheckPath',
        '/other',
      ),
  ),
  edit('a route sends to another Service', 'HTTPRoute shop/shop', '.spec.rules[0].backendRefs[0].name', () =>
    json('httproute', 'shop', 'replace', '/spec/rules/0/backendRefs/0/name', 'shop'),
  ),
  edit('a route gets another rule', 'HTTPRoute shop/seven', '.spec.rules[1]', () =>
    json('httproute', 'seven', 'add', '/spec/rules/-', {
      matches: [{ path: { type: 'PathPrefix', value: '/more' } }],
      backendRefs: [{ name: 'admin', port: 8080 }],
    }),
  ),
];

const inShop = (...args: string[]) => kubectl('-n', 'shop', ...args);

/** An edit that a deploy leaves as it is, or cannot get over. */
const by = (mend: () => unknown, mutation: Mutation): Mutation => ({
  ...mutation,
  mend: () => {
    mend();
  },
});

const held = (finalizers: string[]): string => JSON.stringify({ metadata: { finalizers } });

const hands: readonly Mutation[] = [
  by(
    () => inShop('rollout', 'resume', 'deployment/shop'),
    edit(
      'a rollout is paused',
      deployment,
      '.spec.paused',
      () => inShop('rollout', 'pause', 'deployment/shop'),
      'kubectl-rollout',
    ),
  ),
  by(
    () => inShop('set', 'env', 'deployment/shop', 'EXTRA-'),
    edit(
      'a variable is added',
      deployment,
      `${web}.env[name="EXTRA"]`,
      () => inShop('set', 'env', 'deployment/shop', 'EXTRA=1'),
      'kubectl-set',
    ),
  ),
  by(
    () => inShop('annotate', 'httproute', 'moved', 'external-dns.alpha.kubernetes.io/ttl-'),
    edit(
      'ExternalDNS is steered by an annotation',
      'HTTPRoute shop/moved',
      '.metadata.annotations[external-dns.alpha.kubernetes.io/ttl]',
      () => inShop('annotate', 'httproute', 'moved', 'external-dns.alpha.kubernetes.io/ttl=60'),
      'kubectl-annotate',
    ),
  ),
  by(
    () => json('configmap', 'shop', 'remove', '/data/more'),
    edit('a value is added to a ConfigMap', 'ConfigMap shop/shop', '.data.more', () =>
      json('configmap', 'shop', 'add', '/data/more', 'x'),
    ),
  ),
  removed(
    'processes may get more rights',
    deployment,
    `${web}.securityContext.allowPrivilegeEscalation`,
    () => json('deployment', 'shop', 'remove', `${container}/securityContext/allowPrivilegeEscalation`),
  ),
  by(
    () =>
      json('deployment', 'shop', 'replace', '/spec/template/spec/volumes/0', { name: 'tmp', emptyDir: {} }),
    removed(
      'a volume becomes one of the host',
      deployment,
      '.spec.template.spec.volumes[name="tmp"].emptyDir',
      () =>
        json('deployment', 'shop', 'replace', '/spec/template/spec/volumes/0', {
          name: 'tmp',
          hostPath: { path: '/tmp' },
        }),
    ),
  ),
  by(
    () => inShop('scale', 'deployment/worker', '--replicas=1'),
    // A zero by the scale subresource has no owner: __tests__/lab/scaled.test.ts shows it.
    removed(
      'a deployment is stopped, and its autoscaler with it',
      'Deployment shop/worker',
      '.spec.replicas',
      () => inShop('scale', 'deployment/worker', '--replicas=0'),
    ),
  ),
  by(
    () => inShop('patch', 'configmap', 'spare', '--type=merge', '-p', held([])),
    removed(
      'an object is deleted, and held back',
      'ConfigMap shop/spare',
      '.metadata.deletionTimestamp',
      () => {
        inShop('patch', 'configmap', 'spare', '--type=merge', '-p', held(['lab.example.com/held']));
        inShop('delete', 'configmap', 'spare', '--wait=false');
      },
    ),
  ),
];

const manager = 'eks-gateway-action';

/** A member of the inventory, as an earlier deploy has made it. */
const memberThatLeft = (): void => {
  const path = String.raw`jsonpath={.items[0].metadata.labels.applyset\.kubernetes\.io/id}`;
  const id = kubectl('-n', 'infra', 'get', 'configmaps', '-l', 'applyset.kubernetes.io/id', '-o', path);
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'old', namespace: 'shop', labels: { 'applyset.kubernetes.io/part-of': id } },
  };
  execFileSync('kubectl', ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], {
    input: JSON.stringify(object),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
};

/** An earlier deploy, whose manifest had one thing more than the repository has now. */
const deployedWith =
  (workspace: string, kind: string, more: readonly (string | number)[], value: unknown) => (): void => {
    const documents = parseAllDocuments(readFileSync(join(workspace, 'shop/shop.yaml'), 'utf8'));
    const document = documents.find((each) => each.get('kind') === kind);
    document?.setIn(more, value);
    const args = ['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'];
    execFileSync('kubectl', args, { input: String(document), stdio: ['pipe', 'ignore', 'pipe'] });
  };

const left = (workspace: string): readonly Mutation[] => [
  edit(
    'a value left the repository',
    'ConfigMap shop/shop',
    '.data.old',
    deployedWith(workspace, 'ConfigMap', ['data', 'old'], 'x'),
    manager,
  ),
  edit(
    'an item of a list left the repository',
    deployment,
    `${web}.env[name="OLD"]`,
    deployedWith(workspace, 'Deployment', ['spec', 'template', 'spec', 'containers', 0, 'env', 2], {
      name: 'OLD',
      value: 'x',
    }),
    manager,
  ),
  by(
    () => inShop('delete', 'configmap', 'old'),
    edit('an object left the repository', 'ConfigMap shop/old', '', memberThatLeft, manager),
  ),
];

/** @param workspace the repository: what is wanted is applied again under the action's own name */
export const kubernetes = (workspace: string): readonly Family[] => {
  const mend = (): void => {
    const files = ['shop', 'routes'].flatMap((folder) => ['-f', join(workspace, folder)]);
    kubectl('apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, ...files);
  };
  return [
    { name: 'kubernetes', mutations: edits, mend },
    { name: 'hands', mutations: hands, mend },
    { name: 'left', mutations: left(workspace), mend },
  ];
};
