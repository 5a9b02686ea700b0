// The modes that write nothing: `verify` follows what somebody else applied, `lint` needs no cloud at all.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { prepareSample } from '../../lab/sample.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  infraInputs,
  kubectl,
  kubectlApply,
  lab,
  run,
  runApp,
  workspaceOf,
} from './harness.ts';
import { callsOfAction } from './reading.ts';

const routeFiles = (name: string): Record<string, string> => ({
  'route.yaml': appFiles(name)['routes/route.yaml'] ?? '',
});

const forgotten = workspaceOf(routeFiles('forgotten'));
let missed: Promise<Finished>;

beforeAll(async () => {
  await ensureInfra();
  // It waits for whoever applies; the other tests go on meanwhile.
  missed = run({ workspace: forgotten.path, action: 'verify', inputs: { 'wait-timeout': '30s' } });
  // Whatever goes wrong is the test's to say.
  missed.catch(() => undefined);
});
afterAll(forgotten.remove);

test('verify: follows to live what Argo CD or Flux would have applied, and writes nothing', async () => {
  const files = appFiles('gitops');
  kubectlApply(files['app/app.yaml'] ?? '');
  kubectlApply(files['routes/route.yaml'] ?? '');
  const managers = () =>
    kubectl('get', 'httproute,service,deployment', '-n', 'gitops', '-o', 'yaml', '--show-managed-fields');
  const workspace = workspaceOf(routeFiles('gitops'));
  const { code, report } = await run({
    workspace: workspace.path,
    action: 'verify',
    inputs: { 'wait-timeout': '60s' },
  });
  workspace.remove();
  expect({ code, mode: report.mode, outcome: report.outcome }).toEqual({
    code: 0,
    mode: 'verify',
    outcome: 'live',
  });
  expect(report.objects).toEqual([]);
  expect(managers()).not.toContain('eks-gateway-action');
});

test('lint: the charts too, by their values and, where helm is, by what they render', async () => {
  const workspace = workspaceOf({});
  const inputs = { ...infraInputs, 'cluster-name': '', 'aws-region': '', 'role-to-assume': '' };
  const linted = async (env: Readonly<Record<string, string>> = {}) => {
    const { report } = await run({ workspace: workspace.path, action: 'lint', inputs, env });
    return report.findings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`);
  };
  try {
    prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
    expect(await linted()).toEqual([]);
    const file = join(workspace.path, 'infra/environment.yaml');
    const values = readFileSync(file, 'utf8');
    writeFileSync(file, values.replace(/^ {2}txtOwnerId:.*\n/m, ''));
    const route = join(workspace.path, 'routes/sample-app.yaml');
    writeFileSync(route, readFileSync(route, 'utf8').replace('sectionName: https', 'sectionName: nowhere'));
    const owner = `externaldns/owner-id-default infra/environment.yaml:${values.split('\n').indexOf('external-dns:') + 1}`;
    expect(await linted()).toEqual([owner, 'route/no-matching-parent routes/sample-app.yaml:1']);
    // The Gateway stands in a template.
    expect(await linted({ PATH: '/usr/bin:/bin' })).toEqual([
      'lint/chart-not-rendered undefined:undefined',
      owner,
    ]);
  } finally {
    workspace.remove();
  }
});

test('lint: of hundreds of findings the log has the first, and says where the others are', async () => {
  const cut = (index: number): [string, string] => [
    `cut/${index}.yaml`,
    'apiVersion: v1\nkind: ConfigMap\ndata: { a: b }\n',
  ];
  const files = Object.fromEntries(Array.from({ length: 250 }, (_, index) => cut(index)));
  const { log, report } = await runApp('cut', { files, action: 'lint' });
  expect(report.findings).toHaveLength(250);
  expect(log.match(/\[bundle\/not-an-object\]|title=bundle\/not-an-object/g)).toHaveLength(200);
  expect(log).toMatch(/… and 50 more findings, in .*report\.json/);
});

test('verify: a route that nobody applied is named', async () => {
  const { code, report } = await missed;
  expect(code).toBe(1);
  expect(report.firstBroken).toEqual({ host: 'forgotten.example.com', link: 'route', code: 'route/missing' });
});

test('lint: finds slips with file and line, without a token, a call or a cluster; also for a fork', async () => {
  await lab('DELETE', '/calls');
  const heavy = (yaml: string): string => yaml.replace('port: 8080 }]', 'port: 8080, weight: 1000 }]');
  const { code, log, report } = await runApp('heavy', {
    change: heavy,
    action: 'lint',
    inputs: { 'cluster-name': '', 'aws-region': '', 'role-to-assume': '', 'dns-role-to-assume': '' },
    env: { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined },
    event: {
      name: 'pull_request',
      payload: {
        pull_request: {
          number: 1,
          head: { sha: 'a', ref: 'b', repo: { id: 2, full_name: 'somebody/sample-app' } },
          base: { repo: { id: 1, full_name: 'example-org/sample-app' } },
        },
      },
    },
  });
  expect({ code, outcome: report.outcome }).toEqual({ code: 1, outcome: 'failed' });
  expect(log).toContain('::error file=routes/route.yaml,line=1,title=lint/weight-too-high::');
  expect(await callsOfAction()).toEqual([]);
  expect((await runApp('light', { action: 'lint' })).report.outcome).toBe('clean');
});
