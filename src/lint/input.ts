// What lint looks at, and the Gateway behind a reference.
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { namespaceOf, type ParentRef } from '../gateway/shapes.ts';
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

/** The Gateway of a parentRef, with its namespace; one of another repository is not known. */
export const gatewayOf = (
  { objects, namespace }: LintInput,
  parent: ParentRef,
): KubernetesObject | undefined => {
  const found = objects.find(
    ({ object }) =>
      object.kind === 'Gateway' &&
      object.metadata.name === parent.name &&
      namespaceOf(object, namespace) === parent.namespace,
  )?.object;
  return found && { ...found, metadata: { ...found.metadata, namespace: parent.namespace } };
};
