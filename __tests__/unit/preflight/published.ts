// The sample's Gateway, and hosts that a route of the repository publishes at it.
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { hostsOf } from '../../../src/gateway/hosts.ts';

export const gateway = (over: object = {}): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra' },
  spec: {
    gatewayClassName: 'alb',
    infrastructure: { parametersRef: { name: 'public' } },
    listeners: [
      { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
      { name: 'https', protocol: 'HTTPS', port: 443, allowedRoutes: { namespaces: { from: 'All' } } },
    ],
    ...over,
  },
});
export const source = { file: 'routes/a.yaml', line: 3 };
export const hosts = (...hostnames: readonly string[]) =>
  hostsOf(
    [
      {
        object: {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'HTTPRoute',
          metadata: { name: 'a', namespace: 'apps' },
          spec: { hostnames, parentRefs: [{ name: 'public', namespace: 'infra', sectionName: 'https' }] },
        },
        source,
      },
    ],
    [gateway()],
  );
