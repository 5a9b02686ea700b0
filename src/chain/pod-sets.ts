// StatefulSets and DaemonSets: whether they are rolled out, and what keeps them from it.
import { field, list, number, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { conditionOf, conditionsOf } from '../gateway/conditions.ts';
import type { Evidence } from '../verdict/verdict.ts';
import type { ClusterReader } from './cluster.ts';
import { type ControllerEvent, observeEvents } from './events.ts';

export interface SetSeen {
  readonly set: KubernetesObject;
  /** Why it gets no further pods: only an event says so. Read while it is not rolled out. */
  readonly refused?: ControllerEvent;
}

const isDaemon = ({ kind }: KubernetesObject): boolean => kind === 'DaemonSet';

/** How many pods there are to be: of a DaemonSet as many as nodes that fit, which its controller counts. */
const wantedBy = (set: KubernetesObject): number =>
  isDaemon(set)
    ? (number(set, 'status', 'desiredNumberScheduled') ?? 0)
    : (number(set, 'spec', 'replicas') ?? 1);

/** A DaemonSet for which its controller has found no node. */
export const fitsNoNode = (set: KubernetesObject): boolean =>
  isDaemon(set) &&
  (number(set, 'status', 'observedGeneration') ?? 0) >= (number(set, 'metadata', 'generation') ?? 0) &&
  wantedBy(set) === 0;

/** kubectl's rule of `rollout status` (polymorphichelpers/rollout_status.go); with OnDelete nobody waits for a rollout. */
export const setRolledOut = (set: KubernetesObject): boolean => {
  const strategy = field(set, 'spec', 'updateStrategy');
  if ((text(strategy, 'type') ?? 'RollingUpdate') !== 'RollingUpdate') return true;
  const wanted = wantedBy(set);
  const status = field(set, 'status');
  const count = (name: string): number => number(status, name) ?? 0;
  const partition = number(strategy, 'rollingUpdate', 'partition') ?? 0;
  if (count('observedGeneration') < (number(set, 'metadata', 'generation') ?? 0)) return false;
  if (isDaemon(set)) return count('updatedNumberScheduled') >= wanted && count('numberAvailable') >= wanted;
  if (count('readyReplicas') < wanted) return false;
  return partition > 0
    ? count('updatedReplicas') >= wanted - partition
    : text(status, 'updateRevision') === text(status, 'currentRevision');
};

export const observeSet = async (
  reader: ClusterReader,
  set: KubernetesObject,
  signal: AbortSignal,
): Promise<SetSeen> => {
  if (setRolledOut(set)) return { set };
  const events = await observeEvents(reader, set, signal);
  const last = 'value' in events ? events.value.at(-1) : undefined;
  return { set, ...(last?.reason === 'FailedCreate' && { refused: last }) };
};

export const podsOfSet = (
  set: KubernetesObject,
  pods: readonly KubernetesObject[],
): readonly KubernetesObject[] =>
  pods.filter((pod) =>
    list(pod, 'metadata', 'ownerReferences').some(
      (owner) => text(owner, 'kind') === set.kind && text(owner, 'name') === set.metadata.name,
    ),
  );

/** `1 of 3 replicas ready, 2 updated`. */
export const saySet = (set: KubernetesObject): string => {
  const wanted = wantedBy(set);
  const count = (name: string): number => number(set, 'status', name) ?? 0;
  if (isDaemon(set))
    return `${count('numberAvailable')} of ${wanted} pods available, ${count('updatedNumberScheduled')} updated`;
  return `${count('readyReplicas')} of ${wanted} replicas ready, ${count('updatedReplicas')} updated`;
};

const shown = 3;

export const setEvidence = (
  set: KubernetesObject,
  pods: readonly KubernetesObject[],
): readonly Evidence[] => [
  { from: `${refOf(set)} status`, saw: saySet(set) },
  ...pods
    .filter((pod) => conditionOf(conditionsOf(pod, 'status', 'conditions'), 'Ready')?.status !== 'True')
    .slice(0, shown)
    .map((pod) => ({ from: refOf(pod), saw: `${text(pod, 'status', 'phase') ?? 'Pending'}, not ready` })),
];
