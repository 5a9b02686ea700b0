// What lint looks at: the objects of each kind, and the Gateway behind a reference.
import { groupOf, type KubernetesObject, type Sourced } from '../bundle/object.ts';
import { gatewayGroup, isOfGateway, namespaceOf, type ParentRef } from '../gateway/shapes.ts';
import type { Workload } from '../preflight/workloads.ts';
import type { Finding, Source } from '../verdict/finding.ts';

export interface LintInput {
  readonly routes: readonly Sourced[];
  /** All other objects: manifests, and what the charts render. */
  readonly objects: readonly Sourced[];
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** The controllers that the charts would install. */
  readonly controllers?: readonly {
    readonly workload: Workload;
    /** Where what a finding is about stands; absent: the workload's own place. */
    readonly sourceOf?: (found: Finding) => Source;
  }[];
  /** Whether there are charts whose objects are not known. */
  readonly unread?: boolean;
  /** Name of the cluster, for what is to be copied. */
  readonly cluster?: string;
}

const groups = {
  Gateway: gatewayGroup,
  GatewayClass: gatewayGroup,
  ReferenceGrant: gatewayGroup,
  LoadBalancerConfiguration: 'gateway.k8s.aws',
  ListenerRuleConfiguration: 'gateway.k8s.aws',
  TargetGroupConfiguration: 'gateway.k8s.aws',
  Namespace: '',
  Service: '',
} as const;

export type LintedKind = keyof typeof groups;

/** The objects of a kind in its own group: Istio has Gateways as well, and Knative Services. */
export const ofKind = ({ objects }: Pick<LintInput, 'objects'>, kind: LintedKind): readonly Sourced[] =>
  objects.filter(({ object }) => object.kind === kind && groupOf(object.apiVersion) === groups[kind]);

export const named = (
  input: Pick<LintInput, 'objects' | 'namespace'>,
  kind: LintedKind,
  namespace: string,
  name: string,
): Sourced | undefined =>
  ofKind(input, kind).find(
    ({ object }) => object.metadata.name === name && namespaceOf(object, input.namespace) === namespace,
  );

/** The Gateway of a parentRef, with its namespace; one of another repository is not known. */
export const gatewayOf = (
  input: Pick<LintInput, 'objects' | 'namespace'>,
  parent: ParentRef,
): Sourced | undefined => {
  if (!isOfGateway(parent)) return undefined;
  const found = named(input, 'Gateway', parent.namespace, parent.name);
  if (found === undefined) return undefined;
  const metadata = { ...found.object.metadata, namespace: parent.namespace };
  return { ...found, object: { ...found.object, metadata } };
};

export const gatewaysIn = (input: Pick<LintInput, 'objects'>): readonly KubernetesObject[] =>
  ofKind(input, 'Gateway').map(({ object }) => object);
