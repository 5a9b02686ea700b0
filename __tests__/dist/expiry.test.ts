// Credentials that end before the run does: EKS tokens of seconds, sessions of less than a minute, a slow load balancer, a slow release; green.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { app, edgeGateway, edgeRoute } from './edge.ts';
import { ensureInfra, kubectl, lab, layout, resetKnobs, run, setKnobs, workspaceOf } from './harness.ts';

const namespace = 'expiry';
/** EXPIRY=full: sessions of a minute, a load balancer that needs three, and a release whose wait spans the end of a session too. */
const full = process.env['EXPIRY'] === 'full';
const seconds = full
  ? { token: 20, session: 60, loadBalancer: 180, release: 75 }
  : { token: 14, session: 36, loadBalancer: 38, release: 20 };

beforeAll(ensureInfra);

afterAll(async () => {
  await resetKnobs();
  kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
});

test('tokens and sessions are renewed for as long as the run lasts', async () => {
  const workspace = workspaceOf({
    'chart/Chart.yaml': 'apiVersion: v2\nname: slow\nversion: 0.1.0\n',
    // In the chart, so that the load balancer comes up while helm waits for the pod.
    'chart/templates/gateway.yaml': edgeGateway(namespace).replace(/^apiVersion: v1[\s\S]*?---\n/, ''),
    'chart/templates/app.yaml': app(namespace, 'web', { 'lab/ready-after': `${seconds.release}s` }),
    'routes.yaml': edgeRoute(namespace, { name: 'expiry', hostnames: ['expiry.example.com'] }),
  });
  await setKnobs({
    eksTokenSeconds: seconds.token,
    sessionSeconds: seconds.session,
    loadBalancerActiveSeconds: seconds.loadBalancer,
  });
  await lab('DELETE', '/calls');
  const { code, report, log } = await run({
    workspace: workspace.path,
    inputs: { namespace, 'create-namespace': 'true', 'wait-timeout': full ? '5m' : '3m' },
  });
  workspace.remove();

  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'expiry.example.com is live.' });
  // The wait of helm, and the run as a whole, were as long as they had to be for this to prove anything.
  const phase = (name: string): number => report.phases.find((each) => each.name === name)?.seconds ?? 0;
  expect(phase('Install the charts')).toBeGreaterThan(seconds.token + 5);
  expect(report.phases.reduce((sum, each) => sum + each.seconds, 0)).toBeGreaterThan(
    Math.max(seconds.session, seconds.loadBalancer),
  );
  for (const role of [layout.roles.deploy, layout.roles.dnsReader]) {
    const assumed = (await lab('GET', '/calls?action=AssumeRoleWithWebIdentity')) as readonly {
      readonly resource: string;
    }[];
    expect(assumed.filter(({ resource }) => resource.endsWith(`/${role}`)).length).toBeGreaterThan(1);
  }
  expect(log).not.toMatch(/Unauthorized|ExpiredToken/);
});
