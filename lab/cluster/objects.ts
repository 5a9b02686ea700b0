// What a new cluster gets before anybody uses it: its node, EKS' pod identity webhook, and what EKS' access policies grant.

import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { LabFailure } from '../tools/failure.ts';
import type { Api } from './api.ts';
import type { LabFolder } from './folder.ts';
import { layout, nodeName } from './layout.ts';
import { until } from './processes.ts';

export async function createNode(api: Api): Promise<void> {
  await create(api, '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': layout.region,
        'topology.kubernetes.io/zone': `${layout.region}a`,
        // The load balancer controller looks for no EC2 instance behind a hybrid node.
        'eks.amazonaws.com/compute-type': 'hybrid',
      },
    },
    status: { nodeInfo: { kubeletVersion: `v${layout.cluster.kubernetes}`, osImage: 'eks-gateway-lab' } },
  });
}

export async function registerPodIdentity(api: Api, folder: LabFolder): Promise<void> {
  await create(api, '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'pod-identity-webhook' },
    webhooks: [
      {
        name: 'pod-identity.eks.amazonaws.com',
        clientConfig: {
          url: `https://${layout.addresses.webhooks}:${layout.ports.webhooks}/mutate-pod`,
          caBundle: readFileSync(folder.pki('ca.crt')).toString('base64'),
        },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['pods'],
            scope: 'Namespaced',
          },
        ],
        // As on EKS: a pod is created without an identity rather than not at all.
        failurePolicy: 'Ignore',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        reinvocationPolicy: 'IfNeeded',
        timeoutSeconds: 10,
      },
    ],
  });
}

/** On EKS an authorizer of its own does this. Here roles do, bound to the groups that the token webhook gives. */
export async function bindAccessPolicies(api: Api): Promise<void> {
  const file = new URL('../cloud/aws/access-policies.yaml', import.meta.url);
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    const object = document.toJS() as { readonly kind: string };
    await create(api, `/apis/rbac.authorization.k8s.io/v1/${object.kind.toLowerCase()}s`, object);
  }
}

/** Pods can be created and scheduled. */
export async function clusterReady(api: Api): Promise<void> {
  await until('the node is Ready', 15, async () => {
    const node = await api.get<{ status?: { conditions?: { type: string; status: string }[] } }>(
      `/api/v1/nodes/${nodeName}`,
    );
    return (
      node.body.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ||
      undefined
    );
  });
  await until('the default service account exists', 15, async () => {
    const account = await api.get('/api/v1/namespaces/default/serviceaccounts/default');
    return account.status === 200 || undefined;
  });
}

async function create(api: Api, path: string, body: unknown): Promise<void> {
  const answer = await api.post(path, body);
  if (answer.status !== 201) {
    throw new LabFailure(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}
