// Charts: helm's own words, the state of the release and what was not ready; and a run that follows a killed one.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runAction } from '../../lab/runner.ts';
import { appFiles, ensureInfra, type Finished, kubectl, run, workspaceOf } from './harness.ts';
import { annotated, errorIn, errorsOf, fakeHelm, quick } from './reading.ts';

const name = 'charted';
const files = appFiles(name);
const [, deployment = '', service = ''] = (files['app/app.yaml'] ?? '').split('---\n');
const chartYaml = `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`;
const workspace = workspaceOf({
  'chart/Chart.yaml': chartYaml,
  'chart/templates/app.yaml': `${deployment}---\n${service}`,
  'chart/templates/route.yaml': files['routes/route.yaml'] ?? '',
});
const inChart = (file: string): string => join(workspace.path, 'chart', file);
const inputs = { ...quick, namespace: name, 'create-namespace': 'true', 'helm-timeout': '60s' };

const attempt = (given: Partial<Parameters<typeof run>[0]> = {}): Promise<Finished> =>
  run({ workspace: workspace.path, ...given, inputs: { ...inputs, ...given.inputs } });

const ours = (resources: string): string =>
  kubectl('get', resources, '-n', name, '--ignore-not-found', '-o', 'name');

async function expectLive(given: Partial<Parameters<typeof run>[0]> = {}): Promise<Finished> {
  const finished = await attempt(given);
  const { code, report } = finished;
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: `${name}.example.com is live.` });
  return finished;
}

const history = (): readonly string[] => {
  const rows = kubectl(
    'get',
    'secret',
    '-n',
    name,
    '-l',
    `owner=helm,name=${name}`,
    '-L',
    'status',
    '--no-headers',
  );
  return rows.split('\n').flatMap((row) => /\.v(\d+) .* (\S+)$/.exec(row)?.slice(1).join(' ') ?? []);
};

beforeAll(ensureInfra);
afterAll(() => {
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
  workspace.remove();
});

describe('before anything is written', () => {
  test('helm is not on PATH: said so, with the step that brings it', async () => {
    const { code, log, report } = await attempt({ env: { PATH: '/usr/bin:/bin' } });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/missing'] });
    expect(report.verdict).toMatch(/^helm is not on PATH/);
    expect(errorIn(report)?.hint).toContain('uses: azure/setup-helm@v4');
    expect(annotated(log, 'error')).toEqual([expect.stringContaining('title=helm/missing')]);
    expect(ours('all,secret,httproute')).toBe('');
  });

  test.each([
    ['too old', 'echo v3.12.3', 'helm/too-old', /helm is v3\.12\.3; it must be 3\.18 or later, or 4\./],
  ])('helm is %s', async (_how, script, errorCode, says) => {
    const helm = fakeHelm(script);
    const { code, report } = await attempt({ env: { PATH: helm.path } });
    helm.remove();
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: [errorCode] });
    expect(report.verdict).toMatch(says);
    expect(ours('all,secret,httproute')).toBe('');
  });

  test('a template fails: its own words, with the line in the template', async () => {
    writeFileSync(inChart('templates/odd.yaml'), 'a: 1\n{{ fail "replicas must be odd" }}\n');
    const { code, report } = await attempt();
    rmSync(inChart('templates/odd.yaml'));
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/render-failed'] });
    expect(errorIn(report)?.message).toMatch(/charted\/templates\/odd\.yaml:2:.*replicas must be odd/);
    expect(ours('all,secret,httproute')).toBe('');
  });

  test.each([
    ['is not in its repository', '99.9.9', 'https://kubernetes-sigs.github.io/external-dns/', /99\.9\.9/],
    [
      'has a repository that does not exist',
      '1.0.0',
      'https://charts.example.invalid',
      /charts\.example\.invalid.*no such host/,
    ],
  ])('a dependency %s: named, with the reason', async (_how, version, repository, says) => {
    const wanted = `dependencies:\n  - { name: external-dns, version: ${version}, repository: '${repository}' }\n`;
    writeFileSync(inChart('Chart.yaml'), `${chartYaml}${wanted}`);
    const { code, report } = await attempt();
    writeFileSync(inChart('Chart.yaml'), chartYaml);
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/dependency-failed'] });
    expect(errorIn(report)?.message).toMatch(/failed for chart:/);
    expect(errorIn(report)?.message).toMatch(says);
    expect(ours('all,secret,httproute')).toBe('');
  });
});

describe('while helm runs', () => {
  test('the API server refuses an object: helm’s words and the state of the release', async () => {
    const refused = service.replace('port: 8080', 'port: 80800').replace(`name: ${name},`, 'name: refused,');
    writeFileSync(inChart('templates/refused.yaml'), refused);
    const { code, log, report, summary } = await attempt();
    rmSync(inChart('templates/refused.yaml'));
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/failed'] });
    expect(report.verdict).toMatch(
      /Service "refused" is invalid: spec\.ports\[0\]\.port: Invalid value: 80800/,
    );
    expect(report.verdict).toContain('Release charted is failed at revision 1.');
    for (const shown of [log, summary]) expect(shown).toContain('80800');
    expect(errorIn(report)?.evidence).toContainEqual({
      from: 'helm history charted',
      saw: expect.stringMatching(/^failed, revision 1, chart charted-0\.1\.0: /),
    });
  });

  const pods = (label: string, spec: string): string =>
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${label}, namespace: ${name} }
spec:
  selector: { matchLabels: { app: ${label} } }
  template:
    metadata: { labels: { app: ${label} } }
    spec: ${spec}
`;
  // The lab really runs ExternalDNS, which ends at once with a flag that it does not know.
  const crashing = pods(
    'crashing',
    '{ containers: [{ name: dns, image: "external-dns:v0.19.0", args: [--no] }] }',
  );
  const homeless = pods(
    'homeless',
    '{ nodeSelector: { disk: none }, containers: [{ name: web, image: "nginx:1.29" }] }',
  );

  test('Deployments do not come up in time: each is named, with what its pods say', async () => {
    writeFileSync(inChart('templates/crashing.yaml'), crashing);
    writeFileSync(inChart('templates/homeless.yaml'), homeless);
    const { code, report, summary } = await attempt({ inputs: { 'helm-timeout': '6s' } });
    for (const each of ['crashing', 'homeless']) rmSync(inChart(`templates/${each}.yaml`));
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/failed'] });
    expect(report.verdict).toMatch(/not ready within 6 s \(.*\)\. Release charted is failed at revision 2\./);
    expect(report.verdict).toMatch(
      /Not rolled out: Deployment charted\/crashing \(.*exit code 1.*\); Deployment charted\/homeless \(not scheduled \(Unschedulable\)\)\.$/,
    );
    const evidence = errorIn(report)?.evidence ?? [];
    expect(evidence).toContainEqual({
      from: expect.stringMatching(/^Pod charted\/crashing-\S+ container dns$/),
      saw: expect.stringMatching(/CrashLoopBackOff, ended with exit code 1/),
    });
    expect(evidence).toContainEqual({
      from: expect.stringMatching(/^Pod charted\/homeless-/),
      saw: expect.stringMatching(/0\/1 nodes are available/),
    });
    for (const { from } of evidence) expect(summary).toContain(from);
  });

  test('mended, with a dependency that can be fetched, the release is deployed and the host is live', async () => {
    const wanted = `dependencies:\n  - { name: external-dns, version: 1.19.0, repository: 'https://kubernetes-sigs.github.io/external-dns/', condition: dns.enabled }\n`;
    writeFileSync(inChart('Chart.yaml'), `${chartYaml}${wanted}`);
    writeFileSync(inChart('values.yaml'), 'dns: { enabled: false }\n');
    const { log } = await expectLive();
    expect(log).toMatch(/Release charted\/charted: deployed, revision 3/);
    expect(ours('deployment')).toBe(`deployment.apps/${name}\n`);
    // The checkout stays as it was: helm fetches into a copy.
    expect(readdirSync(inChart(''))).toEqual(['Chart.yaml', 'templates', 'values.yaml']);
  });
});

/** Processes that a process started, and those that they started. */
function below(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return (children === '' ? [] : children.split(' ').map(Number)).flatMap((child) => [
    child,
    ...below(child),
  ]);
}

/** The Lease of a run that was killed is as it will be in half a minute, when it has run out. */
function halfAMinuteOn(): void {
  const renewTime = new Date(Date.now() - 30_000).toISOString().replace('Z', '000Z');
  const leases = kubectl('get', 'leases', '-n', name, '-o', 'name').trim().split('\n');
  expect(leases).toHaveLength(1);
  kubectl('patch', ...leases, '-n', name, '--type=merge', '-p', JSON.stringify({ spec: { renewTime } }));
}

test('a run killed while helm waits does not block the next one', async () => {
  const slow = `apiVersion: v1\nkind: Pod\nmetadata: { name: slow, namespace: ${name} }\nspec: { nodeSelector: { disk: none }, containers: [{ name: web, image: 'nginx:1.29' }] }\n`;
  writeFileSync(inChart('templates/slow.yaml'), slow);
  const before = history();
  let main: number | undefined;
  const killed = await runAction({
    workspace: workspace.path,
    inputs,
    onStart: ({ pid }) => {
      main = pid;
      const watch = setInterval(() => {
        if (pid === undefined || !history().some((row) => row.endsWith('pending-upgrade'))) return;
        clearInterval(watch);
        // As a runner's machine that goes away: nobody is told anything.
        for (const each of [...below(pid), pid]) process.kill(each, 'SIGKILL');
      }, 300);
    },
  });
  expect(main).toBeDefined();
  expect(killed.code).not.toBe(0);
  expect(killed.left).toEqual([]);
  expect(history().slice(before.length)).toEqual([expect.stringMatching(/pending-upgrade$/)]);

  rmSync(inChart('templates/slow.yaml'));
  halfAMinuteOn();
  const { log } = await expectLive({ inputs: { 'helm-timeout': '8s' } });
  expect(log).toMatch(
    /was left pending-upgrade at revision \d+ by a helm that has ended; that revision was dropped/,
  );
  expect(history().at(-1)).toMatch(/deployed$/);
});
