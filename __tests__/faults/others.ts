// What another team has at the same Gateway.
import { app } from '../dist/edge.ts';
import { kubectl, kubectlApply } from '../dist/lab-control.ts';
import type { Place } from './place.ts';

/**
 * Their app and its route, in the Gateway's namespace.
 * @param more of the route's one rule, in YAML's flow form
 */
export const theirRoute = (at: Place, host: string, weight = 1, more = ''): void =>
  kubectlApply(`apiVersion: v1
kind: Namespace
metadata: { name: ${at.gateway.namespace} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: theirs, namespace: ${at.gateway.namespace} }
spec:
  hostnames: [${host}]
  parentRefs: [{ name: ${at.gateway.name}, sectionName: https }]
  rules: [{ backendRefs: [{ name: web, port: 8080, weight: ${weight} }]${more} }]
---
${app(at.gateway.namespace, 'web')}`);

export const withdrawTheirRoute = (at: Place): string =>
  kubectl('delete', 'httproute', 'theirs', '-n', at.gateway.namespace);
