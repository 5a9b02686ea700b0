// How the load balancer reaches the pods: target type against the type of the Service, and references across namespaces.
import { list, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { backendRefsOf } from '../gateway/backend-refs.ts';
import { lbcFlag } from '../gateway/lbc-settings.ts';
import { configurationFor } from '../gateway/load-balancer-configuration.ts';
import { namespaceOf, type ParentRef, parentRefsOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { gatewayOf, type LintInput, ofKind } from './input.ts';

/** What the Gateway gives to the Services that say nothing themselves. */
const sharedTypeOf = (input: LintInput, gateway: KubernetesObject): string | undefined => {
  const configuration = configurationFor(
    gateway,
    ofKind(input, 'GatewayClass').map(({ object }) => object),
    ofKind(input, 'LoadBalancerConfiguration').map(({ object }) => {
      const namespace = namespaceOf(object, input.namespace);
      return { ...object, metadata: { ...object.metadata, namespace } };
    }),
  );
  const name = text(configuration, 'defaultTargetGroupConfiguration', 'name');
  const shared = ofKind(input, 'TargetGroupConfiguration').find(
    ({ object }) =>
      object.metadata.name === name && text(object, 'spec', 'targetReference', 'name') === undefined,
  );
  return text(shared?.object, 'spec', 'defaultConfiguration', 'targetType');
};

/** What a TargetGroupConfiguration of the Service says. */
const ownTypeOf = (input: LintInput, service: KubernetesObject): string | undefined => {
  const own = ofKind(input, 'TargetGroupConfiguration').find(
    ({ object }) =>
      namespaceOf(object, input.namespace) === namespaceOf(service, input.namespace) &&
      text(object, 'spec', 'targetReference', 'name') === service.metadata.name,
  );
  return text(own?.object, 'spec', 'defaultConfiguration', 'targetType');
};

/**
 * A TargetGroupConfiguration of the Service, if it says so; else that of the Gateway, else the controller's default,
 * where the repository has it (LBC 3.5.0, docs/guide/gateway/targetgroupconfig.md, resolution order).
 */
const targetTypeOf = (
  input: LintInput,
  service: KubernetesObject,
  parents: readonly ParentRef[],
): string | undefined => {
  const own = ownTypeOf(input, service);
  if (own !== undefined) return own;
  const shared = parents.flatMap((parent) => {
    const gateway = gatewayOf(input, parent)?.object;
    return (gateway && sharedTypeOf(input, gateway)) ?? [];
  });
  if (shared[0] !== undefined) return shared[0];
  const lbc = input.controllers?.find(({ workload }) => workload.controller === 'lbc')?.workload;
  return lbc && (lbcFlag(lbc.deployment, 'default-target-type') ?? 'instance');
};

const servicesOf = (route: Sourced, input: LintInput): readonly Sourced[] => {
  const wanted = backendRefsOf(route.object, namespaceOf(route.object, input.namespace));
  return ofKind(input, 'Service').filter(({ object }) =>
    wanted.some(
      ({ name, namespace }) =>
        name === object.metadata.name && namespace === namespaceOf(object, input.namespace),
    ),
  );
};

/** LBC: "TargetGroup port is empty": an instance target is a node port, which a ClusterIP Service has not. */
export const lintTargetTypes = (input: LintInput): readonly Finding[] => {
  const services = new Map<Sourced, ParentRef[]>();
  for (const route of input.routes)
    for (const service of servicesOf(route, input)) {
      const parents = parentRefsOf(route.object, namespaceOf(route.object, input.namespace));
      services.set(service, [...(services.get(service) ?? []), ...parents]);
    }
  return [...services].flatMap(([{ object, source }, parents]) => {
    const type = text(object, 'spec', 'type') ?? 'ClusterIP';
    if (type !== 'ClusterIP' || targetTypeOf(input, object, parents) !== 'instance') return [];
    const ref = refOf(object);
    // A Gateway that is not in the repository may have a default of its own.
    const unseen =
      ownTypeOf(input, object) === undefined &&
      parents.some((parent) => gatewayOf(input, parent) === undefined);
    return [
      finding(
        unseen ? 'warning' : 'error',
        'lint/target-type',
        `${ref} is of type ClusterIP, and its targets would be instances: the load balancer needs a node port, which it has not.`,
        {
          source,
          ref,
          hint: 'Set `defaultTargetType: ip` in the values of aws-load-balancer-controller, or a TargetGroupConfiguration with `targetType: ip`.',
        },
      ),
    ];
  });
};

const permits = (
  grant: KubernetesObject,
  from: { readonly kind: string; readonly namespace: string },
  service: string,
): boolean =>
  list(grant, 'spec', 'from').some(
    (each) => text(each, 'kind') === from.kind && text(each, 'namespace') === from.namespace,
  ) &&
  list(grant, 'spec', 'to').some(
    (each) => text(each, 'kind') === 'Service' && (text(each, 'name') ?? service) === service,
  );

/** Gateway API v1.6: a reference into another namespace needs a ReferenceGrant there. */
export const lintGrants = (input: LintInput): readonly Finding[] => {
  const grants = ofKind(input, 'ReferenceGrant');
  // Flux and Argo CD say the namespace that an object leaves out.
  const elsewhere = comesFromElsewhere(input);
  const routes = input.routes.filter(({ object }) => object.metadata.namespace !== undefined || !elsewhere);
  return routes.flatMap(({ object, source }) => {
    const home = namespaceOf(object, input.namespace);
    const ref = refOf(object);
    return backendRefsOf(object, home)
      .filter(({ namespace }) => namespace !== home)
      .filter(
        ({ namespace, name }) =>
          !grants.some(
            ({ object: grant }) =>
              namespaceOf(grant, input.namespace) === namespace &&
              permits(grant, { kind: object.kind, namespace: home }, name),
          ),
      )
      .map(({ namespace, name }) =>
        finding(
          'warning',
          'route/reference-not-permitted',
          `${ref} of namespace ${home} sends to Service ${namespace}/${name}, and no ReferenceGrant of the repository permits it.`,
          {
            source,
            ref,
            hint: `Add a ReferenceGrant in namespace ${namespace}, from ${object.kind} in ${home} to Service; leave it if somebody else keeps one.`,
          },
        ),
      );
  });
};
