// The Services to which a route sends.
import { list, number, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
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

export const noBackendHint =
  'Add backendRefs with a Service and its port to the rule, and a weight above 0 to one of them; or a redirect.';

const sendsNowhere = (rule: Json): boolean =>
  !list(rule, 'filters').some((filter) =>
    ['RequestRedirect', 'ExtensionRef'].includes(text(filter, 'type') ?? ''),
  ) && list(rule, 'backendRefs').every((backend) => number(backend, 'weight') === 0);

/**
 * The rules, counted from 1, to which the load balancer can only answer 500 or 503: no backend with a weight, no redirect, and
 * no extension that answers. A route without rules has one that matches everything.
 */
export const rulesToNowhere = (route: KubernetesObject): readonly number[] => {
  const rules = list(route, 'spec', 'rules');
  return (rules.length > 0 ? rules : [{}]).flatMap((rule, index) => (sendsNowhere(rule) ? index + 1 : []));
};
