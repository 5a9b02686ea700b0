// The manifests of which the recorded scenarios are made.

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
}

/** What the lab has to offer. */
export interface Given {
  namespace: string;
  /** For *.example.com. */
  certificateArn: string;
  /** Of the controller's own definitions; 2.14 has v1beta1 alone. */
  lbcApi?: 'v1' | 'v1beta1';
}

const GATEWAY_API = 'gateway.networking.k8s.io/v1';

const ownApi = ({ lbcApi = 'v1' }: Given): string => `gateway.k8s.aws/${lbcApi}`;

export const gatewayClass = (name: string, controllerName = 'gateway.k8s.aws/alb'): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'GatewayClass',
  metadata: { name },
  spec: { controllerName },
});

const APP = { app: 'sample-app' };

interface ServicePort {
  name?: string;
  port: number;
  targetPort: number | string;
}

export const service = (
  { namespace }: Given,
  ports: readonly ServicePort[] = [{ port: 80, targetPort: 8080 }],
): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'sample-app', namespace },
  spec: { selector: APP, ports },
});

/** One that the Service selects. */
export const pod = ({ namespace }: Given): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'sample-app', namespace, labels: APP },
  spec: { containers: [{ name: 'app', image: 'sample-app', ports: [{ containerPort: 8080 }] }] },
});

export const configuration = (given: Given): Manifest => ({
  apiVersion: ownApi(given),
  kind: 'LoadBalancerConfiguration',
  metadata: { name: 'lbc', namespace: given.namespace },
  spec: {
    scheme: 'internet-facing',
    listenerConfigurations: [{ protocolPort: 'HTTPS:443', defaultCertificate: given.certificateArn }],
  },
});

export const https = { name: 'https', protocol: 'HTTPS', port: 443, hostname: '*.example.com' };
export const http = { name: 'http', protocol: 'HTTP', port: 80, hostname: '*.example.com' };

export const gateway = (
  { namespace }: Given,
  change: { class?: string; listeners?: object[]; allowedListeners?: object } = {},
): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'Gateway',
  metadata: { name: 'public', namespace },
  spec: {
    gatewayClassName: change.class ?? 'aws-alb',
    infrastructure: {
      parametersRef: { group: 'gateway.k8s.aws', kind: 'LoadBalancerConfiguration', name: 'lbc' },
    },
    listeners: change.listeners ?? [https],
    ...(change.allowedListeners && { allowedListeners: change.allowedListeners }),
  },
});

/** A ListenerSet that adds a listener to the Gateway. */
export const listenerSet = ({ namespace }: Given): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: 'ListenerSet',
  metadata: { name: 'extra', namespace },
  spec: { parentRef: { name: 'public' }, listeners: [{ ...https, name: 'extra', port: 8443 }] },
});

interface RouteChange {
  kind?: 'HTTPRoute' | 'GRPCRoute';
  name?: string;
  hostname?: string;
  sectionName?: string;
  parents?: object[];
  weight?: number;
  rules?: object[];
}

export const backend = (port = 80, weight?: number): object => ({
  name: 'sample-app',
  port,
  ...(weight !== undefined && { weight }),
});

export const route = ({ namespace }: Given, change: RouteChange = {}): Manifest => ({
  apiVersion: GATEWAY_API,
  kind: change.kind ?? 'HTTPRoute',
  metadata: { name: change.name ?? 'sample-app', namespace },
  spec: {
    parentRefs: change.parents ?? [{ name: 'public', sectionName: change.sectionName ?? 'https' }],
    hostnames: [change.hostname ?? 'sample-app.example.com'],
    rules: change.rules ?? [{ backendRefs: [backend(80, change.weight)] }],
  },
});

export const redirect = (given: Given): Manifest =>
  route(given, {
    name: 'redirect',
    sectionName: 'http',
    rules: [
      { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] },
    ],
  });

export const instanceTargets = (given: Given): Manifest => ({
  apiVersion: ownApi(given),
  kind: 'TargetGroupConfiguration',
  metadata: { name: 'tgc', namespace: given.namespace },
  spec: { targetReference: { name: 'sample-app' }, defaultConfiguration: { targetType: 'instance' } },
});

export const dryRun = (manifest: Manifest): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { 'gateway.k8s.aws/dry-run': 'true' } },
});

/** An ARN of the right shape, account and region that no certificate has. */
export const unknownCertificate = (arn: string): string =>
  arn.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');

export const surroundings = (given: Given): Manifest[] => [service(given), configuration(given)];
