// A Gateway, the load balancer that it asks for, and what is said where the two differ.
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { Asked } from '../../../src/drift/asked.ts';
import type { Sighting } from '../../../src/drift/item.ts';

export const at = new Date('2026-11-25T12:00:00Z');
export const gateway: KubernetesObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra' },
  spec: {
    listeners: [
      { name: 'https', protocol: 'HTTPS', port: 443 },
      { name: 'http', protocol: 'HTTP', port: 80 },
    ],
  },
  status: {
    listeners: [
      { name: 'https', attachedRoutes: 1 },
      { name: 'http', attachedRoutes: 0 },
    ],
  },
};
export const controller: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'lbc', namespace: 'infra' },
  spec: { template: { spec: { containers: [{ name: 'lbc', args: ['--sync-period=2h'] }] } } },
  status: { availableReplicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
};
export const asked = (configuration: JsonObject = {}): Asked => ({
  gateway,
  configuration,
  lbc: { namespace: 'infra', name: 'lbc', deployment: controller },
  at,
});
export const state = {
  arn: 'arn:lb',
  name: 'k8s-infra-public',
  scheme: 'internet-facing',
  ipAddressType: 'ipv4',
  securityGroups: ['sg-1'],
};
export const said = (sightings: readonly Sighting[]): string[] =>
  sightings.map(
    ({ path, found, heals }) => `${path}: ${found ?? 'nothing'}; ${heals === false ? 'stays' : heals.until}`,
  );
export const mended = '2026-11-25T14:00:00.000Z';
