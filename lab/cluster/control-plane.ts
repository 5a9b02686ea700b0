// The flags of etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kwokStagesFolder, toolPath } from '../tools/locations.ts';
import type { LabFolder } from './folder.ts';
import { clientKubeconfig, webhookKubeconfig } from './kubeconfig.ts';
import { HOST_RUN_IMAGE } from './kubelet/programs.ts';
import { apiServerUrl, layout, nodeName, serviceAccountIssuer } from './layout.ts';
import type { ProcessSpec } from './processes.ts';

export const ETCD_PORT = 2379;

export function etcd(folder: LabFolder): ProcessSpec {
  const peers = `http://127.0.0.1:${ETCD_PORT + 1}`;
  const clients = `http://127.0.0.1:${ETCD_PORT}`;
  return {
    name: 'etcd',
    command: toolPath('etcd'),
    arguments: [
      `--data-dir=${folder.file('run', 'etcd')}`,
      // A lab's state need not survive anything, and syncing to disk is what makes etcd slow.
      '--unsafe-no-fsync',
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--log-level=warn',
    ],
  };
}

export function apiServer(folder: LabFolder): ProcessSpec {
  const tokenReview = folder.file('token-webhook.kubeconfig');
  writeFileSync(
    tokenReview,
    webhookKubeconfig(
      `https://${layout.addresses.webhooks}:${layout.ports.webhooks}/token-review`,
      folder.pki('ca.crt'),
    ),
  );
  return {
    name: 'kube-apiserver',
    command: toolPath('kube-apiserver'),
    arguments: [
      `--etcd-servers=http://127.0.0.1:${ETCD_PORT}`,
      `--bind-address=${layout.addresses.apiServer}`,
      `--secure-port=${layout.ports.apiServer}`,
      // Endpoints may not be loopback, so nothing is advertised: the reconciler is off as well.
      `--advertise-address=${layout.addresses.node}`,
      '--endpoint-reconciler-type=none',
      `--cert-dir=${folder.file('run', 'apiserver')}`,
      `--tls-cert-file=${folder.pki('apiserver.crt')}`,
      `--tls-private-key-file=${folder.pki('apiserver.key')}`,
      `--client-ca-file=${folder.pki('ca.crt')}`,
      '--authorization-mode=RBAC',
      // Nobody takes the not-ready taint off a node again without the node-lifecycle controller.
      '--disable-admission-plugins=TaintNodesByCondition',
      '--allow-privileged=true',
      // Webhooks behind a Service are dialled at the pod's address; there is no kube-proxy.
      '--enable-aggregator-routing=true',
      `--service-cluster-ip-range=${layout.serviceCidr}`,
      `--service-account-issuer=${serviceAccountIssuer}`,
      `--service-account-key-file=${folder.pki('service-account.pub')}`,
      `--service-account-signing-key-file=${folder.pki('service-account.key')}`,
      '--api-audiences=https://kubernetes.default.svc',
      `--authentication-token-webhook-config-file=${tokenReview}`,
      '--authentication-token-webhook-version=v1',
      // Tests change access entries and let tokens expire; a remembered answer would hide it.
      '--authentication-token-webhook-cache-ttl=0s',
      `--kubelet-certificate-authority=${folder.pki('ca.crt')}`,
      `--kubelet-client-certificate=${folder.pki('kubelet-client.crt')}`,
      `--kubelet-client-key=${folder.pki('kubelet-client.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--profiling=false',
    ],
  };
}

const CONTROLLERS = [
  'clusterrole-aggregation',
  'daemonset',
  'deployment',
  'endpointslice',
  'garbage-collector',
  'job',
  'namespace',
  'pod-garbage-collector',
  'replicaset',
  'root-ca-certificate-publisher',
  'serviceaccount',
  'statefulset',
  'ttl-after-finished',
];

export function controllerManager(folder: LabFolder): ProcessSpec {
  const kubeconfig = writeClient(folder, 'controller-manager');
  return {
    name: 'kube-controller-manager',
    command: toolPath('kube-controller-manager'),
    arguments: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${folder.file('run', 'controller-manager')}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${folder.pki('service-account.key')}`,
      `--root-ca-file=${folder.pki('ca.crt')}`,
      `--controllers=${CONTROLLERS.map((name) => `${name}-controller`).join(',')}`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
  };
}

export function scheduler(folder: LabFolder): ProcessSpec {
  const kubeconfig = writeClient(folder, 'scheduler');
  return {
    name: 'kube-scheduler',
    command: toolPath('kube-scheduler'),
    arguments: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${folder.file('run', 'scheduler')}`,
      '--leader-elect=false',
    ],
  };
}

export function kwok(folder: LabFolder): ProcessSpec {
  const stages = writeStages(folder);
  return {
    name: 'kwok',
    command: toolPath('kwok'),
    arguments: [
      `--kubeconfig=${writeClient(folder, 'kwok')}`,
      `--manage-single-node=${nodeName}`,
      `--cidr=${layout.podCidr}`,
      `--node-ip=${layout.addresses.node}`,
      `--node-port=${layout.ports.kubelet}`,
      // The process kubelet has the node's port; kwok's own server would take it.
      '--server-address=127.0.0.1:10247',
      ...stages.map((file) => `--config=${file}`),
    ],
  };
}

function writeClient(folder: LabFolder, name: string): string {
  const file = folder.file('run', `${name}.kubeconfig`);
  writeFileSync(file, clientKubeconfig(apiServerUrl, folder.pki('ca.crt'), folder.pki(name)));
  return file;
}

interface Stage {
  kind: string;
  metadata: { name: string };
  spec: {
    selector: { matchExpressions: { key: string; operator: string; values?: string[] }[] };
    delay?: { durationFrom: { expressionFrom: string } };
  };
}

/** Annotation of a pod that starts late: `40s`. Until then it is Pending. */
const READY_AFTER = 'lab/ready-after';

/**
 * kwok's own stages, except that kwok leaves alone the pods that the process kubelet runs, and lets a pod be late that
 * asks for it.
 */
function writeStages(folder: LabFolder): string[] {
  return ['node', 'pod'].flatMap((kind) => {
    const from = join(kwokStagesFolder(), kind, 'fast');
    return readdirSync(from)
      .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
      .map((file) => {
        const stage = parse(readFileSync(join(from, file), 'utf8')) as Stage;
        if (kind === 'pod') {
          stage.spec.selector.matchExpressions.push({
            key: `.spec.containers.[] | .image | test(${JSON.stringify(HOST_RUN_IMAGE)})`,
            operator: 'NotIn',
            values: ['true'],
          });
        }
        if (stage.metadata.name === 'pod-ready') {
          stage.spec.delay = {
            durationFrom: { expressionFrom: `.metadata.annotations[${JSON.stringify(READY_AFTER)}]` },
          };
        }
        const to = folder.file('run', `stage-${file}`);
        writeFileSync(to, stringify(stage));
        return to;
      });
  });
}
