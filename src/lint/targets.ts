// How the load balancer reaches the pods: target type against the type of the Service, and references across namespaces.
import { list, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { backendRefsOf } from '../gateway/backend-refs.ts';
import { lbcFlag } from '../gateway/lbc-settings.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { type LintInput, ofKind } from './input.ts';

/** A TargetGroupConfiguration of the Service, if it says so; else the controller's default, where the repository has it. */
const targetTypeOf = (input: LintInput, service: KubernetesObject): string | undefined => {
  const { namespace, controllers = [] } = input;
  const own = ofKind(input, 'TargetGroupConfiguration').find(
    ({ object }) =>
      namespaceOf(object, namespace) === namespaceOf(service, namespace) &&
      text(object, 'spec', 'targetReference', 'name') === service.metadata.name,
  );
  const configured = text(own?.object, 'spec', 'defaultConfiguration', 'targetType');
  if (configured !== undefined) return configured;
  const lbc = controllers.find(({ workload }) => workload.controller === 'lbc')?.workload;
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
  const services = new Map(
    input.routes.flatMap((route) => servicesOf(route, input).map((each) => [each.object, each] as const)),
  );
  return [...services.values()].flatMap(({ object, source }) => {
    const type = text(object, 'spec', 'type') ?? 'ClusterIP';
    if (type !== 'ClusterIP' || targetTypeOf(input, object) !== 'instance') return [];
    const ref = refOf(object);
    return [
      finding(
        'error',
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
