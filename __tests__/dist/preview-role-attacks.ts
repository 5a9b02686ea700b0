// What only somebody with the role of previews and a client of their own could try: the action never writes it.
import { type Attack, notAllowed, plain } from './preview-attack.ts';

/** In the namespace of a preview, and of namespaces themselves. */
export const outside: readonly Pick<Attack, 'yaml' | 'denied'>[] = [
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-hostname }
spec: { hostnames: [login.example.com], parentRefs: [{ name: public, namespace: infra }] }`,
    denied: /are under preview\.example\.com/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-wildcard }
spec: { hostnames: ['*.preview.example.com'], parentRefs: [{ name: public, namespace: infra }] }`,
    denied: /are under preview\.example\.com/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-apex }
spec: { hostnames: [preview.example.com], parentRefs: [{ name: public, namespace: infra }] }`,
    denied: /are under preview\.example\.com/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-parent-kind }
spec: { hostnames: [a.preview.example.com], parentRefs: [{ kind: ListenerSet, name: public, namespace: infra }] }`,
    denied: /attach to infra\/public/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: attack-every-host }
spec: { parentRefs: [{ name: public, namespace: infra }] }`,
    denied: /are under preview\.example\.com/,
  },
  {
    yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: attack-parent }
spec: { hostnames: [a.preview.example.com], parentRefs: [{ name: internal, namespace: infra }] }`,
    denied: /attach to infra\/public/,
  },
  {
    yaml: `apiVersion: apps/v1
kind: Deployment
metadata: { name: attack-automount }
spec:
  selector: { matchLabels: { app: x } }
  template: { metadata: { labels: { app: x } }, spec: { ${plain} } }`,
    denied: /get no token/,
  },
  {
    yaml: `apiVersion: v1\nkind: Pod\nmetadata: { name: attack-pod }\nspec: { ${plain} }`,
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: attack-binding }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: eks-gateway-preview }]`,
    denied: /attempting to grant RBAC permissions not currently held/,
  },
  {
    yaml: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: attack-friend }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: eks-gateway-preview-namespace }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: friend }]`,
    denied: /lets in itself alone/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: login, labels: { eks-gateway-action/preview: "1", pod-security.kubernetes.io/enforce: baseline } }',
    denied: /the name of a preview matches/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: pr-1-attack-free, labels: { eks-gateway-action/preview: "1" } }',
    denied: /enforces the Pod Security level/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: pr-1-attack-unmarked, labels: { pod-security.kubernetes.io/enforce: baseline } }',
    denied: /keeps the label eks-gateway-action\/preview/,
  },
  {
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: pr-1-attack-label, labels: { eks-gateway-action/preview: "1", pod-security.kubernetes.io/enforce: baseline, elbv2.k8s.aws/service-webhook: disabled } }',
    denied: /labels of other tools/,
  },
];

/** In namespaces that are no preview's. */
export const elsewhere: readonly Pick<Attack, 'yaml' | 'denied'>[] = [
  {
    yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: attack-elsewhere, namespace: infra }',
    denied: notAllowed,
  },
  {
    yaml: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: eks-gateway-preview, namespace: kube-system }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: eks-gateway-preview-namespace }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: eks-gateway-preview }]`,
    denied: /writes to the namespaces of previews alone/,
  },
];
