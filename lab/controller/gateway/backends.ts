// Follows a route's backendRefs to Services, their ports and their target group configuration.
import type {
  BackendRef,
  Route,
  Service,
  ServicePort,
  TargetGroupConfiguration,
  TargetGroupProps,
} from '../objects.ts';
import { GATEWAY_GROUP } from '../objects.ts';
import type { World } from '../world.ts';

export interface Backend {
  service: Service;
  port: ServicePort;
  weight: number;
  props: TargetGroupProps;
  configuration: TargetGroupConfiguration | undefined;
}

/** Why a backend cannot be used; it stands in the route's ResolvedRefs (or, for some reasons, Accepted) condition. */
export interface Refusal {
  reason: string;
  message: string;
}

export const isRefusal = (found: Backend | Refusal): found is Refusal => 'reason' in found;

const HEAVIEST = 999;

/** Throws when the weight is more than a load balancer takes. */
export function findBackend(
  world: World,
  kind: string,
  route: Route,
  ref: BackendRef,
  fallback: TargetGroupProps,
): Backend | Refusal {
  if ((ref.kind ?? 'Service') !== 'Service' || ref.group)
    return { reason: 'InvalidKind', message: 'Unknown backend reference kind' };
  const weight = ref.weight ?? 1;
  if (ref.port === undefined) return { reason: 'UnsupportedValue', message: 'Port is required' };
  const namespace = ref.namespace ?? route.metadata.namespace ?? '';
  if (namespace !== route.metadata.namespace && !isGranted(world, kind, route, namespace, ref.name)) {
    return {
      reason: 'RefNotPermitted',
      message: 'No explicit ReferenceGrant exists to allow the reference.',
    };
  }
  const service = world.services.get(namespace, ref.name);
  if (!service)
    return { reason: 'BackendNotFound', message: `Service (${namespace}:${ref.name}) not found)` };
  const port = service.spec.ports?.find((each) => each.port === ref.port);
  if (!port)
    return { reason: 'BackendNotFound', message: `Unable to find service port for port ${ref.port}` };
  // This one ends the whole load and is told to nobody but the log, as with the real controller.
  if (weight > HEAVIEST) throw new Error(`Weight [${weight}] must be less than or equal to ${HEAVIEST}`);
  const configuration = world.targetConfigurations
    .inNamespace(namespace)
    .find(
      ({ spec }) =>
        spec.targetReference?.name === ref.name && (spec.targetReference.kind ?? 'Service') === 'Service',
    );
  const own = configuration?.spec.routeConfigurations?.find(
    ({ routeIdentifier: id }) =>
      (!id?.kind || id.kind === kind) &&
      (!id?.namespace || id.namespace === route.metadata.namespace) &&
      (!id?.name || id.name === route.metadata.name),
  );
  const props = { ...fallback, ...configuration?.spec.defaultConfiguration, ...own?.targetGroupProps };
  return { service, port, weight, props, configuration };
}

function isGranted(world: World, kind: string, route: Route, namespace: string, service: string): boolean {
  return world.grants.inNamespace(namespace).some(({ spec }) => {
    const from = spec.from.some(
      (each) =>
        each.group === GATEWAY_GROUP && each.kind === kind && each.namespace === route.metadata.namespace,
    );
    return (
      from &&
      spec.to.some(
        (each) =>
          !each.group && each.kind === 'Service' && (each.name === undefined || each.name === service),
      )
    );
  });
}
