// Finds the LoadBalancerConfigurations of a Gateway and of its class, holds them by a finalizer, and merges the two.
import { keyOf } from '../kube/cache.ts';
import type {
  Gateway,
  GatewayClass,
  LoadBalancerConfiguration,
  LoadBalancerConfigurationSpec,
  TargetGroupProps,
} from '../objects.ts';
import type { World } from '../world.ts';

const CONFIGURATION_FINALIZER = 'gateway.k8s.aws/loadbalancerconfigurations';
export const LAST_PROCESSED = 'elbv2.k8s.aws/last-processed-config';

/** The Gateway cannot be built from what it is given; the text stands in its Accepted condition. */
export class ConfigurationError extends Error {}

export async function configurationOf(
  world: World,
  gateway: Gateway,
  gatewayClass: GatewayClass,
): Promise<LoadBalancerConfigurationSpec> {
  const accepted = gatewayClass.status?.conditions?.find((each) => each.type === 'Accepted');
  if (accepted?.status !== 'True') {
    throw new ConfigurationError(
      `Unable to materialize gateway when gateway class [${gatewayClass.metadata.name}] is not accepted`,
    );
  }
  const ofClass = await find(
    world,
    gatewayClass.spec.parametersRef?.namespace,
    gatewayClass.spec.parametersRef?.name,
  );
  if (ofClass) {
    const processed = gatewayClass.metadata.annotations?.[LAST_PROCESSED] ?? '';
    // Our own finalizer raises the resource version, so the class is asked about the generation instead.
    const latest = versionOf(ofClass);
    if (processed !== latest) {
      throw new ConfigurationError(
        `GatewayClass [${gatewayClass.metadata.name}] hasn't processed latest loadbalancer config. Processed version ${processed}, Latest version ${latest}`,
      );
    }
  }
  const ofGateway = await find(
    world,
    gateway.metadata.namespace,
    gateway.spec.infrastructure?.parametersRef?.name,
  );
  return merge(ofClass?.spec, ofGateway?.spec);
}

/** What a GatewayClass notes down as the configuration it has seen. */
export const versionOf = (configuration: LoadBalancerConfiguration): string =>
  `${configuration.metadata.uid}-${configuration.metadata.generation}`;

async function find(
  world: World,
  namespace: string | undefined,
  name: string | undefined,
): Promise<LoadBalancerConfiguration | undefined> {
  if (!name) return undefined;
  const configuration = namespace ? world.configurations.get(namespace, name) : undefined;
  if (!configuration)
    throw new ConfigurationError(`LoadBalancerConfiguration.gateway.k8s.aws "${name}" not found`);
  if (!configuration.metadata.deletionTimestamp)
    await world.addFinalizer(world.configurations, configuration, CONFIGURATION_FINALIZER);
  return configuration;
}

function merge(
  ofClass: LoadBalancerConfigurationSpec = {},
  ofGateway: LoadBalancerConfigurationSpec = {},
): LoadBalancerConfigurationSpec {
  const [weak, strong] =
    ofClass.mergingMode === 'prefer-gateway' ? [ofClass, ofGateway] : [ofGateway, ofClass];
  const listeners = new Map(
    [...(weak.listenerConfigurations ?? []), ...(strong.listenerConfigurations ?? [])].map((each) => [
      each.protocolPort,
      each,
    ]),
  );
  const attributes = new Map(
    [...(weak.loadBalancerAttributes ?? []), ...(strong.loadBalancerAttributes ?? [])].map((each) => [
      each.key,
      each,
    ]),
  );
  return {
    ...weak,
    ...strong,
    listenerConfigurations: [...listeners.values()],
    loadBalancerAttributes: [...attributes.values()],
    tags: { ...weak.tags, ...strong.tags },
  };
}

/** The target group settings that hold for every Service of the Gateway unless its own configuration says otherwise. */
export function defaultTargetProps(
  world: World,
  gateway: Gateway,
  configuration: LoadBalancerConfigurationSpec,
): TargetGroupProps {
  const name = configuration.defaultTargetGroupConfiguration?.name;
  if (!name) return {};
  const found = world.targetConfigurations.get(gateway.metadata.namespace, name);
  if (!found) throw new ConfigurationError(`TargetGroupConfiguration.gateway.k8s.aws "${name}" not found`);
  return found.spec.defaultConfiguration ?? {};
}

/** Lets go of a configuration that is being deleted once no Gateway and no class refers to it. */
export async function releaseConfiguration(
  world: World,
  configuration: LoadBalancerConfiguration,
): Promise<void> {
  const { name, namespace } = configuration.metadata;
  const byGateway = world.gateways
    .all()
    .some(
      ({ metadata, spec }) =>
        metadata.namespace === namespace &&
        spec.infrastructure?.parametersRef?.name === name &&
        metadata.finalizers?.length,
    );
  const byClass = world.classes
    .all()
    .some(({ spec }) => spec.parametersRef?.name === name && spec.parametersRef.namespace === namespace);
  if (byGateway || byClass)
    throw new Error(`loadbalancerconfiguration [${keyOf(configuration)}] is still in use`);
  await world.removeFinalizer(world.configurations, configuration, CONFIGURATION_FINALIZER);
}
