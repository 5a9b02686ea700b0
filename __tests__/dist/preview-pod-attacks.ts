// What a pull request might ask for its pods: to share with the node, to be privileged, to get at tokens and volumes.
import { type Attack, plain } from './preview-attack.ts';

const pod = (name: string, spec: string, denied: RegExp): Attack => ({
  yaml: `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: x } }
  template:
    metadata: { labels: { app: x } }
    spec: { automountServiceAccountToken: false, ${spec} }`,
  code: 'unsafe-pod',
  denied,
});

const container = (more: string): string => `containers: [{ name: c, image: i, ${more} }]`;
const nothingShared = /share nothing with their node/;
const noRights = /have no rights on their node/;

export const podAttacks: readonly Attack[] = [
  {
    ...pod(
      'attack-share',
      `volumes: [{ name: v, nfs: { server: fs-1.efs.us-east-1.amazonaws.com, path: / } }], ${plain}`,
      /mount no share of the network/,
    ),
    code: 'foreign-volume',
  },
  {
    ...pod(
      'attack-own-token',
      `volumes: [{ name: v, projected: { sources: [{ serviceAccountToken: { path: t } }] } }], ${plain}`,
      /get no token of their service account/,
    ),
    code: 'token',
  },
  pod('attack-priority', `priorityClassName: system-cluster-critical, ${plain}`, /nobody is evicted/),
  pod(
    'attack-seccomp',
    container('securityContext: { seccompProfile: { type: Unconfined } }'),
    /run confined/,
  ),
  pod(
    'attack-probe',
    container('livenessProbe: { httpGet: { host: 169.254.169.254, path: /latest/meta-data, port: 80 } }'),
    /ask its own containers/,
  ),
  pod('attack-network', `hostNetwork: true, ${plain}`, nothingShared),
  pod('attack-pid', `hostPID: true, ${plain}`, nothingShared),
  pod('attack-ipc', `hostIPC: true, ${plain}`, nothingShared),
  pod(
    'attack-path',
    `volumes: [{ name: v, hostPath: { path: / } }], ${plain}`,
    /mount no path of their node/,
  ),
  pod('attack-privileged', container('securityContext: { privileged: true }'), noRights),
  pod(
    'attack-init',
    `initContainers: [{ name: i, image: i, securityContext: { privileged: true } }], ${plain}`,
    noRights,
  ),
  pod('attack-capability', container('securityContext: { capabilities: { add: [SYS_ADMIN] } }'), noRights),
  pod('attack-port', container('ports: [{ containerPort: 80, hostPort: 80 }]'), noRights),
  {
    ...pod(
      'attack-token',
      `volumes: [{ name: v, projected: { sources: [{ serviceAccountToken: { path: t, audience: sts.amazonaws.com } }] } }], ${plain}`,
      /none that AWS takes/,
    ),
    code: 'aws-access',
  },
];
