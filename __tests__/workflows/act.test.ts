// The workflows that people copy and call, executed: as GitHub would start them, against the lab.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { prepareSample } from '../../lab/sample.ts';
import { appFiles, ensureInfra, kubectl, runApp, workspaceOf } from '../dist/harness.ts';
import { previewRole } from '../dist/preview-role.ts';
import { event, freshPreviews, github, namespaceOf, shas } from '../dist/previews.ts';
import { root, runWorkflow } from './act.ts';

/** Ten lines, as the caller of a reusable workflow writes them; and a job that uses what came out. */
const caller = (inputs: Readonly<Record<string, string>> = {}, workflow = 'deploy'): string => {
  const given = {
    'cluster-name': 'sample',
    'aws-region': 'us-east-1',
    'role-to-assume': 'arn:aws:iam::111111111111:role/gateway-deploy',
    'dns-role-to-assume': 'arn:aws:iam::222222222222:role/gateway-dns-reader',
    'wait-timeout': '2m',
    ...inputs,
  };
  return `name: Publish
on: push
jobs:
  publish:
    uses: org/eks-gateway-action/.github/workflows/${workflow}.yml@v1
    permissions: { contents: read, id-token: write, pull-requests: write }
    with:
${Object.entries(given)
  .map(([name, value]) => `      ${name}: ${value}`)
  .join('\n')}
  after:
    needs: publish
    runs-on: ubuntu-24.04
    steps:
      - run: echo "live is $LIVE at $URLS"
        env:
          LIVE: \${{ needs.publish.outputs.live }}
          URLS: \${{ needs.publish.outputs.urls }}
`;
};

test("the example's workflow publishes the example", async () => {
  const workspace = workspaceOf({});
  prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
  const ran = await runWorkflow(workspace.path, '.github/workflows/deploy.yml');
  expect(ran.log).toContain('sample-app.example.com is live.');
  expect({ code: ran.code, jobs: ran.jobs }).toEqual({ code: 0, jobs: { deploy: 'success' } });
  expect(ran.outputs).toMatchObject({
    live: 'true',
    urls: '["https://sample-app.example.com/"]',
    'hosts-live': '1',
  });
  expect(ran.summary).toContain('## ✅ sample-app.example.com is live.');
  expect(ran.steps).toEqual([
    expect.stringMatching(/^Main actions\/checkout@.*: success$/),
    'Main ./fetch-crds.sh: success',
    'Main org/eks-gateway-action@v1: success',
    'Post org/eks-gateway-action@v1: success',
  ]);
  workspace.remove();
});

test('the reusable workflow publishes for its caller, and hands on what came out', async () => {
  await ensureInfra();
  const workspace = workspaceOf({ ...appFiles('reused'), '.github/workflows/publish.yml': caller() });
  const ran = await runWorkflow(workspace.path, '.github/workflows/publish.yml');
  expect(ran.log).toContain('live is true at ["https://reused.example.com/"]');
  expect({ code: ran.code, jobs: ran.jobs }).toEqual({
    code: 0,
    jobs: { deploy: 'success', after: 'success' },
  });
  expect(ran.summary).toContain('## ✅ reused.example.com is live.');
  workspace.remove();
});

test('the reusable workflow plans for its caller, on the runner that it names, and hands on that something would change', async () => {
  await ensureInfra();
  const text = caller({ 'runs-on': `'["self-hosted", "in-the-vpc"]'` }, 'plan')
    .replace('runs-on: ubuntu-24.04', 'runs-on: in-the-vpc')
    .replace(/^ *wait-timeout: .*\n/m, '')
    .replace('echo "live is $LIVE at $URLS"', 'echo "changed is $CHANGED"')
    .replace(/LIVE: .*/, `CHANGED: \${{ needs.publish.outputs.changed }}`)
    .replace(/ *URLS: .*\n/, '');
  const workspace = workspaceOf({ ...appFiles('foreseen'), '.github/workflows/plan.yml': text });
  const ran = await runWorkflow(workspace.path, '.github/workflows/plan.yml', undefined, {
    label: 'in-the-vpc',
  });
  expect(ran.log).toContain('changed is true');
  expect({ code: ran.code, jobs: ran.jobs }).toEqual({
    code: 0,
    jobs: { plan: 'success', after: 'success' },
  });
  expect(ran.summary).toContain('HTTPRoute foreseen/foreseen');
  workspace.remove();
});

test('a deployment that fails fails the job, says why, and cleans up', async () => {
  const files = {
    ...appFiles('refused'),
    '.github/workflows/publish.yml': caller({ 'role-to-assume': 'arn:aws:iam::111111111111:role/nobody' }),
  };
  const workspace = workspaceOf(files);
  const ran = await runWorkflow(workspace.path, '.github/workflows/publish.yml');
  expect({ code: ran.code, jobs: ran.jobs }).toEqual({ code: 1, jobs: { deploy: 'failure' } });
  expect(ran.outputs['live']).toBe('false');
  expect(ran.summary).toContain('arn:aws:iam::111111111111:role/nobody');
  expect(ran.summary).toContain(
    'https://github.com/org/eks-gateway-action/blob/v1/docs/codes/auth.md#trust-policy-mismatch',
  );
  expect(ran.steps.at(-1)).toMatch(/^Post org\/eks-gateway-action\/deploy@v1: success$/);
  workspace.remove();
});

test('previews: opened, live, closed, gone, with the rights of a preview alone', async () => {
  await freshPreviews();
  await previewRole();
  const pull = (action: string) => ({
    name: 'pull_request',
    payload: event({ number: 81, sha: shas.first, action }).payload,
  });
  const workspace = workspaceOf({});
  cpSync(join(root, 'examples/previews'), workspace.path, { recursive: true });
  const opened = await runWorkflow(workspace.path, '.github/workflows/preview.yml', pull('opened'));
  expect(opened.log).toContain('pr-81-sample-app.preview.example.com is live.');
  expect({ code: opened.code, jobs: opened.jobs }).toEqual({ code: 0, jobs: { preview: 'success' } });
  expect(opened.outputs).toMatchObject({
    live: 'true',
    'preview-url': 'https://pr-81-sample-app.preview.example.com/',
  });
  const inIt = kubectl('get', 'configmap,resourcequota', '-n', 'pr-81-sample-app', '-o', 'name');
  expect(inIt).toMatch(/^configmap\/pages$[\s\S]*^resourcequota\//m);
  const closed = await runWorkflow(workspace.path, '.github/workflows/preview.yml', pull('closed'));
  expect({ code: closed.code, jobs: closed.jobs }).toEqual({ code: 0, jobs: { preview: 'success' } });
  // A preview needs no checkout to be removed.
  expect(closed.steps.filter((step) => step.includes('checkout'))).toEqual([]);
  expect(namespaceOf('pr-81-sample-app')).toBe('');
  const { comments } = await github();
  expect(comments.map(({ body }) => body)).toEqual([expect.stringContaining('The preview is removed')]);
  const swept = await runWorkflow(workspace.path, '.github/workflows/sweep.yml', {
    name: 'schedule',
    payload: {},
  });
  expect({ code: swept.code, jobs: swept.jobs }).toEqual({ code: 0, jobs: { sweep: 'success' } });
  workspace.remove();
});

test('the reusable workflow of a nightly check says what has drifted, and hands it on', async () => {
  await ensureInfra();
  expect((await runApp('nightly')).code).toBe(0);
  const workspace = workspaceOf({
    ...appFiles('nightly'),
    '.github/workflows/drift.yml': `name: Drift
on: push
jobs:
  drift:
    uses: org/eks-gateway-action/.github/workflows/drift.yml@v1
    permissions: { contents: read, id-token: write, issues: write }
    with:
      cluster-name: sample
      aws-region: us-east-1
      role-to-assume: arn:aws:iam::111111111111:role/gateway-deploy
      dns-role-to-assume: arn:aws:iam::222222222222:role/gateway-dns-reader
      drift-layers: kubernetes,route53,https
      drift-recheck: 1s
  after:
    needs: drift
    runs-on: ubuntu-24.04
    steps:
      - run: echo "drift is $DRIFT, $TOTAL in all"
        env:
          DRIFT: \${{ needs.drift.outputs.drift }}
          TOTAL: \${{ needs.drift.outputs.drift-total }}
`,
  });
  const clean = await runWorkflow(workspace.path, '.github/workflows/drift.yml');
  expect({ code: clean.code, jobs: clean.jobs }).toEqual({
    code: 0,
    jobs: { drift: 'success', after: 'success' },
  });
  expect(clean.log).toContain('drift is false, 0 in all');
  expect(clean.summary).toContain('## ✅ Nothing has drifted.');
  workspace.remove();
});
