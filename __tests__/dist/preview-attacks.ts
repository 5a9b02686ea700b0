// What a pull request might try: each as a manifest that the API server would take from an administrator.
import { type Attack, notAllowed, plain } from './preview-attack.ts';
import { podAttacks } from './preview-pod-attacks.ts';

const route = (name: string, rule: string, code: string, denied: RegExp): Attack => ({
  yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  hostnames: [attack.preview.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules: [{ ${rule} }]`,
  code,
  denied,
});

export const attacks: readonly Attack[] = [
  {
    yaml: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: attack-cluster-role }',
    code: 'cluster-scoped',
    denied: notAllowed,
  },
  {
    yaml: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: attack-role }',
    code: 'kind-not-allowed',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: attack-gateway }
spec: { gatewayClassName: aws-alb, listeners: [{ name: l, port: 443, protocol: HTTP, hostname: login.example.com }] }`,
    code: 'hostname-outside-domain',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: v1
kind: Service
metadata: { name: attack-annotation, annotations: { external-dns.alpha.kubernetes.io/hostname: login.example.com } }
spec: { ports: [{ port: 80 }] }`,
    code: 'dns-annotation',
    denied: /not from annotations of ExternalDNS/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Service\nmetadata: { name: attack-balancer }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }',
    code: 'exposed-service',
    denied: /is of type ClusterIP/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Service\nmetadata: { name: attack-external }\nspec: { externalIPs: [198.51.100.1], ports: [{ port: 80 }] }',
    code: 'exposed-service',
    denied: /without externalIPs/,
  },
  {
    yaml: 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: attack-irsa, annotations: { eks.amazonaws.com/role-arn: x } }',
    code: 'aws-access',
    denied: /has no role in AWS/,
  },
  {
    yaml: `apiVersion: apps/v1
kind: Deployment
metadata: { name: attack-kube2iam }
spec:
  selector: { matchLabels: { app: x } }
  template:
    metadata: { labels: { app: x }, annotations: { iam.amazonaws.com/role: admin } }
    spec: { automountServiceAccountToken: false, ${plain} }`,
    code: 'aws-access',
    denied: /have no role in AWS/,
  },
  {
    yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: attack-finalizer, finalizers: [a.example.com/b] }',
    code: 'finalizer',
    denied: /would keep the preview from being removed/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-backend }
spec:
  hostnames: [attack.preview.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules: [{ backendRefs: [{ name: db, namespace: prod, port: 80 }] }]`,
    code: 'foreign-backend',
    denied: /send to Services of its own namespace/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-mirror }
spec:
  hostnames: [attack.preview.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules: [{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: db, namespace: prod, port: 80 } } }] }]`,
    code: 'foreign-backend',
    denied: /send to Services of its own namespace/,
  },
  route(
    'attack-extension',
    'filters: [{ type: ExtensionRef, extensionRef: { group: gateway.k8s.aws, kind: ListenerRuleConfiguration, name: x } }]',
    'kind-not-allowed',
    /filters of Gateway API alone/,
  ),
  route(
    'attack-heavy',
    'backendRefs: [{ name: web, port: 80, weight: 1000 }]',
    'blocks-others',
    /weigh 999 at most/,
  ),
  route(
    'attack-backend-kind',
    'backendRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public, port: 80 }]',
    'foreign-backend',
    /send to Services of its own namespace/,
  ),
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: attack-listeners }
spec:
  parentRef: { name: public, namespace: infra }
  listeners: [{ name: l, port: 8443, protocol: HTTP, hostname: login.example.com }]`,
    code: 'hostname-outside-domain',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: attack-ingress }
spec: { rules: [{ host: login.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }`,
    code: 'hostname-outside-domain',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: gateway.k8s.aws/v1
kind: LoadBalancerConfiguration
metadata: { name: attack-scheme }
spec: { scheme: internet-facing }`,
    code: 'kind-not-allowed',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: gateway.k8s.aws/v1
kind: TargetGroupConfiguration
metadata: { name: attack-targets }
spec: { targetReference: { name: web }, defaultConfiguration: { targetType: instance } }`,
    code: 'kind-not-allowed',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: attack-endpoints, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
endpoints: [{ addresses: [10.1.2.3] }]`,
    code: 'kind-not-allowed',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: attack-admin }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: default, namespace: kube-system }]`,
    code: 'kind-not-allowed',
    denied: /attempting to grant RBAC permissions not currently held/,
  },
  {
    yaml: `apiVersion: v1
kind: PersistentVolume
metadata: { name: attack-volume }
spec: { capacity: { storage: 1Gi }, accessModes: [ReadWriteOnce], hostPath: { path: / } }`,
    code: 'cluster-scoped',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: attack-claim }
spec: { volumeName: prod-data, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`,
    code: 'foreign-volume',
    denied: /a volume that is made for it/,
  },
  {
    yaml: `apiVersion: v1
kind: Secret
metadata: { name: attack-secret, annotations: { kubernetes.io/service-account.name: default } }
type: kubernetes.io/service-account-token`,
    code: 'token',
    denied: /is no token of a service account/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Service\nmetadata: { name: attack-name }\nspec: { type: ExternalName, externalName: db.prod.svc.cluster.local }',
    code: 'exposed-service',
    denied: /is of type ClusterIP/,
  },
  {
    yaml: `apiVersion: v1
kind: Service
metadata: { name: attack-target, annotations: { external-dns.kubernetes.io/target: login.example.com } }
spec: { ports: [{ port: 80 }] }`,
    code: 'dns-annotation',
    denied: /not from annotations of ExternalDNS/,
  },
  {
    yaml: `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: attack-every-node }
spec:
  selector: { matchLabels: { app: x } }
  template: { metadata: { labels: { app: x } }, spec: { ${plain} } }`,
    code: 'kind-not-allowed',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: batch/v1
kind: CronJob
metadata: { name: attack-cron }
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      template:
        spec: { automountServiceAccountToken: false, restartPolicy: Never, ${plain}, volumes: [{ name: v, hostPath: { path: / } }] }`,
    code: 'unsafe-pod',
    denied: /mount no path of their node/,
  },
  ...podAttacks,
];
