// Reconciles one Gateway: configuration, routes, model, deployment, status, in the real controller's order.

import { certificatesFor } from '../aws/certificates.ts';
import { chooseSubnets, namedSubnets } from '../aws/subnets.ts';
import { WORDS } from '../conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import { type Log, wordsOf } from '../log.ts';
import { CONTROLLER, type Gateway } from '../objects.ts';
import type { Reconcile, Requeue } from '../queue.ts';
import type { World } from '../world.ts';
import { type Loaded, loadRoutes } from './attachment.ts';
import { ConfigurationError, configurationOf, defaultTargetProps } from './configuration.ts';
import { type Cloud, type Deployed, deploy, destroy } from './deploy.ts';
import { type JudgedListener, judgeListeners } from './listeners.ts';
import { buildModel, describeModel, type Model } from './model.ts';
import type { RouteStatusWriter } from './route-status.ts';
import { writeDeployed, writeFailure } from './status.ts';
import { TARGET_CONFIGURATION_FINALIZER } from './target-configuration.ts';

const GATEWAY_FINALIZER = 'gateway.k8s.aws/alb';
const DRY_RUN = 'gateway.k8s.aws/dry-run';
const DRY_RUN_PLAN = 'gateway.k8s.aws/dry-run-plan';
const STATUS_REQUEUE_MS = 120_000;

export interface GatewayReconcilerOptions {
  world: World;
  cloud: Cloud;
  events: EventRecorder;
  routes: RouteStatusWriter;
  log: Log;
  defaultTargetType: 'instance' | 'ip';
  defaultScheme: 'internal' | 'internet-facing';
  stabilizationMs: number;
}

export class GatewayReconciler {
  readonly #options: GatewayReconcilerOptions;

  constructor(options: GatewayReconcilerOptions) {
    this.#options = options;
  }

  readonly reconcile: Reconcile = async (key) => {
    const { world, log } = this.#options;
    const [namespace, name = ''] = key.split('/');
    const gateway = world.gateways.get(namespace, name);
    if (!gateway) return undefined;
    const gatewayClass = world.classes.get(undefined, gateway.spec.gatewayClassName);
    if (!gatewayClass) {
      log.info('Failed to get GatewayClass', { 'gw-class': gateway.spec.gatewayClassName });
      return undefined;
    }
    if (gatewayClass.spec.controllerName !== CONTROLLER) return undefined;
    if (gateway.metadata.deletionTimestamp) return await this.#delete(gateway);

    const listeners = judgeListeners(gateway);
    try {
      const configuration = await configurationOf(world, gateway, gatewayClass);
      const fallback = defaultTargetProps(world, gateway, configuration);
      const loaded = loadRoutes(world, gateway, listeners, fallback);
      await this.#holdTargetConfigurations(loaded);
      this.#options.routes.enqueue(loaded.verdicts);
      const model = await this.#build(gateway, listeners, loaded, configuration);
      if (isDryRun(gateway)) return await this.#plan(gateway, model);
      return await this.#deploy(gateway, listeners, loaded, model);
    } catch (error) {
      if (error instanceof ConfigurationError) await writeFailure(world, gateway, error.message);
      throw error;
    }
  };

  async #holdTargetConfigurations(loaded: Loaded): Promise<void> {
    const { world } = this.#options;
    const configurations = loaded.attachments.flatMap(({ rules }) =>
      rules.flatMap(({ backends }) => backends.map((each) => each.configuration)),
    );
    for (const configuration of new Set(configurations)) {
      if (!configuration || configuration.metadata.deletionTimestamp) continue;
      const latest = world.targetConfigurations.get(
        configuration.metadata.namespace,
        configuration.metadata.name,
      );
      if (latest)
        await world.addFinalizer(world.targetConfigurations, latest, TARGET_CONFIGURATION_FINALIZER);
    }
  }

  async #build(
    gateway: Gateway,
    listeners: JudgedListener[],
    loaded: Loaded,
    configuration: Model['configuration'],
  ): Promise<Model> {
    const { world, cloud, events, defaultTargetType, defaultScheme } = this.#options;
    try {
      return await buildModel(
        gateway,
        listeners,
        loaded.attachments.filter(({ isServed }) => isServed),
        configuration,
        {
          clusterName: cloud.clusterName,
          defaultTargetType,
          defaultScheme,
          subnets: (scheme, named) =>
            named.length > 0
              ? namedSubnets(cloud.access, named)
              : chooseSubnets(cloud.access, cloud.vpcId, cloud.clusterName, scheme),
          certificates: (hosts) => certificatesFor(cloud.access, hosts),
        },
      );
    } catch (error) {
      events.warning(about(gateway), 'FailedBuildModel', `Failed build model due to ${wordsOf(error)}`);
      await writeFailure(world, gateway, WORDS.seeEvents);
      throw error;
    }
  }

  async #deploy(
    gateway: Gateway,
    listeners: JudgedListener[],
    loaded: Loaded,
    model: Model,
  ): Promise<Requeue | undefined> {
    const { world, cloud, events, log, stabilizationMs } = this.#options;
    const held = await world.addFinalizer(world.gateways, gateway, GATEWAY_FINALIZER);
    let deployed: Deployed;
    try {
      deployed = await deploy(world, cloud, held, model);
    } catch (error) {
      events.warning(about(gateway), 'FailedDeployModel', `Failed deploy model due to ${wordsOf(error)}`);
      await writeFailure(world, held, WORDS.seeEvents);
      throw error;
    }
    log.info('successfully deployed model', {
      gateway: { namespace: gateway.metadata.namespace, name: gateway.metadata.name },
    });
    // One that was there already and still comes up is looked at again later; its status stays as it is until then.
    if (deployed.matched && !deployed.active) return { afterMs: stabilizationMs };
    const latest = world.gateways.get(held.metadata.namespace, held.metadata.name) ?? held;
    // A spec that changed meanwhile was not what got deployed: that run's status is the next run's to write.
    if (latest.metadata.generation === gateway.metadata.generation)
      await writeDeployed(world, latest, listeners, loaded, deployed);
    if (!deployed.active) {
      events.warning(about(gateway), 'FailedUpdateStatus', `Failed update status due to ${WORDS.requeue}`);
      return { afterMs: Math.min(STATUS_REQUEUE_MS, stabilizationMs) };
    }
    events.normal(about(gateway), 'SuccessfullyReconciled', 'Successfully reconciled');
    return undefined;
  }

  async #plan(gateway: Gateway, model: Model): Promise<undefined> {
    const { world } = this.#options;
    const plan = describeModel(gateway, model);
    if (gateway.metadata.annotations?.[DRY_RUN_PLAN] === plan) return;
    world.gateways.remember(
      await world.api.merge<Gateway>(world.gateways.path(gateway), {
        metadata: { annotations: { [DRY_RUN_PLAN]: plan } },
      }),
    );
  }

  async #delete(gateway: Gateway): Promise<undefined> {
    const { world, cloud, events } = this.#options;
    if (!gateway.metadata.finalizers?.includes(GATEWAY_FINALIZER)) return;
    try {
      await destroy(world, cloud, gateway);
    } catch (error) {
      events.warning(about(gateway), 'FailedDeployModel', `Failed deploy model due to ${wordsOf(error)}`);
      throw error;
    }
    await world.removeFinalizer(world.gateways, gateway, GATEWAY_FINALIZER);
  }
}

const isDryRun = ({ metadata }: Gateway): boolean =>
  metadata.annotations?.[DRY_RUN] === 'true' && !metadata.finalizers?.includes(GATEWAY_FINALIZER);

/** List answers leave out the kind of their items; an event has to name it. */
const about = (gateway: Gateway): Gateway => ({
  ...gateway,
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
});
