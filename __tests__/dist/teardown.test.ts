// teardown of a deploy: in order, only what is ours, and what remains is listed.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { app, edgeGateway, edgeRoute } from './edge.ts';
import { ensureInfra, type Finished, kubectl, kubectlApply, run, workspaceOf } from './harness.ts';
import { scaleExternalDns } from './previews.ts';
import { errorIn, errorsOf, quick } from './reading.ts';

/** `TEARDOWN=full`: also with a controller that is away, and with an ExternalDNS that removes nothing. */
const full = process.env['TEARDOWN'] === 'full';
const name = 'torn-down';
const host = `${name}.example.com`;
const gatewayClass = 'torn-down-class';
const classOfOurs = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ${gatewayClass} }
spec: { controllerName: gateway.k8s.aws/alb }
`;
const [namespace = '', configuration = '', gateway = ''] = edgeGateway(name)
  .replace('gatewayClassName: aws-alb', `gatewayClassName: ${gatewayClass}`)
  .split('---\n');
// The Gateway comes with a chart, the rest as manifests.
const workspace = workspaceOf({
  'chart/Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`,
  'chart/templates/gateway.yaml': `${configuration}---\n${gateway}`,
  'app/class.yaml': `${namespace}---\n${classOfOurs}`,
  'app/app.yaml': app(name, 'web'),
  'routes/route.yaml': edgeRoute(name, { name: 'web', hostnames: [host] }),
});
const inputs = {
  ...quick,
  namespace: name,
  'create-namespace': 'true',
  'helm-timeout': '60s',
  prune: 'true',
  inventory: 'torn-down',
};

const go = (given: Partial<Parameters<typeof run>[0]> = {}): Promise<Finished> =>
  run({ workspace: workspace.path, ...given, inputs: { ...inputs, ...given.inputs } });
const tearDown = (given: Partial<Parameters<typeof run>[0]> = {}) => go({ action: 'teardown', ...given });

const there = (...kinds: string[]): string =>
  kubectl('get', kinds.join(','), '-n', name, '--ignore-not-found', '-o', 'name');
const removed = ({ report }: Finished): readonly string[] =>
  report.objects.filter(({ result }) => result === 'pruned').map(({ ref }) => ref);
const scale = (deployment: string, replicas: number): string =>
  kubectl('scale', 'deployment', deployment, '-n', 'infra', `--replicas=${replicas}`);
const lbc = (): string =>
  kubectl('get', 'deployment', '-n', 'infra', '-o', 'name')
    .split('\n')
    .find((each) => each.includes('load-balancer-controller'))
    ?.split('/')[1] ?? '';
const ready = (deployment: string): string =>
  kubectl('rollout', 'status', `deployment/${deployment}`, '-n', 'infra', '--timeout=60s');

beforeAll(async () => {
  await ensureInfra();
  const { code, report } = await go();
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: `${host} is live.` });
});
afterAll(() => {
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
  kubectl('delete', 'gatewayclass', gatewayClass, '--ignore-not-found', '--wait=false');
  workspace.remove();
});

test('a pull request never ends a deploy', async () => {
  const pull = { number: 1, head: { sha: 'a', ref: 'b', repo: { id: 1 } }, base: { repo: { id: 1 } } };
  const { code, report } = await tearDown({
    event: { name: 'pull_request', payload: { pull_request: pull } },
  });
  expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['input/invalid'] });
  expect(report.verdict).toContain('only a preview is taken down');
});

test('a route of others on our Gateway: nothing is removed, and it is named', async () => {
  kubectlApply(edgeRoute(name, { name: 'foreign', hostnames: [`foreign-${host}`] }));
  const finished = await tearDown();
  kubectl('delete', 'httproute', 'foreign', '-n', name);
  expect({ code: finished.code, errors: errorsOf(finished.report) }).toEqual({
    code: 1,
    errors: ['teardown/still-used'],
  });
  expect(finished.report.verdict).toBe(`Gateway ${name}/edge is still used by HTTPRoute ${name}/foreign.`);
  expect(removed(finished)).toEqual([]);
});

test('a load balancer that is protected against deletion: nothing is removed', async () => {
  const set = (attributes: string): string =>
    kubectl(
      ...['patch', 'loadbalancerconfiguration', 'edge', '-n', name, '--type=merge', '-p'],
      `{"spec":{"loadBalancerAttributes":${attributes}}}`,
    );
  set('[{"key":"deletion_protection.enabled","value":"true"}]');
  const finished = await tearDown();
  set('null');
  expect({ code: finished.code, errors: errorsOf(finished.report), removed: removed(finished) }).toEqual({
    code: 1,
    errors: ['teardown/protected'],
    removed: [],
  });
  expect(finished.report.verdict).toBe(
    `The load balancer of Gateway ${name}/edge is protected against deletion.`,
  );
});

if (full) {
  test('ExternalDNS is scaled to zero: said at once, and the Gateway is left for it', async () => {
    scaleExternalDns(0);
    const finished = await tearDown();
    scaleExternalDns(1);
    ready('infra-external-dns');
    expect({ code: finished.code, errors: errorsOf(finished.report), removed: removed(finished) }).toEqual({
      code: 1,
      errors: ['teardown/records-left'],
      removed: [`HTTPRoute ${name}/web`],
    });
    expect(errorIn(finished.report)?.hint).toContain('is scaled to zero: scale it up, then run again');
    expect((await go()).report.outcome).toBe('live');
  });

  test('the controller is away: routes and records go, the Gateway waits, and what it holds in AWS is listed', async () => {
    scale(lbc(), 0);
    kubectl(
      'wait',
      '--for=delete',
      'pod',
      '-n',
      'infra',
      '-l',
      `app.kubernetes.io/name=${'aws-load-balancer-controller'}`,
      '--timeout=60s',
    );
    const finished = await tearDown({ inputs: { 'wait-timeout': '10m' } });
    scale(lbc(), 1);
    const { report } = finished;
    expect({ code: finished.code, errors: errorsOf(report) }).toEqual({
      code: 1,
      errors: ['teardown/objects-left', 'teardown/resources-left'],
    });
    expect(report.verdict).toContain(`Gateway ${name}/edge (finalizers: gateway.k8s.aws/alb)`);
    const evidence = report.findings.find(({ code }) => code === 'teardown/resources-left')?.evidence ?? [];
    expect(new Set(evidence.map(({ from }) => from))).toEqual(new Set(['load balancer', 'target group']));
    // Nobody waited ten minutes for what could not come.
    expect(report.verdict).toContain('is scaled to zero');
    expect(removed(finished)).toEqual([`HTTPRoute ${name}/web`, `Gateway ${name}/edge`]);
    expect(there('deployment')).not.toBe('');
    ready(lbc());
  });
}

test('everything goes, in order; definitions and namespaces stay', async () => {
  const finished = await tearDown();
  const { code, report } = finished;
  expect({ code, outcome: report.outcome, errors: errorsOf(report) }).toEqual({
    code: 0,
    outcome: 'removed',
    errors: [],
  });
  expect(removed(finished)).toEqual([
    ...(full ? [] : [`HTTPRoute ${name}/web`, `Gateway ${name}/edge`]),
    `GatewayClass ${gatewayClass}`,
    `LoadBalancerConfiguration ${name}/edge`,
    `Deployment ${name}/web`,
    `Service ${name}/web`,
    `Release ${name}/${name}`,
    `ConfigMap ${name}/torn-down`,
  ]);
  expect(there('httproute', 'gateway', 'loadbalancerconfiguration', 'deployment', 'service')).toBe('');
  expect(there('secret', 'lease')).toBe('');
  expect(kubectl('get', 'namespace', name, '-o', 'name')).toBe(`namespace/${name}\n`);
  expect(kubectl('get', 'crd', 'gateways.gateway.networking.k8s.io', '-o', 'name')).not.toBe('');

  const again = await tearDown();
  expect({ code: again.code, outcome: again.report.outcome, removed: removed(again) }).toEqual({
    code: 0,
    outcome: 'removed',
    removed: [],
  });
});

if (full) {
  test('ExternalDNS removes nothing: its records are listed, and the rest goes', async () => {
    const args = JSON.parse(
      kubectl(
        'get',
        'deployment',
        'infra-external-dns',
        '-n',
        'infra',
        '-o',
        'jsonpath={.spec.template.spec.containers[0].args}',
      ),
    ) as readonly string[];
    const set = (policy: string): void => {
      const path = `/spec/template/spec/containers/0/args/${args.findIndex((arg) => arg.startsWith('--policy='))}`;
      const patch = JSON.stringify([{ op: 'replace', path, value: `--policy=${policy}` }]);
      kubectl('patch', 'deployment', 'infra-external-dns', '-n', 'infra', '--type=json', '-p', patch);
      ready('infra-external-dns');
    };
    expect((await go()).report.outcome).toBe('live');
    set('upsert-only');
    const finished = await tearDown();
    set('sync');
    const { code, report } = finished;
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['teardown/records-left'] });
    expect(report.verdict).toMatch(new RegExp(`^\\d records of ${host} still stand in Route 53\\.$`));
    expect(errorIn(report)?.hint).toContain('--policy=upsert-only and removes no records');
    const evidence = errorIn(report)?.evidence ?? [];
    expect(evidence.map(({ from }) => from)).toEqual(
      expect.arrayContaining([`A ${host}`, `TXT cname-${host}`]),
    );
    expect(evidence.some(({ saw }) => saw.includes('external-dns/owner=sample'))).toBe(true);
    expect(there('httproute', 'gateway', 'deployment')).toBe('');
  });
}
