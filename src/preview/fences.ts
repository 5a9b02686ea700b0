// What stands around a preview inside its namespace: who may write there, how much it may use, whom it may talk to.
import type { KubernetesObject } from '../bundle/object.ts';
import { previewLabel } from './identity.ts';

/** The group and the cluster role of policy/previews.yaml. */
export const previewGroup = 'eks-gateway-preview';
const namespaceRole = 'eks-gateway-preview-namespace';

export interface Fences {
  /** Resource names of a ResourceQuota with their amounts; none: no quota. */
  readonly quota: Readonly<Record<string, string>>;
  /** Networks of the load balancer; none: no network policy. */
  readonly networks: readonly string[];
}

interface Of {
  readonly namespace: string;
  readonly number: number;
}

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  { namespace, number }: Of,
): Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'> => ({
  apiVersion,
  kind,
  metadata: { name, namespace, labels: { [previewLabel]: String(number) } },
});

/** Lets the group of the preview role into the namespace: the one binding that policy/previews.yaml admits. */
export const bindingOf = (of: Of): KubernetesObject => ({
  ...object('rbac.authorization.k8s.io/v1', 'RoleBinding', previewGroup, of),
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: namespaceRole },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: previewGroup }],
});

/** Addresses of clusters, instances and their metadata: all that is not public. */
const internal = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];
const everywhere = [
  { cidr: '0.0.0.0/0', except: internal },
  { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] },
];
const itself = { podSelector: {} };
const dns = {
  to: [
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } },
    // NodeLocal DNSCache and the VPC's own resolver.
    {
      ipBlock: {
        cidr: '169.254.0.0/16',
        except: ['169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32'],
      },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

export const fencesOf = ({ quota, networks }: Fences, of: Of): readonly KubernetesObject[] => [
  ...(Object.keys(quota).length === 0
    ? []
    : [{ ...object('v1', 'ResourceQuota', 'preview', of), spec: { hard: quota } }]),
  ...(networks.length === 0
    ? []
    : [
        {
          ...object('networking.k8s.io/v1', 'NetworkPolicy', 'preview', of),
          spec: {
            podSelector: {},
            policyTypes: ['Ingress', 'Egress'],
            ingress: [{ from: [itself, ...networks.map((cidr) => ({ ipBlock: { cidr } }))] }],
            egress: [{ to: [itself] }, dns, { to: everywhere.map((ipBlock) => ({ ipBlock })) }],
          },
        },
      ]),
];
