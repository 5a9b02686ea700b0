// What controllers and people do to a cluster on an ordinary day, none of which is drift.
import { execFileSync } from 'node:child_process';
import { importCertificate } from '../certificate.ts';
import { layout } from '../cluster/layout.ts';
import { kubectl } from './mutation.ts';

/** The autoscaler's way of writing: the scale subresource, under the name of kube-controller-manager. */
const autoscale = (replicas: number): void => {
  const path = '/apis/apps/v1/namespaces/shop/deployments/worker/scale?fieldManager=kube-controller-manager';
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'worker', namespace: 'shop' },
    spec: { replicas },
  };
  execFileSync('kubectl', ['replace', '--raw', path, '-f', '-'], {
    input: JSON.stringify(scale),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
};

/** A route of another repository at the same Gateway, as previews come and go. */
const guest = JSON.stringify({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'guest', namespace: 'shop' },
  spec: {
    hostnames: ['guest.example.com'],
    parentRefs: [{ name: 'public', namespace: 'infra', sectionName: 'https' }],
    rules: [{ backendRefs: [{ name: 'shop', port: 8080 }] }],
  },
});

const comes = (): void => {
  execFileSync('kubectl', ['apply', '-f', '-'], { input: guest, stdio: ['pipe', 'ignore', 'pipe'] });
};

/** An operator that has its own variable in everybody's pods. */
const inject = JSON.stringify({
  spec: { template: { spec: { containers: [{ name: 'worker', env: [{ name: 'INJECTED', value: 'x' }] }] } } },
});

/** What goes on in a cluster on an ordinary day. */
/** As whoever imports certificates renews them, in time and under the same ARN. */
const renew = (): void => {
  const { zone } = layout;
  importCertificate([zone, `*.${zone}`, `*.preview.${zone}`], process.env['LAB_CERTIFICATE_ARN']);
};

export const churn: readonly (() => unknown)[] = [
  () => kubectl('-n', 'shop', 'rollout', 'restart', 'deployment/shop'),
  () => kubectl('-n', 'shop', 'delete', 'pod', '-l', 'app=worker', '--wait=false'),
  () => autoscale(3),
  () => kubectl('-n', 'infra', 'annotate', 'gateway', 'public', '--overwrite', `touched=${Date.now()}`),
  () => kubectl('-n', 'infra', 'rollout', 'restart', 'deployment/infra-external-dns'),
  () => kubectl('-n', 'shop', 'annotate', 'httproute', 'shop', '--overwrite', `seen=${Date.now()}`),
  () => autoscale(1),
  () => kubectl('-n', 'shop', 'label', 'deployment', 'shop', '--overwrite', `somebody=${Date.now()}`),
  () =>
    kubectl(
      '-n',
      'infra',
      'delete',
      'pod',
      '-l',
      'app.kubernetes.io/name=aws-load-balancer-controller',
      '--wait=false',
    ),
  () => kubectl('-n', 'shop', 'scale', 'deployment/worker', '--replicas=1'),
  comes,
  () => kubectl('-n', 'shop', 'patch', 'deployment', 'worker', '--field-manager=operator', '-p', inject),
  () => kubectl('-n', 'shop', 'delete', 'httproute', 'guest'),
  () => kubectl('-n', 'shop', 'delete', 'pod', '-l', 'app=shop', '--wait=false'),
  renew,
];
