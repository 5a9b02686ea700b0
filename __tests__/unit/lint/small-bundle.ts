// A route, its Gateway, Service and Deployment, each to be varied, and what lint says of them.
import { parseManifests } from '../../../src/bundle/parse.ts';
import type { LintInput } from '../../../src/lint/input.ts';
import { lint } from '../../../src/lint/lint.ts';

export const gateway = (hostname: string | undefined, from = 'All') => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec:
  gatewayClassName: aws-alb
  listeners:
    - { name: https, protocol: HTTPS, port: 443${hostname ? `, hostname: '${hostname}'` : ''}, allowedRoutes: { namespaces: { from: ${from} } } }
`;

export const route = (changes: { name?: string; host?: string; rule?: string; parent?: string } = {}) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${changes.name ?? 'shop'}, namespace: shop }
spec:
  hostnames: ['${changes.host ?? 'shop.example.com'}']
  parentRefs: ${changes.parent ?? '[{ name: public, namespace: infra }]'}
  rules: [${changes.rule ?? '{ backendRefs: [{ name: shop, port: 8080 }] }'}]
`;

export const service = (targetPort: string) => `
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { selector: { app: shop }, ports: [{ port: 8080, targetPort: ${targetPort} }] }
`;

export const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: web, image: nginx, ports: [{ name: http, containerPort: 80 }] }] }
`;

export const findingsOf = (
  routes: readonly string[],
  objects: readonly string[] = [],
  more: Pick<LintInput, 'unread'> = {},
) =>
  lint({
    routes: routes.flatMap((text, index) => parseManifests(text, `routes/${index}.yaml`).objects),
    objects: objects.flatMap((text, index) => parseManifests(text, `app/${index}.yaml`).objects),
    namespace: 'default',
    ...more,
  });

export const codesOf = (...given: Parameters<typeof findingsOf>): readonly string[] =>
  findingsOf(...given).map(({ code, severity, source }) => `${severity} ${code} ${source?.file}`);
