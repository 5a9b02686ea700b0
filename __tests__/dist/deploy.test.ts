// The thread: a clean cluster, one run of the built action, a hostname alive; and the same run again changes nothing.
import { expect, test } from '@jest/globals';
import { prepareSample } from '../../lab/sample.ts';
import { infraInputs, kubectl, lab, run, runApp, workspaceOf } from './harness.ts';

test('the sample comes alive, and the second run changes nothing', async () => {
  const workspace = workspaceOf({});
  prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
  const inputs = { ...infraInputs, 'wait-timeout': '3m' };
  await lab('DELETE', '/dns/queries');

  const first = await run({ workspace: workspace.path, inputs });
  expect(first.log).toContain('sample-app.example.com is live.');
  expect({ code: first.code, outcome: first.report.outcome }).toEqual({ code: 0, outcome: 'live' });
  expect(first.outputs).toMatchObject({ live: 'true', hostnames: '["sample-app.example.com"]' });
  expect(first.report.versions).toMatchObject({
    externalDns: '0.19.0',
    gatewayApi: 'v1.6.1 standard',
    kubernetes: 'v1.36.3',
  });
  expect(first.report.hosts[0]?.links.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'crds ok',
    'release ok',
    'class ok',
    'gateway ok',
    'route ok',
    'rule ok',
    'workload ok',
    'targets ok',
    'record ok',
    'nameservers ok',
    'certificate ok',
    'https ok',
  ]);
  // Whoever asks a recursive resolver too early is told NXDOMAIN for 15 minutes.
  const queries = (await lab('GET', '/dns/queries')) as readonly { readonly name: string }[];
  expect(queries.filter(({ name }) => name.startsWith('sample-app.example.com'))).toEqual([]);

  // Of the sample alone: what other tests left may be on its way out.
  const versions = () =>
    ['infra', 'sample-app'].map((namespace) =>
      kubectl(
        ...['get', 'httproute,service,deployment,crd', '-n', namespace, '-o'],
        'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}',
      ),
    );
  const before = versions();
  const second = await run({ workspace: workspace.path, inputs });
  expect(second.report.outcome).toBe('live');
  expect(second.report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  expect(second.outputs['changed']).toBe('false');
  expect(versions()).toEqual(before);
  workspace.remove();
});

test('an app team publishes from a repository of routes alone', async () => {
  const { code, report } = await runApp('bookshop');
  expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'live' });
  expect(
    report.objects.map(({ ref, result, source }) => `${ref} ${result} ${source?.file}:${source?.line}`),
  ).toEqual([
    'Namespace bookshop created app/app.yaml:1',
    'Service bookshop/bookshop created app/app.yaml:17',
    'Deployment bookshop/bookshop created app/app.yaml:5',
    'HTTPRoute bookshop/bookshop created routes/route.yaml:1',
  ]);
});
