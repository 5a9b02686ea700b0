// prune: what left the repository goes, and nothing else ever does.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kubectl, run, workspaceOf } from './harness.ts';

const namespace = 'prune-test';
const inputs = { prune: 'true', namespace, inventory: 'kept' };
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: b }\n`;

const deploy = async (names: readonly string[], more: Record<string, string> = {}) => {
  const workspace = workspaceOf({ 'app/all.yaml': names.map(configMap).join('---\n') });
  try {
    return await run({ workspace: workspace.path, inputs: { ...inputs, ...more } });
  } finally {
    workspace.remove();
  }
};
const there = (): string =>
  kubectl(
    'get',
    'configmap',
    '-n',
    namespace,
    '-l',
    'applyset.kubernetes.io/part-of',
    '-o',
    'jsonpath={.items[*].metadata.name}',
  );
const parent = (path: string): string =>
  kubectl('get', 'configmap', 'kept', '-n', namespace, '-o', `jsonpath=${path}`);

beforeAll(() => void kubectl('create', 'namespace', namespace));
afterAll(() => void kubectl('delete', 'namespace', namespace, '--wait=false'));

test('what left the repository goes; too much at once is refused; a second run writes nothing', async () => {
  const first = await deploy(['a', 'b', 'c', 'd']);
  expect(first.code).toBe(0);
  expect(there()).toBe('a b c d');
  expect(parent('{.metadata.labels.applyset\\.kubernetes\\.io/id}')).toBe(
    kubectl(
      'get',
      'configmap',
      'a',
      '-n',
      namespace,
      '-o',
      'jsonpath={.metadata.labels.applyset\\.kubernetes\\.io/part-of}',
    ),
  );
  // Somebody copies an object with its label, by hand: it is not ours.
  kubectl('create', 'configmap', 'copied', '-n', namespace);
  kubectl(
    'label',
    'configmap',
    'copied',
    '-n',
    namespace,
    `applyset.kubernetes.io/part-of=${parent('{.metadata.labels.applyset\\.kubernetes\\.io/id}')}`,
  );

  const second = await deploy(['a', 'b', 'c']);
  expect(second.report.objects).toContainEqual({ ref: `ConfigMap ${namespace}/d`, result: 'pruned' });
  expect(there()).toBe('a b c copied');

  const version = parent('{.metadata.resourceVersion}');
  const third = await deploy(['a', 'b', 'c']);
  expect(third.report.objects.map(({ result }) => result)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  expect(parent('{.metadata.resourceVersion}')).toBe(version);

  const refused = await deploy(['a']);
  expect(refused.code).toBe(1);
  expect(refused.report.findings).toMatchObject([{ code: 'inventory/prune-refused' }]);
  expect(there()).toBe('a b c copied');

  const allowed = await deploy(['a'], { 'prune-limit': '100' });
  expect(allowed.code).toBe(0);
  expect(there()).toBe('a copied');

  const other = await deploy(['a'], { inventory: 'other' });
  expect(other.code).toBe(1);
  expect(other.report.objects[0]).toMatchObject({
    result: 'conflict',
    message: expect.stringContaining('It belongs to another inventory'),
  });
});

test('a run that fails on its way leaves an inventory that finds everything; the next one makes it exact', async () => {
  const kinds = (): string =>
    kubectl(
      ...['get', 'configmap', 'wide', '-n', namespace, '-o'],
      'jsonpath={.metadata.annotations.applyset\\.kubernetes\\.io/contains-group-kinds}',
    );
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: wide }\n';
  const lost =
    'apiVersion: v1\nkind: Service\nmetadata: { name: lost, namespace: nowhere }\nspec: { clusterIP: None }\n';
  const runOf = async (...objects: readonly string[]) => {
    const workspace = workspaceOf({ 'app/all.yaml': objects.join('---\n') });
    try {
      return await run({
        workspace: workspace.path,
        inputs: { ...inputs, inventory: 'wide', 'prune-limit': '100' },
      });
    } finally {
      workspace.remove();
    }
  };
  await runOf(configMap('wide-a'));
  expect(kinds()).toBe('ConfigMap');
  const failed = await runOf(secret, lost);
  expect(failed.code).toBe(1);
  expect(failed.report.objects.map(({ ref, result }) => `${ref} ${result}`).toSorted()).toEqual([
    `Secret ${namespace}/wide failed`,
    'Service nowhere/lost failed',
  ]);
  expect(kinds()).toBe('ConfigMap,Secret,Service');
  const next = await runOf(secret);
  expect(next.report.objects.map(({ ref, result }) => `${ref} ${result}`)).toEqual([
    `Secret ${namespace}/wide created`,
    `ConfigMap ${namespace}/wide-a pruned`,
  ]);
  expect(kinds()).toBe('Secret');
});
