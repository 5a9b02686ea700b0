// What the mutations are made on: the example, and beside it a bit of everything that a repository may hold.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareSample } from '../sample.ts';

/** Hosts whose records are tampered with, one for each way. */
export const tampered = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map(
  (name) => `${name}.example.com`,
);

const extra = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: shop, namespace: shop, labels: { team: shop } }
data: { mode: live, level: info }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: spare, namespace: shop }
data: { a: b }
---
apiVersion: v1
kind: Secret
metadata: { name: shop, namespace: shop }
stringData: { password: first-password }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: shop, namespace: shop, annotations: { owner: shop } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: shop, namespace: shop }
rules:
  - { apiGroups: [''], resources: [configmaps], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: shop, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop }
subjects:
  - { kind: ServiceAccount, name: shop, namespace: shop }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: shop, namespace: shop }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: shop } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: shop, namespace: shop }
spec: { podSelector: { matchLabels: { app: shop } }, policyTypes: [Ingress], ingress: [{}] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      serviceAccountName: shop
      containers:
        - name: web
          image: nginx:1.29
          env: [{ name: LEVEL, value: info }, { name: MODE, value: live }]
          securityContext: { allowPrivilegeEscalation: false }
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
          ports: [{ name: http, containerPort: 80 }]
          resources: { requests: { cpu: 0.1, memory: 64Mi }, limits: { memory: 0.25Gi } }
      volumes: [{ name: tmp, emptyDir: {} }]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: worker, namespace: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  minReplicas: 1
  maxReplicas: 5
  metrics:
    - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: worker, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      containers: [{ name: worker, image: 'busybox:1.37' }]
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec:
  selector: { app: shop }
  ports: [{ name: http, port: 8080, targetPort: http }, { name: other, port: 9090, targetPort: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: admin, namespace: shop }
spec:
  selector: { app: shop }
  ports: [{ name: http, port: 8080, targetPort: http }]
---
apiVersion: gateway.k8s.aws/v1
kind: TargetGroupConfiguration
metadata: { name: admin, namespace: shop }
spec:
  targetReference: { name: admin }
  defaultConfiguration:
    healthCheckConfig: { healthCheckPath: /health, healthCheckInterval: 20 }
    targetGroupAttributes:
      - { key: stickiness.enabled, value: 'true' }
      - { key: stickiness.type, value: lb_cookie }
    tags: { cost-center: '42' }
`;

const route = (name: string, body: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec:
  hostnames: [${name}.example.com]
  parentRefs: [{ name: public, namespace: infra, sectionName: https }]
  rules:
${body}`;

const plain = `    - backendRefs: [{ name: shop, port: 8080 }]
`;

const shop = `    - matches: [{ path: { type: PathPrefix, value: /admin } }]
      backendRefs: [{ name: admin, port: 8080 }]
    - matches: [{ path: { type: PathPrefix, value: /other } }]
      backendRefs: [{ name: shop, port: 9090 }]
    - matches: [{ path: { type: PathPrefix, value: / } }]
      backendRefs: [{ name: shop, port: 8080 }]
`;

/** What a redirect leads to is no Service. */
const moved = `    - filters:
        - { type: RequestRedirect, requestRedirect: { hostname: shop.example.com, statusCode: 301 } }
`;

/** Of a load balancer's own rewrites. */
const rewritten = `    - matches: [{ path: { type: PathPrefix, value: /old } }]
      filters:
        - type: URLRewrite
          urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /new } }
      backendRefs: [{ name: shop, port: 8080 }]
    - matches: [{ path: { type: PathPrefix, value: /full } }]
      filters:
        - type: URLRewrite
          urlRewrite: { hostname: inside.example.com, path: { type: ReplaceFullPath, replaceFullPath: /x } }
      backendRefs: [{ name: shop, port: 8080 }]
    - backendRefs: [{ name: shop, port: 8080 }]
`;

/** Settings that the example does not have. */
const attributesIn = (subnets: readonly string[]): string => `  scheme: internet-facing
  tags: { team: shop }
  loadBalancerSubnets:
${subnets.map((id) => `    - { identifier: ${id} }\n`).join('')}  loadBalancerAttributes:
    - { key: idle_timeout.timeout_seconds, value: '120' }
    - { key: routing.http.drop_invalid_header_fields.enabled, value: 'true' }
`;
const listenerAttributes = `    - protocolPort: HTTPS:443
      mutualAuthentication: { mode: passthrough }
      listenerAttributes:
        - { key: routing.http.response.x_content_type_options.header_value, value: nosniff }
`;

function withAttributes(file: string, subnets: readonly string[]): void {
  const attributes = attributesIn(subnets);
  const text = readFileSync(file, 'utf8');
  const changed = text
    .replace('  scheme: internet-facing\n', attributes)
    .replace('    - protocolPort: HTTPS:443\n', listenerAttributes);
  if (!changed.includes(attributes) || !changed.includes(listenerAttributes))
    throw new Error(`${file} is not what it was: the settings have no place`);
  writeFileSync(file, changed);
}

/** Fills a workspace; `lab` is the lab's folder. */
export function prepareRepository(workspace: string, lab: string): void {
  prepareSample(workspace, lab);
  const seeded = JSON.parse(readFileSync(join(lab, 'seeded.json'), 'utf8')) as { subnetIds: string[] };
  withAttributes(join(workspace, 'infra/templates/gateway.yaml'), seeded.subnetIds);
  mkdirSync(join(workspace, 'shop'), { recursive: true });
  writeFileSync(join(workspace, 'shop/shop.yaml'), extra);
  const routes = [
    route('shop', shop),
    route('moved', moved),
    route('rewritten', rewritten),
    ...tampered.map((host) => route(host.slice(0, host.indexOf('.')), plain)),
  ];
  writeFileSync(join(workspace, 'routes/shop.yaml'), routes.join('---\n'));
}
