// A kind that the API server does not serve: whether it serves it elsewhere, or one that is nearly called the same.
import type { Refusal } from '../apply/applier.ts';
import { unservedRefusal } from '../apply/unserved.ts';
import { groupOf, type KubernetesObject } from '../bundle/object.ts';
import type { ApiResource } from './discovery.ts';

/** Kubernetes' own groups: kinds moved between them, and left the versions before (deprecation guide). */
const isBuiltIn = (group: string): boolean => !group.includes('.') || group.endsWith('.k8s.io');

/** Where it was meant to be found: in its group first, in a group of Kubernetes' own if it came from one. */
const elsewhere = (
  { apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>,
  served: readonly ApiResource[],
): readonly ApiResource[] => {
  const group = groupOf(apiVersion);
  const named = served.filter((each) => each.kind.toLowerCase() === kind.toLowerCase());
  const same = named.filter((each) => groupOf(each.apiVersion) === group);
  if (same.length > 0) return same;
  return isBuiltIn(group) ? named.filter((each) => isBuiltIn(groupOf(each.apiVersion))) : [];
};

/** @param served everything that the API server serves */
export const notServed = (
  object: Pick<KubernetesObject, 'apiVersion' | 'kind'>,
  served: readonly ApiResource[],
): Refusal => {
  const [found] = elsewhere(object, served);
  const refusal = unservedRefusal(object);
  if (found === undefined) return refusal;
  const hint = `It serves ${found.kind} in ${found.apiVersion}: write the manifest for that version, whose fields may be others.`;
  return { ...refusal, hint };
};
