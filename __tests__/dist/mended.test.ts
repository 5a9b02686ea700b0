// Mended elsewhere: an old failure of the controller is not believed, and not waited out either.
import { beforeAll, expect, test } from '@jest/globals';
import { importCertificate } from './edge.ts';
import { ensureInfra, type Finished, kubectl, kubectlApply, runApp } from './harness.ts';

const host = 'mended.inner.example.com';

/** A Gateway of another team, whose certificate the controller finds in ACM by the hostnames of its routes. */
const gateway = `apiVersion: v1
kind: Namespace
metadata: { name: edge-mended }
---
apiVersion: gateway.k8s.aws/v1
kind: LoadBalancerConfiguration
metadata: { name: edge, namespace: edge-mended }
spec: { scheme: internet-facing }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: edge-mended }
spec:
  gatewayClassName: aws-alb
  infrastructure: { parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: edge } }
  listeners:
    - { name: https, protocol: HTTPS, port: 443, allowedRoutes: { namespaces: { from: All } } }
`;

const publish = (seconds: number): Promise<Finished> =>
  runApp('mended', {
    inputs: { 'wait-timeout': `${seconds}s` },
    change: (yaml) =>
      yaml
        .replace('mended.example.com', host)
        .replace('name: public, namespace: infra', 'name: edge, namespace: edge-mended'),
  });

const failedAttempts = (): number =>
  (
    JSON.parse(
      kubectl('get', 'events', '-n', 'edge-mended', '--field-selector=reason=FailedBuildModel', '-o', 'json'),
    ) as { readonly items: readonly { readonly count?: number }[] }
  ).items.reduce((sum, { count = 1 }) => sum + count, 0);

const touchedAt = (): string =>
  kubectl(
    'get',
    'gateway',
    'edge',
    '-n',
    'edge-mended',
    '-o',
    'jsonpath={.metadata.annotations.eks-gateway-action/nudged-at}',
  );

beforeAll(ensureInfra, 240_000);

test('a missing certificate: named, still missing, then imported', async () => {
  kubectlApply(gateway);
  // Long enough to be named; that it would end by itself is for the second run to show.
  const first = await publish(6);
  expect(first.report.firstBroken).toEqual({ host, link: 'gateway', code: 'gateway/certificate-not-found' });
  expect(first.report.hosts[0]?.links.find(({ id }) => id === 'gateway')?.message).toContain(host);
  expect(touchedAt()).toBe('');

  // Nothing has changed, and the same run must not wait for its whole time: the controller says it anew once it is woken.
  const second = await publish(120);
  expect(second.report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  expect(second.report.firstBroken).toEqual({ host, link: 'gateway', code: 'gateway/certificate-not-found' });
  expect(second.log).toContain('Gateway edge-mended/edge touched');
  expect(second.seconds).toBeLessThan(50);

  importCertificate([host]);
  const attempts = failedAttempts();
  const touched = touchedAt();
  const third = await publish(60);
  expect({ code: third.code, outcome: third.report.outcome }).toEqual({ code: 0, outcome: 'live' });
  expect(third.report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  // The controller slept all the while: it was the touch that made it look again.
  expect(failedAttempts()).toBe(attempts);
  expect(touchedAt() > touched).toBe(true);
  expect(third.seconds).toBeLessThan(25);
  const spec = kubectl(
    'get',
    'gateway',
    'edge',
    '-n',
    'edge-mended',
    '-o',
    'jsonpath={.spec.listeners[*].name}',
  );
  expect(spec).toBe('https');
}, 240_000);
