// What a pull request's manifests may not hold: an attack for each rule, and an app that breaks none.
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { defaultKinds, type Rules, violations } from '../../../src/preview/policy.ts';

const rules: Rules = {
  namespace: 'pr-42-app',
  domain: 'preview.example.com',
  gateway: { namespace: 'infra', name: 'public', section: 'https' },
  allowedKinds: defaultKinds,
};

const judge = (yaml: string, changed: Partial<Rules> = {}) =>
  violations(parseManifests(yaml, 'app.yaml').objects, { ...rules, ...changed }).map(
    ({ code, path }) => `${code} at ${path.join('.')}`,
  );

const metadata = 'metadata: { name: web, namespace: pr-42-app }';
const object = (kind: string, rest = '', meta = metadata): string => {
  const [name = '', group = ''] = kind.split(/\.(.*)/);
  const versions: Record<string, string> = { '': 'v1', autoscaling: 'autoscaling/v2' };
  return `apiVersion: ${versions[group] ?? `${group}/v1`}\nkind: ${name}\n${meta}\n${rest}\n`;
};
const deployment = (pod: string): string =>
  object('Deployment.apps', `spec: { template: { spec: { ${pod} } } }`);
const container = (rest: string): string => deployment(`containers: [{ name: web, image: nginx, ${rest} }]`);
const route = (rest: string, meta = metadata): string =>
  object('HTTPRoute.gateway.networking.k8s.io', `spec: { ${rest} }`, meta);
const parent = 'parentRefs: [{ name: public, namespace: infra, sectionName: https }]';
const host = 'hostnames: [pr-42-app.preview.example.com]';
const annotated = (key: string): string =>
  `metadata: { name: web, namespace: pr-42-app, annotations: { ${key}: x } }`;

test('an app that a preview may hold', () => {
  const app = [
    ...['ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolumeClaim'].map((kind) => object(kind)),
    deployment(
      'priorityClassName: low, containers: [{ name: web, livenessProbe: { httpGet: { path: /, port: 80 } } }], volumes: [{ name: a, emptyDir: {} }, { name: b, secret: { secretName: s } }, { name: c, persistentVolumeClaim: { claimName: c } }]',
    ).replace('name: web, namespace', 'name: worker, namespace'),
    object('Service', 'spec: { type: ClusterIP, clusterIP: None, ports: [{ port: 80 }] }'),
    container(
      'securityContext: { privileged: false, capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] } }, ports: [{ containerPort: 80 }]',
    ),
    object('CronJob.batch'),
    object('HorizontalPodAutoscaler.autoscaling'),
    route(`${host}, ${parent}, rules: [{ backendRefs: [{ name: web, port: 80 }] }]`, annotated('team')),
  ].join('---\n');
  expect(judge(app)).toEqual([]);
});

const kinds = (...more: string[]): Partial<Rules> => ({ allowedKinds: [...defaultKinds, ...more] });
const gatewayKind = 'Gateway.gateway.networking.k8s.io';
const pod = 'spec.template.spec';
const inContainer = `${pod}.containers.0`;

describe('is refused', () => {
  test.each<[string, string, string | readonly string[], Partial<Rules>?]>([
    ['a kind that is not allowed', object('Role.rbac.authorization.k8s.io'), 'kind-not-allowed at kind'],
    ['an allowed name in another group', object('Service.serving.knative.dev'), 'kind-not-allowed at kind'],
    ['a DaemonSet, which runs on every node', object('DaemonSet.apps'), 'kind-not-allowed at kind'],
    [
      'an object of LBC that names target groups',
      object('TargetGroupBinding.elbv2.k8s.aws'),
      'kind-not-allowed at kind',
    ],
    ['a cluster-wide object', object('ClusterRole.rbac.authorization.k8s.io'), 'cluster-scoped at kind'],
    [
      'a cluster-wide object, though it is allowed',
      object('ClusterRoleBinding.rbac.authorization.k8s.io'),
      'cluster-scoped at kind',
      kinds('ClusterRoleBinding.rbac.authorization.k8s.io'),
    ],
    [
      'another namespace',
      object('ConfigMap', '', 'metadata: { name: web, namespace: kube-system }'),
      'other-namespace at metadata.namespace',
    ],
    [
      'a finalizer',
      object('ConfigMap', '', 'metadata: { name: web, namespace: pr-42-app, finalizers: [a/b] }'),
      'finalizer at metadata.finalizers',
    ],
    [
      'a hostname elsewhere',
      route(`hostnames: [pr-42-app.preview.example.com, login.example.com], ${parent}`),
      'hostname-outside-domain at spec.hostnames.1',
    ],
    [
      'a hostname that only ends alike',
      route(`hostnames: [evilpreview.example.com], ${parent}`),
      'hostname-outside-domain at spec.hostnames.0',
    ],
    [
      'the domain itself',
      route(`hostnames: [preview.example.com], ${parent}`),
      'hostname-outside-domain at spec.hostnames.0',
    ],
    [
      'every preview',
      route(`hostnames: ['*.preview.example.com'], ${parent}`),
      'hostname-outside-domain at spec.hostnames.0',
    ],
    [
      "a Gateway's hostname, though Gateways are allowed",
      object(gatewayKind, 'spec: { listeners: [{ name: a, hostname: a.example.com }] }'),
      'hostname-outside-domain at spec.listeners.0.hostname',
      kinds(gatewayKind),
    ],
    [
      "a Gateway's listener for all hosts",
      object(gatewayKind, 'spec: { listeners: [{ name: a }] }'),
      'hostname-outside-domain at spec.listeners.0.hostname',
      kinds(gatewayKind),
    ],
    [
      "an Ingress's hostname, though Ingresses are allowed",
      object('Ingress.networking.k8s.io', 'spec: { rules: [{ host: a.example.com }] }'),
      'hostname-outside-domain at spec.rules.0.host',
      kinds('Ingress.networking.k8s.io'),
    ],
    [
      "a DNSEndpoint's name, though DNSEndpoints are allowed",
      object('DNSEndpoint.externaldns.k8s.io', 'spec: { endpoints: [{ dnsName: a.example.com }] }'),
      'hostname-outside-domain at spec.endpoints.0.dnsName',
      kinds('DNSEndpoint.externaldns.k8s.io'),
    ],
    [
      'a record by annotation of a route',
      route(`${host}, ${parent}`, annotated('external-dns.alpha.kubernetes.io/hostname')),
      'dns-annotation at metadata.annotations.external-dns.alpha.kubernetes.io/hostname',
    ],
    [
      'a target by annotation of a Service (0.22)',
      object('Service', '', annotated('external-dns.kubernetes.io/target')),
      'dns-annotation at metadata.annotations.external-dns.kubernetes.io/target',
    ],
    [
      'another Gateway',
      route(`${host}, parentRefs: [{ name: internal, namespace: infra }]`),
      'other-gateway at spec.parentRefs.0',
    ],
    [
      'a Service of somebody else',
      route(`${host}, ${parent}, rules: [{ backendRefs: [{ name: db, namespace: prod, port: 80 }] }]`),
      'foreign-backend at spec.rules.0.backendRefs.0',
    ],
    [
      'a mirror to a Service of somebody else',
      route(
        `${host}, ${parent}, rules: [{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: db, namespace: prod } } }] }]`,
      ),
      ['foreign-backend at spec.rules.0.filters.0.requestMirror.backendRef', 'blocks-others at spec.rules'],
    ],
    ...['LoadBalancer', 'NodePort', 'ExternalName'].map((type): [string, string, string] => [
      `a Service of type ${type}`,
      object('Service', `spec: { type: ${type} }`),
      'exposed-service at spec.type',
    ]),
    [
      'external IPs',
      object('Service', 'spec: { externalIPs: [10.0.0.1] }'),
      'exposed-service at spec.externalIPs',
    ],
    ...['hostNetwork', 'hostPID', 'hostIPC'].map((key): [string, string, string] => [
      key,
      deployment(`${key}: true, containers: [{ name: web }]`),
      `unsafe-pod at ${pod}.${key}`,
    ]),
    [
      'hostPath',
      deployment(
        'containers: [{ name: web }], volumes: [{ name: a, emptyDir: {} }, { name: b, hostPath: { path: / } }]',
      ),
      `unsafe-pod at ${pod}.volumes.1.hostPath`,
    ],
    [
      'a privileged container',
      container('securityContext: { privileged: true }'),
      `unsafe-pod at ${inContainer}.securityContext.privileged`,
    ],
    [
      'a privileged container that only looks like text',
      container("securityContext: { privileged: 'true' }"),
      `unsafe-pod at ${inContainer}.securityContext.privileged`,
    ],
    [
      'a privileged init container',
      deployment(
        'containers: [{ name: web }], initContainers: [{ name: i, securityContext: { privileged: true } }]',
      ),
      `unsafe-pod at ${pod}.initContainers.0.securityContext.privileged`,
    ],
    [
      'an added capability',
      container('securityContext: { capabilities: { add: [NET_BIND_SERVICE, SYS_ADMIN] } }'),
      `unsafe-pod at ${inContainer}.securityContext.capabilities.add`,
    ],
    [
      'a port of the node',
      container('ports: [{ containerPort: 80, hostPort: 80 }]'),
      `unsafe-pod at ${inContainer}.ports.0.hostPort`,
    ],
    [
      'a pod deep in a CronJob',
      object(
        'CronJob.batch',
        'spec: { jobTemplate: { spec: { template: { spec: { hostPID: true, containers: [] } } } } }',
      ),
      'unsafe-pod at spec.jobTemplate.spec.template.spec.hostPID',
    ],
    [
      'a pod in a kind of somebody else, though it is allowed',
      object('Rollout.argoproj.io', 'spec: { template: { spec: { hostIPC: true, containers: [] } } }'),
      'unsafe-pod at spec.template.spec.hostIPC',
      kinds('Rollout.argoproj.io'),
    ],
    [
      'a service account with a role in AWS',
      object('ServiceAccount', '', annotated('eks.amazonaws.com/role-arn')),
      'aws-access at metadata.annotations.eks.amazonaws.com/role-arn',
    ],
    [
      'a pod that names a role in AWS, as kube2iam and kiam take it',
      object(
        'CronJob.batch',
        'spec: { jobTemplate: { spec: { template: { metadata: { annotations: { iam.amazonaws.com/role: admin } }, spec: { containers: [] } } } } }',
      ),
      'aws-access at spec.jobTemplate.spec.template.metadata.annotations.iam.amazonaws.com/role',
    ],
    [
      'a token for AWS',
      deployment(
        'containers: [{ name: web }], volumes: [{ name: t, projected: { sources: [{ serviceAccountToken: { audience: sts.amazonaws.com } }] } }]',
      ),
      `aws-access at ${pod}.volumes.0.projected.sources.0`,
    ],
    [
      'a token of the service account',
      deployment(
        'containers: [{ name: web }], volumes: [{ name: t, projected: { sources: [{ configMap: { name: c } }, { serviceAccountToken: { path: t } }] } }]',
      ),
      `token at ${pod}.volumes.0.projected.sources.1`,
    ],
    [
      'a Secret that the cluster fills with a token',
      object('Secret', 'type: kubernetes.io/service-account-token'),
      'token at type',
    ],
    [
      'a share of the network',
      deployment('containers: [{ name: web }], volumes: [{ name: n, nfs: { server: 10.0.0.1, path: / } }]'),
      `foreign-volume at ${pod}.volumes.0.nfs`,
    ],
    [
      "a volume of the cluster's",
      object('PersistentVolumeClaim', 'spec: { volumeName: prod-data }'),
      'foreign-volume at spec.volumeName',
    ],
    [
      "another namespace's data",
      object(
        'PersistentVolumeClaim',
        'spec: { dataSourceRef: { kind: PersistentVolumeClaim, name: a, namespace: prod } }',
      ),
      'foreign-volume at spec.dataSourceRef.namespace',
    ],
    [
      'a weight that stops the controller',
      route(`${host}, ${parent}, rules: [{ backendRefs: [{ name: web, port: 80, weight: 1000 }] }]`),
      'blocks-others at spec.rules',
    ],
    [
      'a backend that is no Service',
      route(
        `${host}, ${parent}, rules: [{ backendRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }] }]`,
      ),
      'foreign-backend at spec.rules.0.backendRefs.0',
    ],
    [
      'a filter by a kind that is not allowed',
      route(
        `${host}, ${parent}, rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: gateway.k8s.aws, kind: ListenerRuleConfiguration, name: x } }] }]`,
      ),
      'kind-not-allowed at spec.rules.0.filters.0.extensionRef',
    ],
    [
      'the priority of the system',
      deployment('priorityClassName: system-node-critical, containers: [{ name: web }]'),
      `unsafe-pod at ${pod}.priorityClassName`,
    ],
    [
      'a sysctl of the node',
      deployment(
        'securityContext: { sysctls: [{ name: net.ipv4.tcp_syncookies }, { name: kernel.msgmax }] }, containers: [{ name: web }]',
      ),
      `unsafe-pod at ${pod}.securityContext.sysctls.1`,
    ],
    [
      'a container without seccomp',
      container('securityContext: { seccompProfile: { type: Unconfined } }'),
      `unsafe-pod at ${inContainer}.securityContext.seccompProfile`,
    ],
    [
      'a container that sees all of /proc',
      container('securityContext: { procMount: Unmasked }'),
      `unsafe-pod at ${inContainer}.securityContext.procMount`,
    ],
    [
      'a probe that has the node ask another host',
      container('readinessProbe: { tcpSocket: { host: 10.0.0.1, port: 5432 } }'),
      `unsafe-pod at ${inContainer}.readinessProbe.tcpSocket.host`,
    ],
    [
      'two objects that would be one',
      `${object('ConfigMap')}---\n${object('ConfigMap')}`,
      'name-clash at metadata.name',
    ],
  ])('%s', (...[, yaml, found, changed]) => {
    expect(judge(yaml, changed)).toEqual([found].flat().map((each) => `preview/${each}`));
  });
});

test('everything is said at once', () => {
  const bad = `${object('Role.rbac.authorization.k8s.io')}---\n${deployment('hostNetwork: true, hostPID: true, containers: [{ name: web, securityContext: { privileged: true } }]')}`;
  expect(judge(bad)).toHaveLength(4);
});
