// TargetGroupBindings: the cluster's record of which target group a Service's endpoints are registered in.
import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isNotFound } from '../kube/api.ts';
import type { Gateway, TargetGroupBinding } from '../objects.ts';
import type { World } from '../world.ts';
import type { PlannedTargetGroup } from './model.ts';

const STACK_NAMESPACE = 'gateway.k8s.aws.alb/stack-namespace';
const STACK_NAME = 'gateway.k8s.aws.alb/stack-name';

const POLL_MS = 100;
const LONGEST_WAIT_MS = 20_000;

const ownBindings = (world: World, gateway: Gateway): TargetGroupBinding[] =>
  world.bindings
    .all()
    .filter(
      ({ metadata: { labels } }) =>
        labels?.[STACK_NAMESPACE] === gateway.metadata.namespace &&
        labels?.[STACK_NAME] === gateway.metadata.name,
    );

export async function ensureBinding(
  world: World,
  gateway: Gateway,
  group: PlannedTargetGroup,
  arn: string,
  vpcId: string,
): Promise<void> {
  const known = world.bindings.get(group.serviceNamespace, group.name);
  if (known && known.spec.targetGroupARN === arn && !known.metadata.deletionTimestamp) return;
  const binding = {
    apiVersion: 'elbv2.k8s.aws/v1beta1',
    kind: 'TargetGroupBinding',
    metadata: {
      name: group.name,
      namespace: group.serviceNamespace,
      labels: { [STACK_NAMESPACE]: gateway.metadata.namespace, [STACK_NAME]: gateway.metadata.name },
    },
    spec: {
      targetGroupARN: arn,
      targetType: group.targetType,
      targetGroupProtocol: group.protocol,
      ipAddressType: 'ipv4',
      ...(vpcId && { vpcID: vpcId }),
      serviceRef: { name: group.serviceName, port: group.servicePort },
    },
  };
  try {
    await world.api.create(world.bindings.collection(group.serviceNamespace), binding);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Deletes the Gateway's bindings but those to keep, and waits until they are gone. */
export async function dropBindings(world: World, gateway: Gateway, keep: Set<string>): Promise<void> {
  const gone = ownBindings(world, gateway).filter(({ spec }) => !keep.has(spec.targetGroupARN));
  for (const binding of gone) {
    try {
      if (!binding.metadata.deletionTimestamp) await world.api.remove(world.bindings.path(binding));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await untilGone(world, binding);
  }
}

/** The target group must not go before its targets are deregistered, which the binding's own controller does. */
async function untilGone(world: World, binding: TargetGroupBinding): Promise<void> {
  const until = Date.now() + LONGEST_WAIT_MS;
  while (
    world.bindings.get(binding.metadata.namespace, binding.metadata.name)?.metadata.uid ===
    binding.metadata.uid
  ) {
    if (Date.now() > until)
      throw new Error(
        `targetGroupBinding is not fully deleted yet: ${binding.metadata.namespace}/${binding.metadata.name}`,
      );
    await sleep(POLL_MS);
  }
}
