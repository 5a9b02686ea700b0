// Mended elsewhere: an old failure of the controller is not believed, and not waited out either.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importCertificate } from '../../lab/certificate.ts';
import { iam } from './admin.ts';
import { ensureInfra, type Finished, kubectl, kubectlApply, layout, runApp } from './harness.ts';

/** A Gateway of another team, whose certificate the controller finds in ACM by the hostnames of its routes. */
const gateway = (namespace: string): string => `apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: gateway.k8s.aws/v1
kind: LoadBalancerConfiguration
metadata: { name: edge, namespace: ${namespace} }
spec: { scheme: internet-facing }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: ${namespace} }
spec:
  gatewayClassName: aws-alb
  infrastructure: { parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: edge } }
  listeners:
    - { name: https, protocol: HTTPS, port: 443, allowedRoutes: { namespaces: { from: All } } }
`;

/** What the controller's role may do is the account's business, and no file of any repository. */
const denial = { RoleName: layout.roles.loadBalancerController, PolicyName: 'denied-by-test' };
const deny = (action: string): Promise<string> =>
  iam('eks', 'PutRolePolicy', {
    ...denial,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: action, Resource: '*' }],
    }),
  });
const allow = (): Promise<string> => iam('eks', 'DeleteRolePolicy', denial);

const names = { policy: 'policy.example.com', certificate: 'certificate.inner.example.com' } as const;
type Name = keyof typeof names;

const publish = (name: Name, seconds: number): Promise<Finished> =>
  runApp(name, {
    inputs: { 'wait-timeout': `${seconds}s` },
    change: (yaml) =>
      yaml
        .replace(`${name}.example.com`, names[name])
        .replace('name: public, namespace: infra', `name: edge, namespace: edge-${name}`),
  });

const both = (seconds: number): Promise<readonly [Finished, Finished]> =>
  Promise.all([publish('policy', seconds), publish('certificate', seconds)]);

const gatewayLink = ({ report }: Finished) => report.hosts[0]?.links.find(({ id }) => id === 'gateway');

/** How often the controller has failed on a Gateway. */
const failures = (name: Name): number =>
  (
    JSON.parse(kubectl('get', 'events', '-n', `edge-${name}`, '-o', 'json')) as {
      readonly items: readonly { readonly reason: string; readonly count?: number }[];
    }
  ).items.reduce((sum, { reason, count = 1 }) => (reason.startsWith('Failed') ? sum + count : sum), 0);

const touchedAt = (name: Name): string =>
  kubectl(
    ...['get', 'gateway', 'edge', '-n', `edge-${name}`],
    ...['-o', 'jsonpath={.metadata.annotations.eks-gateway-action/nudged-at}'],
  );

/** Milliseconds. */
const second = 1_000;

/** Back-off doubles with each failure: after these the controller looks again by itself in more than a minute. */
async function tire(name: Name): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    const before = failures(name);
    kubectl('annotate', 'gateway', 'edge', '-n', `edge-${name}`, '--overwrite', `test/count=${count}`);
    // Touches that come too fast are one to the controller, and one failure.
    while (failures(name) === before) await new Promise((done) => setTimeout(done, 100));
  }
  // Events carry whole seconds, and the cluster's clock is known to one: what is younger counts as new.
  const last = Date.now();
  while (Date.now() - last < 3 * second) await new Promise((done) => setTimeout(done, 200));
}

beforeAll(ensureInfra);
afterAll(() => allow().catch(() => undefined));

test('a policy and a certificate: named, still missing, then mended', async () => {
  await deny('elasticloadbalancing:CreateListener');
  kubectlApply(`${gateway('edge-policy')}---\n${gateway('edge-certificate')}`);
  // Long enough to be named; that it ends by itself is for the next run to show.
  const [policy, certificate] = await both(8);
  expect(policy.report.firstBroken).toEqual({
    host: names.policy,
    link: 'gateway',
    code: 'gateway/deploy-failed',
  });
  expect(gatewayLink(policy)?.hint).toContain('Grant elasticloadbalancing:CreateListener');
  expect(certificate.report.firstBroken).toEqual({
    host: names.certificate,
    link: 'gateway',
    code: 'gateway/certificate-not-found',
  });
  expect(gatewayLink(certificate)?.message).toContain(names.certificate);
  expect([touchedAt('policy'), touchedAt('certificate')]).toEqual(['', '']);

  await tire('policy');

  // Nothing has changed, and the same run must not wait for its whole time: once it is woken the controller says it anew.
  const still = await publish('policy', 120);
  expect(still.report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  expect(still.report.firstBroken).toEqual(policy.report.firstBroken);
  expect(still.log).toContain('Gateway edge-policy/edge touched');
  expect(still.seconds).toBeLessThan(60);

  await allow();
  importCertificate([names.certificate]);
  const before = { failures: failures('policy'), touched: touchedAt('policy') };
  const mended = await both(120);
  for (const { code, report } of mended) {
    expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'live' });
    expect(report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  }
  expect(mended[0].seconds).toBeLessThan(40);
  // The real controller keeps ACM's list of certificates for a minute.
  expect(mended[1].seconds).toBeLessThan(100);
  // The controller slept all the while: it was the touch that made it look again. At the certificate's Gateway, which was
  // not tired, it may have looked by itself.
  expect(failures('policy')).toBe(before.failures);
  expect(touchedAt('policy') > before.touched).toBe(true);
  expect(
    kubectl('get', 'gateway', 'edge', '-n', 'edge-policy', '-o', 'jsonpath={.spec.listeners[*].name}'),
  ).toBe('https');
});
