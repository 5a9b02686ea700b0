// The configuration that holds for a Gateway: its own LoadBalancerConfiguration and that of its class, merged as LBC does.
import { isMap, list, text, textMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { namespaceOf } from './shapes.ts';

const specOf = (
  all: readonly KubernetesObject[],
  name: string | undefined,
  namespace: string | undefined,
): JsonObject => {
  const found = all.find((each) => each.metadata.name === name && namespaceOf(each) === namespace)?.['spec'];
  return isMap(found) ? found : {};
};

/**
 * One map for the Gateway. The class wins, unless its `mergingMode` is `prefer-gateway`; listeners are merged by
 * `protocolPort`, tags and attributes by key, everything else is taken whole (LBC pkg/gateway,
 * load_balancer_configuration_merger.go, and loadbalancerconfig.md).
 */
export const configurationFor = (
  gateway: KubernetesObject,
  classes: readonly KubernetesObject[],
  configurations: readonly KubernetesObject[],
): JsonObject => {
  const className = text(gateway, 'spec', 'gatewayClassName');
  const parameters = classes.find((each) => each.metadata.name === className);
  const ofClass = specOf(
    configurations,
    text(parameters, 'spec', 'parametersRef', 'name'),
    text(parameters, 'spec', 'parametersRef', 'namespace'),
  );
  const ofGateway = specOf(
    configurations,
    text(gateway, 'spec', 'infrastructure', 'parametersRef', 'name'),
    namespaceOf(gateway),
  );
  const gatewayWins = ofClass['mergingMode'] === 'prefer-gateway';
  const [weak, strong] = gatewayWins ? [ofClass, ofGateway] : [ofGateway, ofClass];
  const listeners = new Map<string, Json>(
    [...list(weak, 'listenerConfigurations'), ...list(strong, 'listenerConfigurations')].map((each) => [
      text(each, 'protocolPort') ?? '',
      each,
    ]),
  );
  const attributes = [weak, strong].flatMap((each) => [...attributesOf(each, 'loadBalancerAttributes')]);
  return {
    ...weak,
    ...strong,
    listenerConfigurations: [...listeners.values()],
    loadBalancerAttributes: [...new Map(attributes)].map(([key, value]) => ({ key, value })),
    tags: { ...textMap(weak, 'tags'), ...textMap(strong, 'tags') },
  };
};

/** `[{ key, value }]` as a map: attributes of load balancers and target groups. */
export const attributesOf = (from: Json | undefined, name: string): ReadonlyMap<string, string> =>
  new Map(
    list(from, name).flatMap((each): [string, string][] => {
      const key = text(each, 'key');
      return key === undefined ? [] : [[key, text(each, 'value') ?? '']];
    }),
  );
