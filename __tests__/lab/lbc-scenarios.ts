// The scenarios that were recorded of the real load balancer controller, as manifests to be applied again.
// Long, for it is one list, in the order of the recordings.
import {
  backend,
  configuration,
  dryRun,
  type Given,
  gateway,
  gatewayClass,
  http,
  https,
  instanceTargets,
  listenerSet,
  type Manifest,
  pod,
  redirect,
  route,
  service,
  surroundings,
  unknownCertificate,
} from './lbc-manifests.ts';

export interface Step {
  apply: Manifest[];
  /** Actions of AWS that are refused to everybody from this step on. */
  deny?: string[];
  /**
   * Applied once the Gateway has its finalizer. Where the recording's first status counts no route, the controller
   * had read the routes before this one came; applied like this it always has.
   */
  afterFinalizer?: Manifest[];
}

export interface Scenario {
  name: string;
  /** What kind of trouble it is; of each family one scenario runs by default. */
  family:
    | 'live'
    | 'routeless'
    | 'listener'
    | 'route'
    | 'backend'
    | 'class'
    | 'build'
    | 'deploy'
    | 'silent'
    | 'blocked'
    | 'collision'
    | 'targets'
    | 'change'
    | 'dry-run';
  steps: (world: Given) => Step[];
}

/** The Gateway is read before the route is there. */
const gatewayFirst = (given: Given, ...routes: Manifest[]): Step => ({
  apply: [...surroundings(given), gateway(given)],
  afterFinalizer: routes,
});

/** The route is there when the Gateway is first read. */
const routeFirst = (given: Given, ...routes: Manifest[]): Step => ({
  apply: [...surroundings(given), ...routes, gateway(given)],
});

/** A route of another team that has this in its one rule. */
const withRule = (given: Given, rule: object, change: { kind?: 'GRPCRoute' } = {}): Manifest =>
  route(given, {
    ...change,
    name: 'bad',
    hostname: 'bad.example.com',
    rules: [{ backendRefs: [backend()], ...rule }],
  });

const third = (given: Given): Manifest => route(given, { name: 'third', hostname: 'third.example.com' });

/** A new Gateway with a good route, and one with this in its rule. */
const newGateway =
  (rule: object) =>
  (given: Given): Step[] => [routeFirst(given, route(given), withRule(given, rule))];

/** A new Gateway with this route alone: what one version stops at, another serves. */
const alone =
  (rule: object) =>
  (given: Given): Step[] => [routeFirst(given, withRule(given, rule))];

/** The Gateway has this listener beside its good one, and a route at each. */
const withListener =
  (listener: object) =>
  (given: Given): Step[] => [
    {
      apply: [
        ...surroundings(given),
        route(given),
        route(given, { name: 'second', sectionName: 'other' }),
        gateway(given, { listeners: [https, listener] }),
      ],
    },
  ];

const namedPorts = (given: Given): Manifest =>
  service(given, [
    { name: 'web', port: 80, targetPort: 8080 },
    { name: 'api', port: 81, targetPort: 'api' },
    { name: 'admin', port: 82, targetPort: 'admin' },
  ]);

export const SCENARIOS: Scenario[] = [
  { name: 'all-at-once', family: 'live', steps: (given) => [gatewayFirst(given, route(given))] },
  {
    name: 'gateway-without-routes',
    family: 'routeless',
    steps: (given) => [{ apply: [...surroundings(given), gateway(given, { listeners: [http, https] })] }],
  },
  {
    name: 'gateway-without-routes-unknown-certificate',
    family: 'routeless',
    steps: (given) => [
      {
        apply: [
          ...surroundings({ ...given, certificateArn: unknownCertificate(given.certificateArn) }),
          gateway(given),
        ],
      },
      { apply: [route(given)] },
    ],
  },
  {
    name: 'route-before-gateway',
    family: 'live',
    steps: (given) => [
      { apply: [service(given), route(given)] },
      { apply: [configuration(given), gateway(given)] },
    ],
  },
  {
    name: 'http-to-https-redirect',
    family: 'live',
    steps: (given) => [
      {
        apply: [
          ...surroundings(given),
          route(given),
          redirect(given),
          gateway(given, { listeners: [http, https] }),
        ],
      },
    ],
  },
  {
    name: 'hostname-outside-listener',
    family: 'route',
    steps: (given) => [gatewayFirst(given, route(given, { hostname: 'sample-app.example.net' }))],
  },
  {
    name: 'section-name-unknown',
    family: 'route',
    steps: (given) => [gatewayFirst(given, route(given, { sectionName: 'nope' }))],
  },
  {
    name: 'duplicate-host-and-path',
    family: 'route',
    steps: (given) => [routeFirst(given, route(given)), { apply: [route(given, { name: 'second' })] }],
  },
  {
    name: 'gateway-missing',
    family: 'route',
    steps: (given) => [{ apply: [service(given), route(given)] }],
  },
  {
    name: 'listener-protocol-conflict',
    family: 'listener',
    steps: withListener({ ...http, name: 'other', port: 443 }),
  },
  {
    name: 'listener-protocol-unsupported',
    family: 'listener',
    steps: withListener({ name: 'other', protocol: 'TCP', port: 9000 }),
  },
  {
    name: 'listener-kind-invalid',
    family: 'listener',
    steps: withListener({ ...http, name: 'other', allowedRoutes: { kinds: [{ kind: 'TCPRoute' }] } }),
  },
  {
    name: 'grpc-route-at-http-listener',
    family: 'route',
    steps: (given) => [
      {
        apply: [
          ...surroundings(given),
          route(given, { kind: 'GRPCRoute', sectionName: 'http' }),
          gateway(given, { listeners: [http, https] }),
        ],
      },
    ],
  },
  {
    name: 'backend-service-missing',
    family: 'backend',
    steps: (given) => [{ apply: [configuration(given), gateway(given)], afterFinalizer: [route(given)] }],
  },
  {
    name: 'backend-service-later',
    family: 'backend',
    steps: (given) => [
      { apply: [configuration(given), route(given), gateway(given)] },
      { apply: [service(given)] },
    ],
  },
  {
    name: 'class-missing',
    family: 'class',
    steps: (given) => [
      { apply: [...surroundings(given), gateway(given, { class: 'no-such-class' }), route(given)] },
    ],
  },
  {
    name: 'class-of-other-controller',
    family: 'class',
    steps: (given) => [
      {
        apply: [
          gatewayClass('foreign', 'example.com/other'),
          ...surroundings(given),
          gateway(given, { class: 'foreign' }),
          route(given),
        ],
      },
    ],
  },
  {
    name: 'class-and-gateway-together',
    family: 'class',
    steps: (given) => [
      {
        apply: [
          gatewayClass('aws-alb-2'),
          ...surroundings(given),
          route(given),
          gateway(given, { class: 'aws-alb-2' }),
        ],
      },
    ],
  },
  {
    name: 'load-balancer-configuration-missing',
    family: 'build',
    steps: (given) => [{ apply: [service(given), gateway(given), route(given)] }],
  },
  {
    name: 'instance-target-with-clusterip',
    family: 'build',
    steps: (given) => [
      {
        apply: [...surroundings(given), instanceTargets(given), gateway(given)],
        afterFinalizer: [route(given)],
      },
    ],
  },
  {
    name: 'certificate-arn-unknown',
    family: 'deploy',
    steps: (given) => [
      gatewayFirst({ ...given, certificateArn: unknownCertificate(given.certificateArn) }, route(given)),
    ],
  },
  {
    name: 'weight-over-999',
    family: 'silent',
    steps: (given) => [gatewayFirst(given, route(given, { weight: 1000 }))],
  },
  {
    name: 'bad-route-blocks-good-route',
    family: 'silent',
    steps: (given) => [
      gatewayFirst(given, route(given)),
      { apply: [route(given, { name: 'bad', hostname: 'bad.example.com', weight: 1000 })] },
      { apply: [route(given, { name: 'third', hostname: 'third.example.com' })] },
    ],
  },
  {
    name: 'unsupported-filter',
    family: 'blocked',
    steps: (given) => [
      gatewayFirst(given, route(given)),
      {
        apply: [
          withRule(given, {
            filters: [
              {
                type: 'ResponseHeaderModifier',
                responseHeaderModifier: { remove: ['server'] },
              },
            ],
          }),
        ],
      },
      { apply: [third(given)] },
    ],
  },
  {
    name: 'unsupported-filter-new-gateway',
    family: 'blocked',
    steps: newGateway({ filters: [{ type: 'CORS', cors: { allowOrigins: ['https://example.com'] } }] }),
  },
  {
    name: 'unsupported-filter-grpc',
    family: 'blocked',
    steps: (given) => [
      routeFirst(
        given,
        route(given),
        withRule(
          given,
          {
            filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-debug'] } }],
          },
          { kind: 'GRPCRoute' },
        ),
      ),
    ],
  },
  {
    name: 'wildcard-in-path-prefix',
    family: 'blocked',
    steps: newGateway({ matches: [{ path: { type: 'PathPrefix', value: '/shop*' } }] }),
  },
  {
    name: 'wildcard-in-exact-path',
    family: 'blocked',
    steps: alone({ matches: [{ path: { type: 'Exact', value: '/shop*' } }] }),
  },
  {
    name: 'wildcard-in-redirect',
    family: 'blocked',
    steps: newGateway({
      backendRefs: [],
      filters: [
        {
          type: 'RequestRedirect',
          requestRedirect: { path: { type: 'ReplaceFullPath', replaceFullPath: '/shop*' } },
        },
      ],
    }),
  },
  {
    name: 'redirect-without-change',
    family: 'blocked',
    steps: alone({
      backendRefs: [],
      filters: [{ type: 'RequestRedirect', requestRedirect: { statusCode: 301 } }],
    }),
  },
  {
    name: 'url-rewrite',
    family: 'blocked',
    steps: alone({
      filters: [
        {
          type: 'URLRewrite',
          urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } },
        },
      ],
    }),
  },
  {
    name: 'named-ports-collide',
    family: 'collision',
    steps: (given) => [
      { apply: [namedPorts(given), configuration(given), gateway(given)], afterFinalizer: [route(given)] },
      { apply: [withRule(given, { backendRefs: [backend(81), backend(82)] })] },
      { apply: [third(given)] },
    ],
  },
  {
    name: 'targets-refused',
    family: 'targets',
    steps: (given) => [
      {
        deny: ['elasticloadbalancing:RegisterTargets'],
        apply: [pod(given), ...surroundings(given), gateway(given)],
        afterFinalizer: [route(given)],
      },
    ],
  },
  {
    name: 'parent-listener-set',
    family: 'route',
    steps: (given) => [
      {
        apply: [
          ...surroundings(given),
          gateway(given, { allowedListeners: { namespaces: { from: 'Same' } } }),
          listenerSet(given),
          route(given, {
            parents: [{ group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: 'extra' }],
          }),
        ],
      },
    ],
  },
  {
    name: 'gateway-spec-change',
    family: 'change',
    steps: (given) => [
      gatewayFirst(given, route(given)),
      { apply: [gateway(given, { listeners: [https, http] })] },
    ],
  },
  {
    name: 'dry-run-annotation',
    family: 'dry-run',
    steps: (given) => [{ apply: [...surroundings(given), dryRun(gateway(given)), route(given)] }],
  },
];
