// The role of previews with nothing but the rights of policy/previews.yaml: enough for a preview, too little for an attack.
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { callsOf, granted } from './granted.ts';
import { kubectl, kubectlApply, lab } from './harness.ts';
import { attacks } from './preview-attacks.ts';
import { previewPrincipal, previewRole } from './preview-role.ts';
import { elsewhere, outside } from './preview-role-attacks.ts';
import { freshPreviews, namespaceOf, preview, shas } from './previews.ts';

beforeAll(async () => {
  await freshPreviews();
  await previewRole();
  await lab('DELETE', '/calls');
});

const asStranger = ['--as=stranger', '--as-group=eks-gateway-preview', '--as-group=system:authenticated'];

/** What kubectl says to somebody with the role, on stdout and stderr. */
const attempt = (args: readonly string[], input = ''): string => {
  const { stdout, stderr } = spawnSync('kubectl', [...asStranger, ...args], { input, encoding: 'utf8' });
  return `${stdout}${stderr}`;
};

const name = 'pr-70-sample-app';
const inputs = { 'role-to-assume': previewPrincipal, 'https-successes': '1' };

test('a preview comes alive and goes with these rights alone', async () => {
  const made = await preview(
    { number: 70, sha: shas.first },
    { inputs: { ...inputs, 'preview-quota': 'pods=5', 'preview-networks': '10.0.0.0/20' } },
  );
  expect({ outcome: made.report.outcome, findings: made.report.findings }).toEqual({
    outcome: 'live',
    findings: [],
  });
  const [namespace, binding, ...rest] = made.report.objects.map(({ ref }) => ref);
  expect([namespace, binding]).toEqual([`Namespace ${name}`, `RoleBinding ${name}/eks-gateway-preview`]);
  // Two requests of one stage: either may be answered first.
  expect(rest.slice(0, 2).sort()).toEqual([`NetworkPolicy ${name}/preview`, `ResourceQuota ${name}/preview`]);
});

describe('plain kubectl with the same role', () => {
  test.each([
    ["in a preview's namespace", ['-n', name], [...attacks, ...outside]],
    ['in other namespaces', [], elsewhere],
  ])(
    'each attack %s is denied by the API server, which takes it from an administrator',
    (_what, where, all) => {
      const yaml = all.map((each) => each.yaml).join('\n---\n');
      const said = attempt(['create', ...where, '-f', '-'], yaml);
      const lines = said.split(/^(?=Error )/m).filter((line) => line.startsWith('Error '));
      expect(
        all.map(({ denied }, at) => (denied.test(lines[at] ?? '') ? 'denied' : `${denied}: ${lines[at]}`)),
      ).toEqual(all.map(() => 'denied'));
      const dry = ['create', ...where, '--dry-run=server', '-o', 'name', '-f', '-'];
      const taken = spawnSync('kubectl', dry, { input: yaml, encoding: 'utf8' });
      expect(taken.stdout.trim().split('\n')).toHaveLength(all.length);
    },
  );

  test.each<[string, readonly string[], RegExp]>([
    ['reads no Secret of others', ['get', 'secrets', '-n', 'infra'], /cannot list resource "secrets"/],
    [
      'changes no Gateway',
      ['annotate', 'gateway', 'public', '-n', 'infra', 'a=b'],
      /cannot patch resource "gateways"/,
    ],
    [
      'takes no namespace for its own',
      ['label', 'ns', 'infra', 'eks-gateway-action/preview=1'],
      /not a preview's/,
    ],
    ['removes no namespace of others', ['delete', 'ns', 'infra', '--wait=false'], /not a preview's/],
    [
      'keeps Pod Security on',
      ['label', 'ns', name, 'pod-security.kubernetes.io/enforce-'],
      /enforces the Pod Security level/,
    ],
    [
      'stays of its pull request',
      ['label', 'ns', name, '--overwrite', 'eks-gateway-action/preview=1'],
      /keeps the label/,
    ],
    [
      'makes no token',
      ['create', 'token', 'default', '-n', name, '--audience=sts.amazonaws.com'],
      /cannot create resource "serviceaccounts\/token"/,
    ],
    [
      'runs nothing in a pod',
      ['exec', '-n', name, 'deploy/web', '--', 'sh'],
      /cannot create resource "pods\/exec"/,
    ],
    [
      'writes no DNSEndpoint',
      ['auth', 'can-i', 'create', 'dnsendpoints.externaldns.k8s.io', '-n', name],
      /^no$/m,
    ],
    [
      'puts no container into a running pod',
      ['auth', 'can-i', 'patch', 'pods/ephemeralcontainers', '-n', name],
      /^no$/m,
    ],
  ])('%s', (_what, args, denied) => {
    expect(attempt(args)).toMatch(denied);
  });

  test('an administrator is not concerned', () => {
    expect(kubectl('create', 'configmap', 'ours', '-n', name)).toContain('created');
  });
});

test('two runs at once write one after the other, and no version is mixed with the other', async () => {
  // Held while both have begun: neither writes before it is let go, and both say for whom they wait.
  const lease = JSON.parse(kubectl('get', 'lease', 'preview', '-n', name, '-o', 'json')) as {
    spec: Record<string, unknown>;
  };
  expect(lease.spec['holderIdentity'] ?? '').toBe('');
  const held = {
    ...lease.spec,
    holderIdentity: 'a third',
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  kubectl('patch', 'lease', 'preview', '-n', name, '--type=merge', '-p', JSON.stringify({ spec: held }));
  const waiting = new Set<string>();
  const go = (id: string) =>
    preview(
      { number: 70, sha: shas.first },
      {
        inputs: { ...inputs, images: `nginx=registry.example.com/web:${id}` },
        env: { GITHUB_RUN_ID: id },
        onOutput: (text) => {
          if (!/waiting: .* deploys this bundle/.test(text) || waiting.has(id)) return;
          waiting.add(id);
          if (waiting.size === 2) {
            const free = JSON.stringify({ spec: { holderIdentity: null } });
            kubectl('patch', 'lease', 'preview', '-n', name, '--type=merge', '-p', free);
          }
        },
      },
    );
  const both = await Promise.all([go('701'), go('702')]);
  expect(both.map(({ code, report }) => [code, report.outcome])).toEqual([
    [0, 'live'],
    [0, 'live'],
  ]);
  expect([...waiting].sort()).toEqual(['701', '702']);
  const transitions = kubectl(
    'get',
    'lease',
    'preview',
    '-n',
    name,
    '-o',
    'jsonpath={.spec.leaseTransitions}',
  );
  expect(Number(transitions)).toBe(Number(lease.spec['leaseTransitions']) + 2);
});

test('and is removed with them', async () => {
  const gone = await preview(
    { number: 70, sha: shas.first, action: 'closed' },
    { mode: 'teardown', files: {}, inputs },
  );
  expect({ outcome: gone.report.outcome, findings: gone.report.findings }).toEqual({
    outcome: 'removed',
    findings: [],
  });
  expect(namespaceOf(name)).toBe('');
});

test('a sweep does with them too; no mode of previews was denied anything, or asked for more', async () => {
  const swept = await preview({ number: 70, sha: shas.first }, { mode: 'sweep', files: {}, inputs });
  expect({ code: swept.code, findings: swept.report.findings }).toEqual({ code: 0, findings: [] });
  const { used, denied } = await callsOf('eks', previewPrincipal.split('/')[1] ?? '');
  expect({ denied, more: used.filter((each) => !granted('run-eks').includes(each)) }).toEqual({
    denied: [],
    more: [],
  });
  expect(used).toContain('eks:DescribeCluster');
});

test('in a namespace that previews share: the Leases of previews, and no other', () => {
  const shared = 'previews-shared';
  kubectl('create', 'namespace', shared);
  try {
    kubectl('label', 'namespace', shared, 'eks-gateway-action/previews=shared');
    const role = '--clusterrole=eks-gateway-preview-routes';
    kubectl('create', 'rolebinding', 'previews', role, '--group=eks-gateway-preview', '-n', shared);
    const lease = (name: string): string =>
      `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: { name: ${name}, namespace: ${shared} }\n`;
    expect(attempt(['create', '-f', '-'], lease('eks-gateway-preview-pr-1-a'))).toMatch(/ created$/m);
    expect(attempt(['create', '-f', '-'], lease('controller'))).toMatch(/routes and a Lease of their own/);
    kubectlApply(lease('controller'));
    expect(attempt(['delete', 'lease', 'controller', '-n', shared])).toMatch(
      /routes and a Lease of their own/,
    );
    expect(attempt(['delete', 'lease', 'eks-gateway-preview-pr-1-a', '-n', shared])).toMatch(/deleted/);
  } finally {
    kubectl('delete', 'namespace', shared, '--wait=false');
  }
});
