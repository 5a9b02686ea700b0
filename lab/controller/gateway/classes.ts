// Reconciles GatewayClasses of this controller: finalizer, the configuration it has seen, Accepted.
import { condition, withCondition } from '../conditions.ts';
import { CONTROLLER, type Condition, type GatewayClass } from '../objects.ts';
import type { Reconcile } from '../queue.ts';
import type { World } from '../world.ts';
import { LAST_PROCESSED, versionOf } from './configuration.ts';

const CLASS_FINALIZER = 'gateway.k8s.aws/gatewayclass';
const LAST_PROCESSED_AT = `${LAST_PROCESSED}-timestamp`;

export const classReconciler =
  (world: World): Reconcile =>
  async (name) => {
    const found = world.classes.get(undefined, name);
    if (found?.spec.controllerName !== CONTROLLER) return undefined;
    if (found.metadata.deletionTimestamp) {
      const inUse = world.gateways.all().some(({ spec }) => spec.gatewayClassName === name);
      if (inUse) throw new Error(`gatewayclass [${name}] is still in use`);
      await world.removeFinalizer(world.classes, found, CLASS_FINALIZER);
      return undefined;
    }
    const held = await world.addFinalizer(world.classes, found, CLASS_FINALIZER);
    const refusal = refusalOf(world, held);
    if (refusal) {
      await writeAccepted(
        world,
        held,
        condition('Accepted', 'False', refusal.reason, refusal.message, held.metadata.generation),
      );
      throw new Error(refusal.message);
    }
    const noted = await noteProcessed(world, held);
    await writeAccepted(
      world,
      noted,
      condition('Accepted', 'True', 'Accepted', 'Accepted', noted.metadata.generation),
    );
    return undefined;
  };

function refusalOf(
  world: World,
  { spec: { parametersRef: ref } }: GatewayClass,
): { reason: string; message: string } | undefined {
  if (!ref) return undefined;
  if (!ref.namespace)
    return {
      reason: 'InvalidParametersRef',
      message: `parametersRef namespace must be specified for LoadBalancerConfiguration ${ref.name}`,
    };
  if (world.configurations.get(ref.namespace, ref.name)) return undefined;
  return {
    reason: 'NotFound',
    message: `LoadBalancerConfiguration (${ref.name},${ref.namespace}) not found`,
  };
}

async function noteProcessed(world: World, gatewayClass: GatewayClass): Promise<GatewayClass> {
  const ref = gatewayClass.spec.parametersRef;
  const configuration = ref?.namespace ? world.configurations.get(ref.namespace, ref.name) : undefined;
  const version = configuration ? versionOf(configuration) : '';
  if (gatewayClass.metadata.annotations?.[LAST_PROCESSED] === version) return gatewayClass;
  const annotations = {
    [LAST_PROCESSED]: version,
    [LAST_PROCESSED_AT]: String(Math.floor(Date.now() / 1000)),
  };
  const written = await world.api.merge<GatewayClass>(world.classes.path(gatewayClass), {
    metadata: { annotations },
  });
  world.classes.remember(written);
  return written;
}

async function writeAccepted(world: World, gatewayClass: GatewayClass, accepted: Condition): Promise<void> {
  const known = gatewayClass.status?.conditions ?? [];
  // Only a condition that is already there is updated; the CRD's default always puts one.
  if (!known.some((each) => each.type === accepted.type)) return;
  const conditions = withCondition(known, accepted);
  if (conditions === known) return;
  world.classes.remember(
    await world.api.merge<GatewayClass>(world.classes.path(gatewayClass, 'status'), {
      status: { conditions },
    }),
  );
}
