// Lets go of a TargetGroupConfiguration that is being deleted once no binding is made with it.
import { keyOf } from '../kube/cache.ts';
import type { TargetGroupConfiguration } from '../objects.ts';
import type { World } from '../world.ts';

export const TARGET_CONFIGURATION_FINALIZER = 'gateway.k8s.aws/targetgroupconfigurations';

export async function releaseTargetConfiguration(
  world: World,
  configuration: TargetGroupConfiguration,
): Promise<void> {
  const service = configuration.spec.targetReference?.name;
  const used = world.bindings
    .inNamespace(configuration.metadata.namespace ?? '')
    .some(({ spec }) => spec.serviceRef.name === service);
  if (used) throw new Error(`targetgroupconfiguration [${keyOf(configuration)}] is still in use`);
  await world.removeFinalizer(world.targetConfigurations, configuration, TARGET_CONFIGURATION_FINALIZER);
}
