// The pods of a controller against its association: what EKS gives a pod, it gives when the pod is made.
import { list, moment, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type ClusterReader, kinds } from '../chain/cluster.ts';
import { podsOf } from '../chain/release.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { type Association, restart } from './associations.ts';
import { notSeen } from './not-seen.ts';
import type { Setting } from './setting.ts';
import { sayWorkload, type Workload } from './workloads.ts';

/** Of the Deployment, the youngest first. */
export const observePods = async (
  { deployment, namespace }: Workload,
  cluster: ClusterReader,
  signal: AbortSignal,
): Promise<Seen<readonly KubernetesObject[]>> => {
  const seen = await cluster.list(kinds.pod, namespace, signal);
  return 'value' in seen ? { at: seen.at, value: podsOf(deployment, seen.value) } : seen;
};

/** What the webhook of EKS Pod Identity adds to a container (amazon-eks-pod-identity-webhook, handler.go). */
const given = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
/** The SDKs look at these first, so that the association is never used. */
const stronger = ['AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE'];

const variables = (pod: KubernetesObject): ReadonlySet<string> =>
  new Set(
    list(pod, 'spec', 'containers').flatMap((container) =>
      list(container, 'env').flatMap((variable) => text(variable, 'name') ?? []),
    ),
  );

export function judgePods(
  setting: Setting,
  workload: Workload,
  association: Association,
  seen: Seen<readonly KubernetesObject[]>,
): readonly Finding[] {
  if (!('value' in seen)) {
    return [notSeen(seen, `The identity of the pods of ${sayWorkload(workload)}`, setting.roles.eks)];
  }
  const pods = seen.value.filter(({ metadata }) => metadata['deletionTimestamp'] === undefined);
  const { modifiedAt } = association;
  const findings: Finding[] = [];
  const say = (
    severity: Finding['severity'],
    code: Finding['code'],
    which: readonly KubernetesObject[],
    message: string,
    hint: string,
    saw: (pod: KubernetesObject) => string,
  ): void => {
    if (which.length === 0) return;
    const ref = refOf(workload.deployment);
    const evidence = which.slice(0, 5).map((pod) => ({ from: refOf(pod), saw: saw(pod) }));
    findings.push(finding(severity, code, message, { ref, hint, evidence }));
  };
  const born = (pod: KubernetesObject): string => text(pod, 'metadata', 'creationTimestamp') ?? 'unknown';
  const changed = modifiedAt?.toISOString() ?? 'unknown';

  const own = pods.filter((pod) => stronger.some((name) => variables(pod).has(name)));
  say(
    'warning',
    'identity/other-credentials',
    own,
    `${sayWorkload(workload)} has a pod identity association, but its pods bring AWS credentials of their own, which the SDK prefers.`,
    'Remove them from the Deployment (keys in its environment, the annotation eks.amazonaws.com/role-arn on its service account), or remove the association.',
    (pod) => stronger.filter((name) => variables(pod).has(name)).join(', '),
  );
  const rest = pods.filter((pod) => !own.includes(pod));
  const without = rest.filter((pod) => !variables(pod).has(given));
  say(
    'error',
    'identity/pod-without-credentials',
    without,
    `${without.length} of ${pods.length} pods of ${sayWorkload(workload)} have no credentials from the pod identity association: they are older than it, and only a new pod gets them.`,
    `Restart the pods.\n${restart(workload)}`,
    (pod) => `no ${given}; created ${born(pod)}, association changed ${changed}`,
  );
  const stale = rest.filter((pod) => {
    const at = moment(pod, 'metadata', 'creationTimestamp');
    // creationTimestamp has whole seconds: a pod of the same second may be the younger one.
    return (
      variables(pod).has(given) &&
      modifiedAt !== undefined &&
      at !== undefined &&
      at.getTime() + 999 < modifiedAt.getTime()
    );
  });
  if (modifiedAt !== undefined && seen.at.getTime() - modifiedAt.getTime() < keeps(association)) {
    say(
      'warning',
      'identity/pod-keeps-old-credentials',
      stale,
      `The pod identity association of ${sayWorkload(workload)} was changed after its pods had started: the agent may still give them the former role, for ${association.targetRoleArn === undefined ? 'up to 6 hours' : 'up to 59 minutes'}.`,
      `Wait, or restart the pods.\n${restart(workload)}`,
      (pod) => `created ${born(pod)}, association changed ${changed}`,
    );
  }
  return findings;
}

/** Milliseconds for which the agent keeps credentials (EKS user guide, pod-id-assign-target-role). */
const keeps = ({ targetRoleArn }: Association): number =>
  (targetRoleArn === undefined ? 6 * 60 : 59) * 60_000;
