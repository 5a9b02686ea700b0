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

const bringsItsOwn = (pod: KubernetesObject): boolean => stronger.some((name) => variables(pod).has(name));
const isGiven = (pod: KubernetesObject): boolean => variables(pod).has(given);

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
  return [
    ...ownCredentials(workload, pods),
    ...withoutCredentials(workload, association, pods),
    ...formerCredentials(workload, association, pods, seen.at),
  ];
}

type Said = Pick<Finding, 'severity' | 'code' | 'message' | 'hint'>;

/** One finding about all of them; nothing where there are none. */
function about(
  workload: Workload,
  pods: readonly KubernetesObject[],
  { severity, code, message, hint }: Said,
  saw: (pod: KubernetesObject) => string,
): readonly Finding[] {
  if (pods.length === 0) return [];
  const evidence = pods.slice(0, 5).map((pod) => ({ from: refOf(pod), saw: saw(pod) }));
  return [finding(severity, code, message, { ref: refOf(workload.deployment), hint, evidence })];
}

const ages = (pod: KubernetesObject, { modifiedAt }: Association): string =>
  `created ${text(pod, 'metadata', 'creationTimestamp') ?? 'unknown'}, association changed ${modifiedAt?.toISOString() ?? 'unknown'}`;

const ownCredentials = (workload: Workload, pods: readonly KubernetesObject[]): readonly Finding[] =>
  about(
    workload,
    pods.filter(bringsItsOwn),
    {
      severity: 'warning',
      code: 'identity/other-credentials',
      message: `${sayWorkload(workload)} has a pod identity association, but its pods bring AWS credentials of their own, which the SDK prefers.`,
      hint: 'Remove them from the Deployment (keys in its environment, the annotation eks.amazonaws.com/role-arn on its service account), or remove the association.',
    },
    (pod) => stronger.filter((name) => variables(pod).has(name)).join(', '),
  );

function withoutCredentials(
  workload: Workload,
  association: Association,
  pods: readonly KubernetesObject[],
): readonly Finding[] {
  const without = pods.filter((pod) => !bringsItsOwn(pod) && !isGiven(pod));
  return about(
    workload,
    without,
    {
      severity: 'error',
      code: 'identity/pod-without-credentials',
      message: `${without.length} of ${pods.length} pods of ${sayWorkload(workload)} have no credentials from the pod identity association: they are older than it, and only a new pod gets them.`,
      hint: `Restart the pods.\n${restart(workload)}`,
    },
    (pod) => `no ${given}; ${ages(pod, association)}`,
  );
}

/** Only for as long as the agent may still keep what it had before the change. */
function formerCredentials(
  workload: Workload,
  association: Association,
  pods: readonly KubernetesObject[],
  now: Date,
): readonly Finding[] {
  const { modifiedAt, targetRoleArn } = association;
  if (modifiedAt === undefined || now.getTime() - modifiedAt.getTime() >= keeps(association)) return [];
  const stale = pods.filter((pod) => {
    const born = moment(pod, 'metadata', 'creationTimestamp');
    if (bringsItsOwn(pod) || !isGiven(pod) || born === undefined) return false;
    // creationTimestamp has whole seconds: a pod of the same second may be the younger one.
    return born.getTime() + 999 < modifiedAt.getTime();
  });
  return about(
    workload,
    stale,
    {
      severity: 'warning',
      code: 'identity/pod-keeps-old-credentials',
      message: `The pod identity association of ${sayWorkload(workload)} was changed after its pods had started: the agent may still give them the former role, for ${targetRoleArn === undefined ? 'up to 6 hours' : 'up to 59 minutes'}.`,
      hint: `Wait, or restart the pods.\n${restart(workload)}`,
    },
    (pod) => ages(pod, association),
  );
}

/** Milliseconds for which the agent keeps credentials (EKS user guide, pod-id-assign-target-role). */
const keeps = ({ targetRoleArn }: Association): number =>
  (targetRoleArn === undefined ? 6 * 60 : 59) * 60_000;
