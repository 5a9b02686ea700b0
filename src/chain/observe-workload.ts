// What the link `workload` reads: the Services behind a route, and what stands behind them.
import { textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { BackendRef } from '../gateway/backend-refs.ts';
import type { Seen } from '../verdict/seen.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { type ControllerEvent, observeEvents } from './events.ts';
import { observeSet, type SetSeen } from './pod-sets.ts';
import { isUnscheduled, scalingReasons } from './pod-trouble.ts';

export const selects = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

export const orNone = <Item>(seen: Seen<readonly Item[]>): readonly Item[] =>
  'value' in seen ? seen.value : [];

export interface WorkloadWant {
  /** `backendRefsOf` of all routes of the host. */
  readonly backends: readonly BackendRef[];
  /** The host's routes, where no rule of any of them sends anywhere (`rulesToNowhere`). */
  readonly nowhere?: readonly string[];
}

/** A Service and what stands behind it; lists are those of its namespace. */
export interface BackendSeen {
  readonly backend: BackendRef;
  readonly service: Seen<KubernetesObject | undefined>;
  readonly deployments: Seen<readonly KubernetesObject[]>;
  readonly pods: Seen<readonly KubernetesObject[]>;
  readonly slices: Seen<readonly KubernetesObject[]>;
  /** The StatefulSets and DaemonSets that the Service selects, as far as they may be read. */
  readonly sets: readonly SetSeen[];
  /** What an autoscaler says of a pod that waits for a node. */
  readonly scaling?: ControllerEvent;
}

const isSelected = (
  service: KubernetesObject | undefined,
  labels: Readonly<Record<string, string>>,
): boolean => selects(textMap(service, 'spec', 'selector'), labels);

/** Only where no Deployment stands behind the Service: most have one, and fewer roles may read the other kinds. */
const observeSets = async (
  reader: ClusterReader,
  service: KubernetesObject | undefined,
  deployments: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<readonly SetSeen[]> => {
  const template = (object: KubernetesObject) => textMap(object, 'spec', 'template', 'metadata', 'labels');
  if (service === undefined || deployments.some((each) => isSelected(service, template(each)))) return [];
  const { namespace } = service.metadata;
  const seen = await Promise.all(
    [kinds.statefulSet, kinds.daemonSet].map((kind) => reader.list(kind, namespace, signal)),
  );
  const own = seen.flatMap(orNone).filter((each) => isSelected(service, template(each)));
  return await Promise.all(own.map((set) => observeSet(reader, set, signal)));
};

/** Read only while a pod has no node. */
const observeScaling = async (
  reader: ClusterReader,
  pods: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<ControllerEvent | undefined> => {
  for (const pod of pods.filter(isUnscheduled)) {
    const events = await observeEvents(reader, pod, signal);
    const found = orNone(events).findLast(({ reason }) => scalingReasons.test(reason));
    if (found !== undefined) return found;
  }
  return undefined;
};

export const observeWorkload = (
  reader: ClusterReader,
  { backends }: WorkloadWant,
  signal: AbortSignal,
): Promise<readonly BackendSeen[]> =>
  Promise.all(
    backends.map(async (backend) => {
      const { namespace, name } = backend;
      const [service, deployments, pods, slices] = await Promise.all([
        reader.get(kinds.service, namespace, name, signal),
        reader.list(kinds.deployment, namespace, signal),
        reader.list(kinds.pod, namespace, signal),
        reader.list(kinds.endpointSlice, namespace, signal),
      ]);
      const found = 'value' in service ? service.value : undefined;
      const own = orNone(pods).filter((pod) => isSelected(found, textMap(pod, 'metadata', 'labels')));
      const sets = await observeSets(reader, found, orNone(deployments), signal);
      const scaling = await observeScaling(reader, own, signal);
      return { backend, service, deployments, pods, slices, sets, ...(scaling && { scaling }) };
    }),
  );
