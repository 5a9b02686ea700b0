// Which Deployments, StatefulSets and DaemonSets have not come up, and what their pods say about it.
import { field, list, number, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { refOf } from '../bundle/object.ts';
import { conditionEvidence, conditionOf, conditionsOf } from '../gateway/conditions.ts';
import type { Evidence } from '../verdict/verdict.ts';
import { type ClusterReader, type Kind, kinds } from './cluster.ts';
import { podsOfSet, saySet, setRolledOut } from './pod-sets.ts';
import { podsOf } from './release.ts';

export interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The kinds whose rollout is followed. */
const followed: ReadonlyMap<string, Kind> = new Map(
  [kinds.deployment, kinds.statefulSet, kinds.daemonSet].map((kind) => [kind.kind, kind]),
);

/** Those objects of a bundle whose rollout is followed; `namespace` is that of objects that name none. */
export const workloadsAmong = (objects: readonly KubernetesObject[], namespace: string): readonly Named[] =>
  objects
    .filter(({ kind, apiVersion }) => followed.has(kind) && apiVersion.startsWith('apps/'))
    .map(({ kind, metadata }) => ({ kind, namespace: metadata.namespace ?? namespace, name: metadata.name }));

/** A workload that is not rolled out at its current generation, with what is known about why. */
export interface StuckRollout {
  readonly ref: string;
  /** A few words: `CrashLoopBackOff, ended with exit code 1`. */
  readonly why: string;
  readonly evidence: readonly Evidence[];
}

const podsShown = 3;

/** kubectl's rule of `rollout status` (polymorphichelpers/rollout_status.go): old pods that still serve do not count. */
export const rolledOut = (deployment: KubernetesObject): boolean => {
  const wanted = number(deployment, 'spec', 'replicas') ?? 1;
  const status = field(deployment, 'status');
  const count = (name: string): number => number(status, name) ?? 0;
  return (
    count('observedGeneration') >= (number(deployment, 'metadata', 'generation') ?? 0) &&
    count('updatedReplicas') >= wanted &&
    count('replicas') === count('updatedReplicas') &&
    count('availableReplicas') >= count('updatedReplicas')
  );
};

const ended = (terminated: Json | undefined): string | undefined => {
  const code = number(terminated, 'exitCode');
  if (code === undefined) return undefined;
  const reason = text(terminated, 'reason');
  return `ended with exit code ${code}${reason === undefined || reason === 'Error' ? '' : ` (${reason})`}`;
};

/** A fact about a pod: in a few words, and whatever Kubernetes says about it. */
interface Said {
  readonly from: string;
  readonly why: string;
  readonly message: string | undefined;
}

/** `CrashLoopBackOff, ended with exit code 1, 3 restarts`; `undefined` for a container that is ready. */
const sayContainer = (status: Json): Omit<Said, 'from'> | undefined => {
  if (field(status, 'ready') === true) return undefined;
  const waiting = field(status, 'state', 'waiting');
  const restarts = number(status, 'restartCount') ?? 0;
  const parts = [
    text(waiting, 'reason') ??
      (field(status, 'state', 'running') === undefined ? undefined : 'runs, not ready'),
    ended(field(status, 'state', 'terminated')) ?? ended(field(status, 'lastState', 'terminated')),
    restarts === 0 ? undefined : `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`,
  ].filter((part) => part !== undefined);
  return { why: parts.join(', ') || 'not ready', message: text(waiting, 'message') };
};

/** What keeps a pod from being ready; nothing for one that is. */
const sayPod = (pod: KubernetesObject): readonly Said[] => {
  const conditions = conditionsOf(pod, 'status', 'conditions');
  if (conditionOf(conditions, 'Ready')?.status === 'True') return [];
  const ref = refOf(pod);
  const unscheduled = conditionOf(conditions, 'PodScheduled');
  if (unscheduled?.status === 'False')
    return [{ from: ref, why: `not scheduled (${unscheduled.reason})`, message: unscheduled.message }];
  const containers = ['initContainerStatuses', 'containerStatuses'].flatMap((key) =>
    list(pod, 'status', key).flatMap((status): Said[] => {
      const said = sayContainer(status);
      return said === undefined ? [] : [{ from: `${ref} container ${text(status, 'name') ?? ''}`, ...said }];
    }),
  );
  return containers.length > 0
    ? containers
    : [{ from: ref, why: `${text(pod, 'status', 'phase') ?? 'Pending'}, not ready`, message: undefined }];
};

const unfinished = (pod: KubernetesObject): boolean =>
  text(pod, 'metadata', 'deletionTimestamp') === undefined && text(pod, 'status', 'phase') !== 'Succeeded';

const own = (workload: KubernetesObject, pods: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  workload.kind === 'Deployment' ? podsOf(workload, pods) : podsOfSet(workload, pods);

const sayCount = (workload: KubernetesObject): string => {
  if (workload.kind !== 'Deployment') return saySet(workload);
  const wanted = number(workload, 'spec', 'replicas') ?? 1;
  const available = number(workload, 'status', 'availableReplicas') ?? 0;
  return `${available} of ${wanted} replicas available`;
};

export const stuck = (workload: KubernetesObject, pods: readonly KubernetesObject[]): StuckRollout => {
  const ref = refOf(workload);
  const conditions = conditionsOf(workload, 'status', 'conditions');
  // Quota and admission keep pods from being made at all: then only the Deployment says so.
  const telling = conditions.filter(
    ({ type, status }) =>
      (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False'),
  );
  const said = own(workload, pods)
    .filter(unfinished)
    .map(sayPod)
    .filter((each) => each.length > 0);
  const evidence = said
    .slice(0, podsShown)
    .flat()
    .map(({ from, why, message }) => ({ from, saw: message === undefined ? why : `${why}: ${message}` }));
  return {
    ref,
    why: said[0]?.[0]?.why ?? telling[0]?.reason ?? sayCount(workload),
    evidence: [...conditionEvidence(ref, telling), ...evidence],
  };
};

const isRolledOut = (workload: KubernetesObject): boolean =>
  workload.kind === 'Deployment' ? rolledOut(workload) : setRolledOut(workload);

/**
 * Of the workloads given, those that exist and are not rolled out. What cannot be read is left out: this is asked
 * after a failure, which matters more.
 */
export const stuckRollouts = async (
  reader: ClusterReader,
  workloads: readonly Named[],
  signal: AbortSignal,
): Promise<readonly StuckRollout[]> => {
  const found: StuckRollout[] = [];
  for (const { kind, namespace, name } of workloads) {
    const seen = await reader.get(followed.get(kind) ?? kinds.deployment, namespace, name, signal);
    const workload = 'value' in seen ? seen.value : undefined;
    if (workload === undefined || isRolledOut(workload)) continue;
    const pods = await reader.list(kinds.pod, namespace, signal);
    found.push(stuck(workload, 'value' in pods ? pods.value : []));
  }
  return found;
};
