// Other ways to make a preview: only its names, one DNS record for all, this very commit, routes alone, from a chart.
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { appFiles, kubectl, kubectlApply, lab, layout } from './harness.ts';
import { freshPreviews, github, namespaceOf, preview, records, shas } from './previews.ts';
import { callsOfAction } from './reading.ts';

beforeAll(freshPreviews);
beforeEach(async () => {
  await lab('DELETE', '/github');
  await lab('DELETE', '/calls');
});

const quick = { 'https-successes': '1' };
const star = '*.preview.example.com';
const route53 = new Route53Client({
  region: layout.region,
  endpoint: `http://${layout.addresses.aws}:${layout.ports.aws}`,
  credentials: layout.admin.dns,
});

/** The standing record, as the zone's owner makes it, pointing to `target`. */
const wildcard = (Action: 'UPSERT' | 'DELETE', target: string) =>
  route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: process.env['LAB_HOSTED_ZONE_ID'] ?? '',
      ChangeBatch: {
        Changes: [
          {
            Action,
            ResourceRecordSet: { Name: star, Type: 'CNAME', TTL: 60, ResourceRecords: [{ Value: target }] },
          },
        ],
      },
    }),
  );

const codesOf = ({
  report,
}: {
  readonly report: { readonly findings: readonly { readonly code: string }[] };
}) => report.findings.map(({ code }) => code);

test('a dry run gives the names, asks nobody and tells nobody', async () => {
  const files = appFiles('web', (yaml) => yaml.replace('hostnames: [', 'hostnames: [admin.example.com, '));
  const named = await preview({ number: 90, sha: shas.first }, { files, inputs: { 'dry-run': 'true' } });
  expect({ code: named.code, outcome: named.report.outcome, ...named.outputs }).toMatchObject({
    code: 0,
    outcome: 'planned',
    live: 'false',
    'preview-name': 'pr-90-sample-app',
    'preview-url': 'https://pr-90-sample-app.preview.example.com/',
    hostnames: '["pr-90-sample-app.preview.example.com","pr-90-sample-app-web.preview.example.com"]',
  });
  expect(await callsOfAction()).toEqual([]);
  expect((await github()).requests).toEqual([]);
});

test('one standing record: checked before anything is applied; no preview writes one of its own', async () => {
  const inputs = { ...quick, 'preview-dns': 'wildcard' };
  const address = kubectl(
    'get',
    'gateway',
    'public',
    '-n',
    'infra',
    '-o',
    'jsonpath={.status.addresses[0].value}',
  );
  const without = await preview({ number: 91, sha: shas.first }, { inputs });
  expect({ code: without.code, codes: codesOf(without) }).toEqual({
    code: 1,
    codes: ['record/wildcard-missing'],
  });
  expect(without.report.findings[0]?.hint).toContain(address);
  expect(namespaceOf('pr-91-sample-app')).toBe('');

  await wildcard('UPSERT', 'elsewhere.example.com');
  const elsewhere = await preview({ number: 91, sha: shas.first }, { inputs });
  expect(codesOf(elsewhere)).toEqual(['record/wildcard-elsewhere']);

  await wildcard('UPSERT', address);
  try {
    // The app is built by kustomize: what it makes is what is previewed.
    const { 'app/app.yaml': app = '', 'routes/route.yaml': route = '' } = appFiles('web');
    const files = {
      'base/kustomization.yaml': 'resources: [app.yaml, route.yaml]\n',
      'base/app.yaml': app,
      'base/route.yaml': route,
      'overlay/kustomization.yaml': 'resources: [../base]\nreplicas: [{ name: web, count: 2 }]\n',
    };
    const live = await preview({ number: 91, sha: shas.first }, { files, inputs });
    expect({ outcome: live.report.outcome, codes: codesOf(live) }).toEqual({ outcome: 'live', codes: [] });
    expect(live.report.objects.map(({ ref }) => ref.replace(/^(\w+) .*\//, '$1 '))).toEqual([
      'Namespace pr-91-sample-app',
      'Service web',
      'Deployment web',
      'HTTPRoute web',
    ]);
    const replicas = [
      'get',
      'deployment',
      'web',
      '-n',
      'pr-91-sample-app',
      '-o',
      'jsonpath={.spec.replicas}',
    ];
    expect(kubectl(...replicas)).toBe('2');
    const chain = live.report.hosts[0]?.links.find(({ id }) => id === 'record');
    expect(chain?.message).toContain(star);
    const gone = await preview(
      { number: 91, sha: shas.first, action: 'closed' },
      { mode: 'teardown', files: {}, inputs },
    );
    expect(gone.report.outcome).toBe('removed');
    expect(await records()).toEqual([expect.stringContaining('CNAME')]);
  } finally {
    await wildcard('DELETE', address);
  }
});

/** PREVIEWS=full: also those that take longer. */
const more = () => {
  test('with expect-header only this commit counts: another one answers, and the preview is not live', async () => {
    const failed = await preview(
      { number: 92, sha: shas.first },
      { inputs: { ...quick, 'expect-header': 'X-Commit: {sha}', 'wait-timeout': '12s' } },
    );
    expect(failed.report.firstBroken).toMatchObject({ link: 'https', code: 'https/header-missing' });
    expect(JSON.stringify(failed.report.hosts[0]?.links)).toContain(shas.first);
  });

  test('routes alone, beside Services that stand: live, pushed to, gone, and nothing else touched', async () => {
    const files = appFiles('store');
    kubectlApply(files['app/app.yaml'] ?? '');
    kubectl('rollout', 'status', 'deployment/store', '-n', 'store', '--timeout=30s');
    const inputs = { ...quick, 'preview-services': 'store' };
    const live = await preview({ number: 93, sha: shas.first }, { files, inputs });
    expect({ outcome: live.report.outcome, codes: codesOf(live) }).toEqual({
      outcome: 'live',
      codes: ['preview/left-out'],
    });
    expect(live.report.objects.map(({ ref, result }) => `${ref} ${result}`)).toEqual([
      'HTTPRoute store/pr-93-sample-app-store created',
    ]);
    expect(namespaceOf('pr-93-sample-app')).toBe('');
    expect(kubectl('get', 'leases', '-n', 'store', '-o', 'name')).toBe('');
    // A run that was killed leaves its Lease; the next one has it, and the end of the preview takes it away.
    const lease = (name: string, renewed: Date): string => `apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: { name: ${name}, namespace: store }
spec: { holderIdentity: killed, leaseDurationSeconds: 30, renewTime: '${renewed.toISOString().replace('Z', '000Z')}' }
`;
    kubectlApply(lease('eks-gateway-preview-pr-93-sample-app', new Date()));
    const held = await preview(
      { number: 93, sha: shas.first },
      { files, inputs: { ...inputs, 'wait-timeout': '2s' } },
    );
    expect(codesOf(held)).toContain('run/held-by-another');
    kubectlApply(lease('eks-gateway-preview-pr-93-sample-app', new Date(0)));
    // Another preview beside it is left alone by a push, and by the end, of this one.
    const other = await preview({ number: 94, sha: shas.first }, { files, inputs });
    expect(other.report.outcome).toBe('live');
    const gone = await preview(
      { number: 93, sha: shas.first, action: 'closed' },
      { mode: 'teardown', files: {}, inputs },
    );
    expect({ outcome: gone.report.outcome, objects: gone.report.objects.map(({ ref }) => ref) }).toEqual({
      outcome: 'removed',
      objects: ['HTTPRoute store/pr-93-sample-app-store'],
    });
    expect(kubectl('get', 'httproute,deployment', '-n', 'store', '-o', 'name').trim().split('\n')).toEqual([
      'httproute.gateway.networking.k8s.io/pr-94-sample-app-store',
      'deployment.apps/store',
    ]);
    expect(kubectl('get', 'leases', '-n', 'store', '-o', 'name')).toBe('');
    expect((await records()).filter((name) => name.includes('pr-93'))).toEqual([]);

    const missing = await preview(
      { number: 95, sha: shas.first },
      { files, inputs: { ...inputs, 'preview-services': 'nowhere' } },
    );
    expect(codesOf(missing)).toContain('preview/no-services');
    kubectl('delete', 'namespace', 'store', '--wait=false');
  });

  test('from a chart: rendered with its values, then held to the same rules; without its hooks', async () => {
    const { 'app/app.yaml': app = '', 'routes/route.yaml': route = '' } = appFiles('web');
    const chart = (yaml: string) => ({
      'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'chart/values.yaml': 'image: nginx:1.29\n',
      'preview-values.yaml': 'image: registry.example.com/web:pr\n',
      'chart/templates/app.yaml': app.replace("'nginx:1.29'", '{{ .Values.image }}'),
      'chart/templates/route.yaml': route,
      'chart/templates/hook.yaml':
        'apiVersion: batch/v1\nkind: Job\nmetadata: { name: migrate, annotations: { helm.sh/hook: pre-install } }\n',
      'chart/templates/more.yaml': yaml,
    });
    const inputs = { ...quick, charts: 'chart', 'values-files': 'preview-values.yaml' };
    const attack = 'apiVersion: v1\nkind: Service\nmetadata: { name: b }\nspec: { type: LoadBalancer }\n';
    const refused = await preview({ number: 96, sha: shas.first }, { files: chart(attack), inputs });
    expect({ outcome: refused.report.outcome, codes: codesOf(refused) }).toEqual({
      outcome: 'failed',
      codes: ['preview/left-out', 'preview/exposed-service'],
    });
    expect(refused.report.findings[1]?.source?.file).toBe('chart/templates/more.yaml');
    expect(namespaceOf('pr-96-sample-app')).toBe('');

    const live = await preview({ number: 96, sha: shas.first }, { files: chart(''), inputs });
    expect(live.report.outcome).toBe('live');
    expect(kubectl('get', 'deployment', 'web', '-n', 'pr-96-sample-app', '-o', 'jsonpath={..image}')).toBe(
      'registry.example.com/web:pr',
    );
    expect(kubectl('get', 'secret', '-n', 'pr-96-sample-app', '-o', 'name')).toBe('');
  });
};
if (process.env['PREVIEWS'] === 'full') more();
