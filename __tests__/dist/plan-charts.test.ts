// plan of charts: what an upgrade of each release would change, with its hooks, also where releases may not be read.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { documented } from '../../lab/documented.ts';
import { prepareSample } from '../../lab/sample.ts';
import { clusterAdminPolicy, createAccessEntry, deleteAccessEntry } from './admin.ts';
import {
  ensureInfra,
  type Finished,
  infraInputs,
  kubectl,
  kubectlApply,
  lab,
  run,
  workspaceOf,
} from './harness.ts';
import { inputs, planIn, pull } from './planned.ts';
import { errorsOf } from './reading.ts';

beforeAll(ensureInfra);
beforeEach(() => lab('DELETE', '/github'));

/** The role of docs/permissions.md, without the rule on Secrets. */
const readerWithoutSecrets = (): string =>
  documented('permissions.md', 'plan-reader')
    .replace(/ {2}- apiGroups: \[""\]\n {4}resources: \[secrets\]\n {4}verbs: \[get, list\]\n/, '')
    .replaceAll('gateway-plan', 'gateway-plan-no-secrets');

test('the charts of the sample as they are installed: no release, no record and no rule changes', async () => {
  const workspace = workspaceOf({});
  try {
    prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
    const planned = await run({ workspace: workspace.path, action: 'plan', inputs: infraInputs });
    expect({ verdict: planned.report.verdict, errors: errorsOf(planned.report) }).toEqual({
      verdict: 'Nothing would change.',
      errors: [],
    });
    expect(planIn(planned).releases).toMatchObject([{ name: 'infra', action: 'unchanged' }]);
  } finally {
    workspace.remove();
  }
});

const hooked = {
  'hooked/Chart.yaml': 'apiVersion: v2\nname: hooked\nversion: 0.1.0\n',
  'hooked/templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: hooked }
data: { password: {{ .Values.password }} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: before, annotations: { helm.sh/hook: 'pre-install,pre-upgrade' } }
data: { password: {{ .Values.password }} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: after, annotations: { helm.sh/hook: post-upgrade } }
`,
  'hooked/values.yaml': 'password: chart-secret-value\n',
};

test('a chart: its install with its hooks, by Helm 3 too; then its upgrade, also where releases may not be read', async () => {
  const more = { namespace: 'planned-chart', 'create-namespace': 'true', prune: 'false' };
  const releaseIn = (finished: Finished) => planIn(finished).releases[0];
  const installed = { action: 'install', hooks: [{ ref: 'ConfigMap before', event: 'pre-install' }] };
  const workspace = workspaceOf(hooked);
  const attempt = (action: 'plan' | 'deploy', env: Readonly<Record<string, string>> = {}) =>
    run({ workspace: workspace.path, action, event: pull, inputs: { ...inputs, ...more }, env });
  try {
    const helm3 = join(process.env['LAB_DIR'] ?? '', 'bin/helm3');
    const [four, three] = [
      await attempt('plan'),
      await attempt('plan', { PATH: `${helm3}:${process.env['PATH'] ?? ''}` }),
    ];
    expect([releaseIn(four), releaseIn(three)]).toMatchObject([installed, installed]);
    expect(four.report.verdict).toBe(three.report.verdict);
    expect((await attempt('deploy')).code).toBe(0);
    // A hook alone is another: no object changes, and deploy upgrades all the same.
    writeFileSync(
      join(workspace.path, 'hooked/templates/hook.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more, annotations: { helm.sh/hook: pre-upgrade } }\n',
    );
    const upgrade = await attempt('plan');
    expect(upgrade.report.verdict).toMatch(/^No object would change; 1 release would be upgraded/);
    expect(upgrade.outputs['changed']).toBe('true');
    expect(releaseIn(upgrade)?.hooks.map(({ ref, event }) => `${ref} ${event}`)).toEqual([
      'ConfigMap before pre-upgrade',
      'ConfigMap more pre-upgrade',
      'ConfigMap after post-upgrade',
    ]);
    expect(upgrade.summary).toContain('Helm runs 3 hooks');
    writeFileSync(join(workspace.path, 'hooked/values.yaml'), 'password: other-secret-value\n');
    await deleteAccessEntry();
    await createAccessEntry(undefined, ['gateway-plan-no-secrets']);
    kubectlApply(readerWithoutSecrets());
    const blind = await attempt('plan');
    expect(blind.report.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(/^look\/denied .*`list secrets in namespace planned-chart`/),
    ]);
    expect(releaseIn(blind)).toMatchObject({ action: 'upgrade' });
    for (const shown of [
      blind.log,
      blind.summary,
      JSON.stringify(blind.report),
      upgrade.log,
      upgrade.summary,
    ])
      expect(shown).not.toMatch(/(chart|other)-secret-value/);
  } finally {
    await deleteAccessEntry();
    await createAccessEntry(clusterAdminPolicy);
    kubectl('delete', 'namespace', 'planned-chart', '--ignore-not-found', '--wait=false');
    workspace.remove();
  }
});
