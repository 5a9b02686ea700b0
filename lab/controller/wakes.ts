// Which change wakes which reconciler: the watches' fan-out.
import { refersTo } from './gateway/attachment.ts';
import { keyOf } from './kube/cache.ts';
import type { Route } from './objects.ts';
import type { WorkQueue } from './queue.ts';
import type { World } from './world.ts';

export interface Queues {
  classes: WorkQueue;
  gateways: WorkQueue;
  bindings: WorkQueue;
  configurations: WorkQueue;
  targetConfigurations: WorkQueue;
}

export function connect(world: World, queues: Queues): void {
  const wakeParents = (route: Route): void => {
    const told = [
      ...(route.spec.parentRefs ?? []),
      ...(route.status?.parents ?? []).map((each) => each.parentRef),
    ];
    for (const gateway of world.gateways.all())
      if (told.some((ref) => refersTo(ref, route, gateway))) queues.gateways.add(keyOf(gateway));
  };
  const wakeUsersOf = (namespace: string | undefined, service: string): void => {
    for (const { cache } of world.routeCaches) {
      for (const route of cache.all()) {
        const uses = route.spec.rules?.some((rule) =>
          rule.backendRefs?.some(
            (ref) => ref.name === service && (ref.namespace ?? route.metadata.namespace) === namespace,
          ),
        );
        if (uses) wakeParents(route);
      }
    }
  };
  const wakeAllGateways = (): void => {
    for (const gateway of world.gateways.all()) queues.gateways.add(keyOf(gateway));
  };

  world.classes.onChange((gatewayClass) => {
    queues.classes.add(gatewayClass.metadata.name);
    for (const gateway of world.gateways.all())
      if (gateway.spec.gatewayClassName === gatewayClass.metadata.name) queues.gateways.add(keyOf(gateway));
  });
  world.gateways.onChange((gateway, type) => {
    if (type !== 'DELETED') queues.gateways.add(keyOf(gateway));
    else queues.classes.add(gateway.spec.gatewayClassName);
    const configuration = gateway.spec.infrastructure?.parametersRef?.name;
    if (configuration) queues.configurations.add(`${gateway.metadata.namespace}/${configuration}`);
  });
  for (const { cache } of world.routeCaches) {
    // A status that we wrote ourselves is no reason to look again.
    const generations = new Map<string, number>();
    cache.onChange((route, type) => {
      const key = keyOf(route);
      const same =
        type === 'MODIFIED' &&
        generations.get(key) === route.metadata.generation &&
        !route.metadata.deletionTimestamp;
      generations.set(key, route.metadata.generation);
      if (type === 'DELETED') generations.delete(key);
      if (!same) wakeParents(route);
    });
  }
  world.services.onChange((service) => {
    wakeUsersOf(service.metadata.namespace, service.metadata.name);
    for (const binding of world.bindings.inNamespace(service.metadata.namespace ?? '')) {
      if (binding.spec.serviceRef.name === service.metadata.name) queues.bindings.add(keyOf(binding));
    }
  });
  world.slices.onChange((slice) => {
    const service = slice.metadata.labels?.['kubernetes.io/service-name'];
    for (const binding of world.bindings.inNamespace(slice.metadata.namespace ?? '')) {
      if (binding.spec.serviceRef.name === service) queues.bindings.add(keyOf(binding));
    }
  });
  world.configurations.onChange((configuration) => {
    const { name, namespace } = configuration.metadata;
    queues.configurations.add(keyOf(configuration));
    for (const gateway of world.gateways.inNamespace(namespace ?? '')) {
      if (gateway.spec.infrastructure?.parametersRef?.name === name) queues.gateways.add(keyOf(gateway));
    }
    for (const { metadata, spec } of world.classes.all()) {
      if (spec.parametersRef?.name === name && spec.parametersRef.namespace === namespace)
        queues.classes.add(metadata.name);
    }
  });
  world.targetConfigurations.onChange((configuration) => {
    queues.targetConfigurations.add(keyOf(configuration));
    const service = configuration.spec.targetReference?.name;
    if (service) wakeUsersOf(configuration.metadata.namespace, service);
    else
      for (const gateway of world.gateways.inNamespace(configuration.metadata.namespace ?? ''))
        queues.gateways.add(keyOf(gateway));
  });
  world.grants.onChange(wakeAllGateways);
  const labels = new Map<string, string>();
  world.namespaces.onChange((namespace) => {
    const text = JSON.stringify(namespace.metadata.labels ?? {});
    if (labels.get(namespace.metadata.name) === text) return;
    labels.set(namespace.metadata.name, text);
    wakeAllGateways();
  });
  world.bindings.onChange((binding, type) => {
    if (type !== 'DELETED') return queues.bindings.add(keyOf(binding));
    for (const configuration of world.targetConfigurations.inNamespace(binding.metadata.namespace ?? '')) {
      if (configuration.metadata.deletionTimestamp) queues.targetConfigurations.add(keyOf(configuration));
    }
  });
}
