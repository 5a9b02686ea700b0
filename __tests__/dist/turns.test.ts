// Two runs of one bundle at once: they write one after the other, and whoever waits says for whom.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kubectl, kubectlApply, run, workspaceOf } from './harness.ts';

const namespace = 'turns-test';
const inputs = { prune: 'true', 'prune-limit': '100', namespace, inventory: 'turns', 'wait-timeout': '60s' };
const files = (version: string): Record<string, string> => ({
  'app/all.yaml': Array.from(
    { length: 60 },
    (_, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${version}-${index} }\ndata: { version: ${version} }\n---
apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shared-${index} }\ndata: { version: ${version} }\n`,
  ).join('---\n'),
});
const deploy = async (version: string, more: Partial<Parameters<typeof run>[0]> = {}) => {
  const workspace = workspaceOf(files(version));
  try {
    return await run({ ...more, workspace: workspace.path, inputs: { ...inputs, ...more.inputs } });
  } finally {
    workspace.remove();
  }
};
const lease = (path: string): string =>
  kubectl('get', 'lease', 'turns', '-n', namespace, '-o', `jsonpath=${path}`);
/** What the members say, and how many of each. */
const members = (): Record<string, number> => {
  const path = 'jsonpath={.items[*].data.version}';
  const label = 'applyset.kubernetes.io/part-of';
  const counts: Record<string, number> = {};
  for (const version of kubectl('get', 'configmap', '-n', namespace, '-l', label, '-o', path).split(' '))
    counts[version] = (counts[version] ?? 0) + 1;
  return counts;
};

beforeAll(() => void kubectl('create', 'namespace', namespace));
afterAll(() => void kubectl('delete', 'namespace', namespace, '--wait=false'));

test('two at once: both end well, and the cluster holds exactly what the last of them says', async () => {
  // On its way out until somebody lets it go: whoever writes first has to wait for that, in the middle of its writing.
  kubectlApply(
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shared-0, namespace: ${namespace}, finalizers: [example.test/held] }\n`,
  );
  kubectl('delete', 'configmap', 'shared-0', '-n', namespace, '--wait=false');
  const letGo = '{"metadata":{"finalizers":null}}';
  let log = '';
  let said: string | undefined;
  const onOutput = (text: string): void => {
    log += text;
    if (said !== undefined) return;
    said =
      /waiting: https:\/\/github\.com\/\S+\/actions\/runs\/([78]) \(started by (ana|ben)\) deploys this bundle since \d{4}-/.exec(
        log,
      )?.[1];
    if (said !== undefined) kubectl('patch', 'configmap', 'shared-0', '-n', namespace, '-p', letGo);
  };
  const [one, other] = await Promise.all([
    deploy('a', { onOutput, env: { GITHUB_RUN_ID: '7', GITHUB_ACTOR: 'ana' } }),
    deploy('b', { onOutput, env: { GITHUB_RUN_ID: '8', GITHUB_ACTOR: 'ben' } }),
  ]);
  expect([one.code, other.code]).toEqual([0, 0]);
  const last = said === '7' ? 'b' : 'a';
  expect(members()).toEqual({ [last]: 120 });
  expect(lease('{.spec.holderIdentity}')).toBe('');
  expect(lease('{.spec.leaseTransitions}')).toBe('1');
});

test('a run that waits for too long names the other, and has written nothing', async () => {
  kubectlApply(`apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: turns
  namespace: ${namespace}
  annotations: { eks-gateway-action/run: 'https://github.com/org/shop/actions/runs/9', eks-gateway-action/actor: octocat }
spec:
  holderIdentity: somebody else
  leaseDurationSeconds: 30
  acquireTime: 2026-01-02T03:04:05.000000Z
  renewTime: ${new Date().toISOString().replace('Z', '000Z')}
`);
  const before = members();
  const { code, report } = await deploy('c', { inputs: { 'wait-timeout': '2s' } });
  expect({ code, objects: report.objects, findings: report.findings }).toMatchObject({
    code: 1,
    objects: [],
    findings: [
      {
        code: 'run/held-by-another',
        message: expect.stringContaining(
          'https://github.com/org/shop/actions/runs/9 (started by octocat) deploys this bundle since 2026-01-02T03:04:05Z',
        ),
      },
    ],
  });
  expect(members()).toEqual(before);
});
