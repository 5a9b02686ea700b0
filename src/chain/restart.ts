// Whether the load balancer controller has to be started again: it looks for definitions once, when it starts.
import { list, moment, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';

/**
 * LBC 3.5 pkg/gateway/crddetect/detect.go: kinds without which it switches ALB Gateways off at its start, and does not
 * look again. Only with all three feature gates given does it skip the look; it then ends when a kind is missing, and
 * a restart does no harm.
 */
export const soughtAtStart: readonly string[] = [
  'gateways.gateway.networking.k8s.io',
  'gatewayclasses.gateway.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
  'grpcroutes.gateway.networking.k8s.io',
  'targetgroupconfigurations.gateway.k8s.aws',
  'loadbalancerconfigurations.gateway.k8s.aws',
  'listenerruleconfigurations.gateway.k8s.aws',
];

export interface Definitions {
  /** As the cluster has them. */
  readonly live: readonly KubernetesObject[];
  /** Names of those that this run created or changed, and when it had done so. */
  readonly changed: ReadonlySet<string>;
  readonly at: Date;
}

/** A pod's containers may start anew long after the pod. */
const startOf = (pod: KubernetesObject): Date | undefined => {
  const starts = list(pod, 'status', 'containerStatuses').flatMap(
    (status) => moment(status, 'state', 'running', 'startedAt') ?? [],
  );
  return starts.toSorted((one, other) => other.getTime() - one.getTime())[0];
};

/** The definitions that came, or changed, after one of the controller's pods had started. */
export const missedByController = (
  pods: readonly KubernetesObject[],
  { live, changed, at }: Definitions,
): readonly string[] => {
  const leaving = (pod: KubernetesObject): boolean =>
    text(pod, 'metadata', 'deletionTimestamp') !== undefined;
  // Kubernetes tells whole seconds.
  const done = new Date(Math.floor(at.getTime() / 1_000) * 1_000);
  const starts = pods.filter((pod) => !leaving(pod)).flatMap((pod) => startOf(pod) ?? []);
  return soughtAtStart.filter((name) => {
    const definition = live.find(({ metadata }) => metadata.name === name);
    if (definition === undefined) return false;
    const came = moment(definition, 'metadata', 'creationTimestamp');
    const latest = changed.has(name) ? done : came;
    return latest !== undefined && starts.some((start) => start.getTime() < latest.getTime());
  });
};
