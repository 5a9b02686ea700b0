// A Gateway of a test's own, with listeners that the sample has not: plain HTTP, one with a hostname, several certificates.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The certificate for `example.com` and `*.example.com` that the lab has from the start. */
const seededCertificate = (): string =>
  (
    JSON.parse(readFileSync(join(process.env['LAB_DIR'] ?? '', 'seeded.json'), 'utf8')) as {
      readonly certificateArn: string;
    }
  ).certificateArn;

/**
 * Namespace, LoadBalancerConfiguration and Gateway `edge` with the listeners `http`, `https` and, where a hostname is
 * given, `named`; class of the sample. Other certificates stand beside the default one, and SNI chooses.
 */
export const edgeGateway = (
  namespace: string,
  { certificates = [], named }: { readonly certificates?: readonly string[]; readonly named?: string } = {},
): string => `apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: gateway.k8s.aws/v1
kind: LoadBalancerConfiguration
metadata: { name: edge, namespace: ${namespace} }
spec:
  scheme: internet-facing
  listenerConfigurations:
    - protocolPort: HTTPS:443
      defaultCertificate: ${seededCertificate()}
      certificates: ${JSON.stringify(certificates)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: ${namespace} }
spec:
  gatewayClassName: aws-alb
  infrastructure:
    parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: edge }
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: https, protocol: HTTPS, port: 443 }
${named === undefined ? '' : `    - { name: named, protocol: HTTPS, port: 443, hostname: ${named} }\n`}`;

/** A Deployment and its Service on port 8080. */
export const app = (
  namespace: string,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} }, annotations: ${JSON.stringify(annotations)} }
    spec:
      containers:
        - { name: web, image: 'nginx:1.29', ports: [{ name: http, containerPort: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 8080, targetPort: http }]
`;

export interface RouteSpec {
  readonly name: string;
  readonly hostnames?: readonly string[];
  readonly listener?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Default `PathPrefix`. */
  readonly pathType?: 'Exact' | 'RegularExpression';
  readonly backend?: string;
  readonly kind?: 'HTTPRoute' | 'GRPCRoute';
  /** Sends plain HTTP on to HTTPS. */
  readonly redirect?: true;
}

/** A route at the Gateway `edge` of its own namespace. */
export function edgeRoute(namespace: string, spec: RouteSpec): string {
  const { name, hostnames, listener = 'https', annotations = {}, path = '/', backend = 'web' } = spec;
  const backends = [{ name: backend, port: 8080 }];
  const http = spec.redirect
    ? {
        filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }],
      }
    : { matches: [{ path: { type: spec.pathType ?? 'PathPrefix', value: path } }], backendRefs: backends };
  // JSON is YAML.
  return `${JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: spec.kind ?? 'HTTPRoute',
    metadata: { name, namespace, annotations },
    spec: {
      ...(hostnames && { hostnames }),
      parentRefs: [{ name: 'edge', sectionName: listener }],
      rules: [spec.kind === 'GRPCRoute' ? { backendRefs: backends } : http],
    },
  })}\n`;
}
