// A Gateway of a test's own, with listeners that the sample has not: plain HTTP, one with a hostname, several certificates.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const labFolder = (): string => process.env['LAB_DIR'] ?? '';

const importer = `
import json, sys
from pathlib import Path
import boto3
from lab.cloud.aws.seed import certificate_for
asked = json.load(sys.stdin)
certificate, key = certificate_for(asked["names"], Path(asked["pki"]))
acm = boto3.client("acm", region_name=asked["region"], endpoint_url=asked["endpoint"],
    aws_access_key_id=asked["admin"]["accessKeyId"], aws_secret_access_key=asked["admin"]["secretAccessKey"])
print(acm.import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"])
`;

/** A certificate of the lab's authority for these names, imported into ACM of the EKS account; gives its ARN. */
export function importCertificate(names: readonly string[]): string {
  const { admin, region } = JSON.parse(readFileSync(join(root, 'lab/layout.json'), 'utf8')) as {
    readonly admin: { readonly eks: unknown };
    readonly region: string;
  };
  const asked = {
    names,
    region,
    admin: admin.eks,
    pki: join(labFolder(), 'pki'),
    endpoint: process.env['AWS_ENDPOINT_URL'],
  };
  return execFileSync(process.env['LAB_PYTHON'] ?? 'python3', ['-c', importer], {
    cwd: root,
    input: JSON.stringify(asked),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  }).trim();
}

/** The certificate for `example.com` and `*.example.com` that the lab has from the start. */
const seededCertificate = (): string =>
  (JSON.parse(readFileSync(join(labFolder(), 'seeded.json'), 'utf8')) as { readonly certificateArn: string })
    .certificateArn;

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
    : { matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs: backends };
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
