// Faults of the route: its parents, its hostnames, its backends, the routes of others; and of its rule at the load balancer.
import { kubectlApply } from '../dist/lab-control.ts';
import { type Fault, replaced } from './fault.ts';
import { theirRoute, withdrawTheirRoute } from './others.ts';
import type { Place } from './place.ts';

const routeOf = ({ name }: Place): string => `HTTPRoute ${name}/${name}`;

/** A Service of another namespace, which admits GRPCRoutes of ours and no HTTPRoutes. */
const sharedService = ({ name }: Place): string => `apiVersion: v1
kind: Namespace
metadata: { name: ${name}-edge }
---
apiVersion: v1
kind: Service
metadata: { name: shared, namespace: ${name}-edge }
spec: { ports: [{ port: 8080 }] }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: routes, namespace: ${name}-edge }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: ${name} }]
  to: [{ group: '', kind: Service }]
`;

const backend =
  (to: (at: Place) => string): NonNullable<Fault['change']> =>
  (files, at) =>
    replaced([`{ name: ${at.name}, port: 8080 }`, `{ ${to(at)} }`])(files);

export const routeFaults: readonly Fault[] = [
  {
    name: 'route-section',
    family: 'route',
    what: 'The route names a listener that the Gateway has not',
    link: 'route',
    code: 'route/no-matching-parent',
    names: (at) => [routeOf(at), 'htps'],
    change: replaced(['sectionName: https', 'sectionName: htps']),
  },
  {
    name: 'route-hostname',
    family: 'route',
    what: "The hostname is outside the listener's",
    link: 'route',
    code: 'route/hostname-outside-listener',
    names: (at) => [routeOf(at), at.host, '*.shop.example.com'],
    ownGateway: true,
    change: replaced([
      'protocol: HTTPS, port: 443,',
      `protocol: HTTPS, port: 443, hostname: '*.shop.example.com',`,
    ]),
  },
  {
    name: 'route-namespace',
    family: 'route',
    what: "The listener does not admit the route's namespace",
    link: 'route',
    code: 'route/not-allowed',
    names: (at) => [routeOf(at), `Gateway ${at.gateway.namespace}/edge`],
    ownGateway: true,
    change: replaced(['from: All', 'from: Same']),
  },
  {
    name: 'route-backend',
    family: 'route',
    what: 'The route sends to a Service that does not exist',
    link: 'route',
    code: 'route/backend-not-found',
    names: (at) => [routeOf(at), `Service ${at.name}/nowhere`],
    change: backend(() => 'name: nowhere, port: 8080'),
  },
  {
    name: 'route-service-port',
    family: 'route',
    what: 'The route sends to a port that the Service has not',
    link: 'route',
    code: 'route/backend-not-found',
    names: (at) => [routeOf(at), '9090'],
    change: backend(({ name }) => `name: ${name}, port: 9090`),
  },
  {
    name: 'route-grant',
    family: 'route',
    what: 'No ReferenceGrant permits the Service of another namespace',
    link: 'route',
    code: 'route/reference-not-permitted',
    names: (at) => [routeOf(at), 'ReferenceGrant'],
    inject: (at) => kubectlApply(sharedService(at)),
    change: backend(({ name }) => `name: shared, namespace: ${name}-edge, port: 8080`),
  },
  {
    name: 'route-kind',
    family: 'route',
    what: 'The route sends to a kind that is no backend',
    link: 'route',
    code: 'route/invalid-kind',
    names: (at) => [routeOf(at), 'Bucket'],
    change: backend(() => 'group: example.com, kind: Bucket, name: files, port: 8080'),
  },
  {
    name: 'route-weight',
    family: 'route',
    what: 'The route has a weight that ELB does not take',
    link: 'route',
    code: 'route/unsupported-value',
    names: (at) => [routeOf(at), `weight of backend ${at.name} is 1000`],
    ownGateway: true,
    change: backend(({ name }) => `name: ${name}, port: 8080, weight: 1000`),
  },
  {
    name: 'route-blocked',
    family: 'route',
    what: "Another team's route stops the controller for all of the Gateway's",
    link: 'route',
    code: 'route/blocked-by-other',
    names: (at) => [routeOf(at), `HTTPRoute ${at.gateway.namespace}/theirs`, 'weight of backend web is 1000'],
    ownGateway: true,
    // The Gateway is up, and so is our route; what becomes of its next change?
    inject: (at) => theirRoute(at, 'theirs.example.com', 1000),
    change: replaced(['value: / }', 'value: /shop }']),
    mend: withdrawTheirRoute,
  },
  {
    name: 'route-listener-set',
    family: 'route',
    what: "The route's parent is a ListenerSet",
    link: 'route',
    code: 'route/parent-not-followed',
    names: (at) => [routeOf(at), 'ListenerSet infra/extra'],
    change: replaced([
      'name: public, namespace: infra, sectionName: https',
      'group: gateway.networking.k8s.io, kind: ListenerSet, name: extra, namespace: infra',
    ]),
  },
  {
    name: 'rule-shadowed',
    family: 'rule',
    what: "Another team's older route takes the host's requests",
    link: 'rule',
    code: 'rule/shadowed',
    names: (at) => [routeOf(at), `HTTPRoute ${at.gateway.namespace}/theirs`, at.host],
    ownGateway: true,
    fresh: true,
    inject: (at) => theirRoute(at, at.host),
    mend: withdrawTheirRoute,
  },
  {
    name: 'rule-plain',
    family: 'rule',
    what: 'The route is at the listener for plain HTTP alone',
    link: 'rule',
    code: 'rule/plain-http',
    names: (at) => [routeOf(at), at.host, 'listener http, HTTP 80'],
    ownGateway: true,
    change: replaced(['sectionName: https', 'sectionName: http']),
  },
];
