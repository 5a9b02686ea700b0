// The scenarios that were recorded of the real load balancer controller, as manifests to be applied again.

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

export interface Step {
  apply: Manifest[];
  /**
   * Applied once the Gateway has its finalizer. Where the recording's first status counts no route, the controller
   * had read the routes before this one came; applied like this it always has.
   */
  afterFinalizer?: Manifest[];
}

export interface Scenario {
  name: string;
  /** What kind of trouble it is; of each family one scenario runs by default. */
  family: 'live' | 'route' | 'backend' | 'class' | 'build' | 'deploy' | 'silent' | 'change' | 'dry-run';
  steps: (world: Given) => Step[];
}

/** What the lab has to offer: the certificate for *.example.com. */
export interface Given {
  namespace: string;
  certificateArn: string;
}

const GATEWAY_API = 'gateway.networking.k8s.io/v1';

export const gatewayClass = (name: string, controllerName = 'gateway.k8s.aws/alb'): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'GatewayClass',
  metadata: { name },
  spec: { controllerName },
});

const service = ({ namespace }: Given): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'sample-app', namespace },
  spec: { selector: { app: 'sample-app' }, ports: [{ port: 80, targetPort: 8080 }] },
});

const configuration = ({ namespace, certificateArn }: Given): Manifest => ({
  apiVersion: 'gateway.k8s.aws/v1',
  kind: 'LoadBalancerConfiguration',
  metadata: { name: 'lbc', namespace },
  spec: {
    scheme: 'internet-facing',
    listenerConfigurations: [{ protocolPort: 'HTTPS:443', defaultCertificate: certificateArn }],
  },
});

const https = { name: 'https', protocol: 'HTTPS', port: 443, hostname: '*.example.com' };
const http = { name: 'http', protocol: 'HTTP', port: 80, hostname: '*.example.com' };

const gateway = ({ namespace }: Given, change: { class?: string; listeners?: object[] } = {}): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'Gateway',
  metadata: { name: 'public', namespace },
  spec: {
    gatewayClassName: change.class ?? 'aws-alb',
    infrastructure: {
      parametersRef: { group: 'gateway.k8s.aws', kind: 'LoadBalancerConfiguration', name: 'lbc' },
    },
    listeners: change.listeners ?? [https],
  },
});

interface RouteChange {
  name?: string;
  hostname?: string;
  sectionName?: string;
  weight?: number;
  rules?: object[];
}

const route = ({ namespace }: Given, change: RouteChange = {}): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'HTTPRoute',
  metadata: { name: change.name ?? 'sample-app', namespace },
  spec: {
    parentRefs: [{ name: 'public', sectionName: change.sectionName ?? 'https' }],
    hostnames: [change.hostname ?? 'sample-app.example.com'],
    rules: change.rules ?? [
      { backendRefs: [{ name: 'sample-app', port: 80, ...(change.weight && { weight: change.weight }) }] },
    ],
  },
});

const redirect = (given: Given): Manifest =>
  route(given, {
    name: 'redirect',
    sectionName: 'http',
    rules: [
      { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] },
    ],
  });

const instanceTargets = ({ namespace }: Given): Manifest => ({
  apiVersion: 'gateway.k8s.aws/v1',
  kind: 'TargetGroupConfiguration',
  metadata: { name: 'tgc', namespace },
  spec: { targetReference: { name: 'sample-app' }, defaultConfiguration: { targetType: 'instance' } },
});

const dryRun = (manifest: Manifest): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { 'gateway.k8s.aws/dry-run': 'true' } },
});

/** An ARN of the right shape, account and region that no certificate has. */
const unknownCertificate = (arn: string): string =>
  arn.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');

const surroundings = (given: Given): Manifest[] => [service(given), configuration(given)];

/** The Gateway is read before the route is there. */
const gatewayFirst = (given: Given, ...routes: Manifest[]): Step => ({
  apply: [...surroundings(given), gateway(given)],
  afterFinalizer: routes,
});

/** The route is there when the Gateway is first read. */
const routeFirst = (given: Given, ...routes: Manifest[]): Step => ({
  apply: [...surroundings(given), ...routes, gateway(given)],
});

export const SCENARIOS: Scenario[] = [
  { name: 'all-at-once', family: 'live', steps: (given) => [gatewayFirst(given, route(given))] },
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
