// The Services to which a route sends.
import { list, number, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { namespaceOf } from './shapes.ts';

export interface BackendRef {
  readonly namespace: string;
  readonly name: string;
  /** The Service's port; Gateway API demands it for Services. */
  readonly port?: number;
}

/** Each Service and port once; backends without weight get nothing, and those of another kind are the controller's business. */
export const backendRefsOf = (
  route: KubernetesObject,
  namespace = namespaceOf(route),
): readonly BackendRef[] => {
  const refs = list(route, 'spec', 'rules')
    .flatMap((rule) => list(rule, 'backendRefs'))
    .filter(
      (ref) =>
        (text(ref, 'kind') ?? 'Service') === 'Service' &&
        text(ref, 'group') === undefined &&
        number(ref, 'weight') !== 0,
    )
    .map((ref): BackendRef => {
      const port = number(ref, 'port');
      return {
        namespace: text(ref, 'namespace') ?? namespace,
        name: text(ref, 'name') ?? '',
        ...(port !== undefined && { port }),
      };
    });
  return [...new Map(refs.map((ref) => [`${ref.namespace}/${ref.name}:${ref.port ?? ''}`, ref])).values()];
};
