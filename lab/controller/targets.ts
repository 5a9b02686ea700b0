// Reconciles TargetGroupBindings: the ready endpoints of a Service become the targets of its target group.
import { createHash } from 'node:crypto';
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Elb } from './aws/elb.ts';
import type { EventRecorder } from './kube/events.ts';
import { wordsOf } from './log.ts';
import type { TargetGroupBinding } from './objects.ts';
import type { Reconcile } from './queue.ts';
import type { World } from './world.ts';

const BINDING_FINALIZER = 'elbv2.k8s.aws/resources';
const CHECKPOINT = 'elbv2.k8s.aws/checkpoint';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const textOf = (target: TargetDescription): string => `${target.Id}:${target.Port}`;

export const bindingReconciler =
  (world: World, elb: Elb, events: EventRecorder): Reconcile =>
  async (key) => {
    const [namespace, name = ''] = key.split('/');
    const found = world.bindings.get(namespace, name);
    if (!found) return undefined;
    const about: TargetGroupBinding = {
      ...found,
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
    };
    if (found.metadata.deletionTimestamp) {
      if (!found.metadata.finalizers?.includes(BINDING_FINALIZER)) return undefined;
      await elb.find(() => register(elb, found.spec.targetGroupARN, []));
      await world.removeFinalizer(world.bindings, found, BINDING_FINALIZER);
      return undefined;
    }
    const binding = await world.addFinalizer(world.bindings, found, BINDING_FINALIZER);
    const service = world.services.get(binding.metadata.namespace, binding.spec.serviceRef.name);
    if (!service) {
      events.warning(
        about,
        'BackendNotFound',
        `backend not found: Service "${binding.spec.serviceRef.name}" not found`,
      );
      await elb.find(() => register(elb, binding.spec.targetGroupARN, []));
      return undefined;
    }
    const targets = endpointsOf(world, binding);
    const checkpoint = `${digest(targets.map(textOf).sort().join(','))}/${digest(JSON.stringify(binding.spec))}`;
    const done =
      binding.metadata.annotations?.[CHECKPOINT] === checkpoint &&
      binding.status?.observedGeneration === binding.metadata.generation;
    if (done) return undefined;
    try {
      await register(elb, binding.spec.targetGroupARN, targets);
    } catch (error) {
      events.warning(about, 'FailedReconcile', `Failed reconcile due to ${wordsOf(error)}`);
      throw error;
    }
    await settle(world, binding, checkpoint);
    events.normal(about, 'SuccessfullyReconciled', 'Successfully reconciled');
    return undefined;
  };

async function register(elb: Elb, arn: string, wanted: TargetDescription[]): Promise<void> {
  const { TargetHealthDescriptions = [] } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: arn }),
  );
  const known = TargetHealthDescriptions.flatMap(({ Target, TargetHealth }) =>
    Target && TargetHealth?.State !== 'draining' ? [Target] : [],
  );
  const missing = wanted.filter((target) => !known.some((each) => textOf(each) === textOf(target)));
  const gone = known.filter((target) => !wanted.some((each) => textOf(each) === textOf(target)));
  if (gone.length > 0)
    await elb.send(
      new DeregisterTargetsCommand({
        TargetGroupArn: arn,
        Targets: gone.map(({ Id, Port }) => ({ Id, Port })),
      }),
    );
  if (missing.length > 0)
    await elb.send(new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: missing }));
}

function endpointsOf(
  world: World,
  { metadata: { namespace = '' }, spec }: TargetGroupBinding,
): TargetDescription[] {
  if (spec.targetType === 'instance') return [];
  const service = world.services.get(namespace, spec.serviceRef.name);
  const port = service?.spec.ports?.find(
    (each) => each.port === spec.serviceRef.port || each.name === spec.serviceRef.port,
  );
  if (!port) return [];
  const slices = world.slices
    .inNamespace(namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === spec.serviceRef.name);
  return slices.flatMap(({ endpoints, ports }) => {
    const number = ports?.find((each) => (each.name ?? '') === (port.name ?? ''))?.port;
    if (number === undefined) return [];
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.flatMap(({ addresses }) => addresses.map((Id) => ({ Id, Port: number })));
  });
}

/** First the annotations, then the status: what was registered is noted before it is called observed. */
async function settle(world: World, binding: TargetGroupBinding, checkpoint: string): Promise<void> {
  if (binding.metadata.annotations?.[CHECKPOINT] !== checkpoint) {
    const annotations = {
      [CHECKPOINT]: checkpoint,
      [`${CHECKPOINT}-timestamp`]: String(Math.floor(Date.now() / 1000)),
    };
    world.bindings.remember(
      await world.api.merge<TargetGroupBinding>(world.bindings.path(binding), { metadata: { annotations } }),
    );
  }
  const { generation } = binding.metadata;
  if (binding.status?.observedGeneration === generation) return;
  world.bindings.remember(
    await world.api.merge<TargetGroupBinding>(world.bindings.path(binding, 'status'), {
      status: { observedGeneration: generation },
    }),
  );
}
