// What keeps a pod from serving, as a code: images that cannot be pulled, containers that end, nodes that take none.
import { field, isMap, list, moment, number, text } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf } from '../bundle/object.ts';
import { conditionOf, conditionsOf } from '../gateway/conditions.ts';
import type { Code } from '../verdict/codes.ts';

export interface PodTrouble {
  readonly code: Extract<Code, `workload/${string}`>;
  /** A sentence without its full stop. */
  readonly says: string;
  readonly hint: string;
}

const imageReasons =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)$/;
const startReasons = /^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/;

/** A container that has ended this often counts as ending again and again while it runs as well. */
const restartsOfLoop = 2;

const endOf = (status: Json): string => {
  const ended = field(status, 'lastState', 'terminated') ?? field(status, 'state', 'terminated');
  const code = number(ended, 'exitCode');
  if (code === undefined) return '';
  const reason = text(ended, 'reason');
  return `, last with exit code ${code}${reason === undefined || reason === 'Error' ? '' : ` (${reason})`}`;
};

const isLooping = (status: Json, reason: string): boolean =>
  reason === 'CrashLoopBackOff' ||
  ((number(status, 'restartCount') ?? 0) >= restartsOfLoop &&
    (number(status, 'lastState', 'terminated', 'exitCode') ?? 0) !== 0);

const troubleOfContainer = (pod: KubernetesObject, status: Json): PodTrouble | undefined => {
  if (field(status, 'ready') === true || field(status, 'state', 'terminated', 'exitCode') === 0)
    return undefined;
  const reason = text(status, 'state', 'waiting', 'reason') ?? '';
  const message = text(status, 'state', 'waiting', 'message');
  const name = `Container ${text(status, 'name') ?? ''} of ${refOf(pod)}`;
  const detail = message === undefined ? '' : `: ${message}`;
  const { namespace = 'default', name: podName } = pod.metadata;
  if (imageReasons.test(reason))
    return {
      code: 'workload/image-pull',
      says: `${name} has no image ${text(status, 'image') ?? ''} (${reason}${detail})`,
      hint: "Check the image's name and tag, and that the nodes may pull it.",
    };
  if (startReasons.test(reason))
    return {
      code: 'workload/rollout-stuck',
      says: `${name} cannot start (${reason}${detail})`,
      hint: 'A ConfigMap, a Secret or a command that the container names is missing.',
    };
  if (isLooping(status, reason))
    return {
      code: 'workload/crash-loop',
      says: `${name} has ended ${number(status, 'restartCount') ?? 0} times${endOf(status)}`,
      hint: `Read why: kubectl --namespace ${namespace} logs ${podName} --container ${text(status, 'name') ?? ''} --previous`,
    };
  return undefined;
};

/** Seconds that a container has to run before its earlier ends count for nothing. */
const steadyAfter = 30;

/**
 * A container that runs just now, after it has ended again and again: without a readiness probe it counts as ready between two
 * ends, and its Deployment as available.
 */
export const flappingPod = (pods: readonly KubernetesObject[], at: Date): PodTrouble | undefined => {
  for (const pod of pods.filter((each) => !isEnding(each)))
    for (const status of list(pod, 'status', 'containerStatuses')) {
      const since = moment(status, 'state', 'running', 'startedAt');
      const trouble = troubleOfContainer(pod, { ...(isMap(status) && status), ready: false });
      if (trouble?.code !== 'workload/crash-loop' || since === undefined) continue;
      if (at.getTime() - since.getTime() < steadyAfter * 1_000) return trouble;
    }
  return undefined;
};

const isReady = (pod: KubernetesObject): boolean =>
  conditionOf(conditionsOf(pod, 'status', 'conditions'), 'Ready')?.status === 'True';

const isEnding = (pod: KubernetesObject): boolean =>
  text(pod, 'metadata', 'deletionTimestamp') !== undefined || text(pod, 'status', 'phase') === 'Succeeded';

/** Events by which an autoscaler says that it is bringing a node: Cluster Autoscaler's, Karpenter's. */
export const scalingReasons = /^(TriggeredScaleUp|Nominated)$/;

export const isUnscheduled = (pod: KubernetesObject): boolean =>
  !isEnding(pod) &&
  conditionOf(conditionsOf(pod, 'status', 'conditions'), 'PodScheduled')?.status === 'False';

const troubleOf = (pod: KubernetesObject): PodTrouble | undefined => {
  if (isReady(pod) || isEnding(pod)) return undefined;
  const scheduled = conditionOf(conditionsOf(pod, 'status', 'conditions'), 'PodScheduled');
  if (scheduled?.status === 'False')
    return {
      code: 'workload/not-scheduled',
      says: `No node takes ${refOf(pod)}: ${scheduled.message || scheduled.reason}`,
      hint: 'Requests, affinities or taints keep it off every node, or the cluster has to grow.',
    };
  const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((key) => list(pod, 'status', key));
  for (const status of statuses) {
    const trouble = troubleOfContainer(pod, status);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
};

/** The first trouble among pods that are not ready; `undefined` where all that is to be seen is that they are not. */
export const troubleOfPods = (pods: readonly KubernetesObject[]): PodTrouble | undefined => {
  for (const pod of pods) {
    const trouble = troubleOf(pod);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
};
