// The order in which objects are written: what others need comes first.
import type { KubernetesObject, Sourced } from '../bundle/object.ts';

/**
 * `crds`, `namespaces`, `classes` come before the charts (whose templates may use them); `rest` and `routes` after
 * (their Services need the controllers' webhooks, their Gateways the controllers).
 */
export const stageIds = ['crds', 'namespaces', 'classes', 'rest', 'routes'] as const;
export type StageId = (typeof stageIds)[number];

const definitions = new Set([
  'CustomResourceDefinition',
  // Gateway API 1.5 and later guard their own CRDs with a policy in the same release file.
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Kinds of LBC that a Gateway or GatewayClass refers to (LBC apis/gateway). */
const configurations = new Set([
  'LoadBalancerConfiguration',
  'TargetGroupConfiguration',
  'ListenerRuleConfiguration',
]);

const routes = new Set(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']);

/** Flux's rule (fluxcd/pkg ssa/sort.go): a kind whose name ends in Class is what other objects refer to. */
const isClass = (kind: string): boolean => /[a-z]Class(Params)?$/.test(kind);

export const stageOf = ({ kind }: Pick<KubernetesObject, 'kind'>): StageId => {
  if (definitions.has(kind)) return 'crds';
  if (kind === 'Namespace') return 'namespaces';
  if (routes.has(kind)) return 'routes';
  return isClass(kind) || configurations.has(kind) ? 'classes' : 'rest';
};

/**
 * Ranks within a stage; one rank is written before the next, its members at the same time. As Helm's install order
 * (helm pkg/release/v1/util/kind_sorter.go) for what matters: a pod must find its configuration, its account and
 * its Service; whatever is of no known kind (Gateways, custom resources) comes last.
 */
const ranks: readonly (readonly string[])[] = [
  ['Namespace', 'CustomResourceDefinition'],
  ['ValidatingAdmissionPolicy'],
  ['ValidatingAdmissionPolicyBinding'],
  ['PriorityClass', 'ResourceQuota', 'LimitRange', 'NetworkPolicy'],
  [
    'ServiceAccount',
    'Secret',
    'ConfigMap',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'PodDisruptionBudget',
  ],
  ['ClusterRole', 'Role'],
  ['ClusterRoleBinding', 'RoleBinding'],
  ['Service'],
  [
    'DaemonSet',
    'Deployment',
    'ReplicaSet',
    'StatefulSet',
    'Pod',
    'Job',
    'CronJob',
    'HorizontalPodAutoscaler',
  ],
];

const rankOf = ({ kind }: KubernetesObject): number => {
  const rank = ranks.findIndex((kinds) => kinds.includes(kind));
  return rank === -1 ? ranks.length : rank;
};

/** The objects of one stage in the order given, in groups that follow each other. */
export const ranked = (objects: readonly Sourced[]): readonly (readonly Sourced[])[] => {
  const groups = new Map<number, Sourced[]>();
  for (const each of objects) {
    const rank = rankOf(each.object);
    groups.set(rank, [...(groups.get(rank) ?? []), each]);
  }
  return [...groups].sort(([one], [other]) => one - other).map(([, group]) => group);
};

/** Sorts objects into their stages; every stage is there, empty or not. */
export const stages = (objects: readonly Sourced[]): Readonly<Record<StageId, readonly Sourced[]>> => {
  const of = (stage: StageId): readonly Sourced[] =>
    objects.filter(({ object }) => stageOf(object) === stage);
  return {
    crds: of('crds'),
    namespaces: of('namespaces'),
    classes: of('classes'),
    rest: of('rest'),
    routes: of('routes'),
  };
};
