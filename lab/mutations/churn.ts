// What controllers and people do to a cluster on an ordinary day, none of which is drift.
import { execFileSync } from 'node:child_process';
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

/** What goes on in a cluster on an ordinary day. */
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
];
