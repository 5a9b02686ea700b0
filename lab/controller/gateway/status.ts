// A Gateway's status: its conditions, address and listeners, patched only when they say something new.
import { condition, sameCondition, WORDS, withCondition } from '../conditions.ts';
import type { Condition, Gateway, GatewayStatus, ListenerStatus } from '../objects.ts';
import type { World } from '../world.ts';
import type { Loaded } from './attachment.ts';
import type { Deployed } from './deploy.ts';
import { isValid, type JudgedListener } from './listeners.ts';

export async function writeFailure(world: World, gateway: Gateway, message: string): Promise<void> {
  const known = gateway.status?.conditions ?? [];
  const conditions = withCondition(
    known,
    condition('Accepted', 'False', 'Invalid', message, gateway.metadata.generation),
  );
  if (conditions !== known) await patch(world, gateway, { conditions });
}

export async function writeDeployed(
  world: World,
  gateway: Gateway,
  listeners: JudgedListener[],
  loaded: Loaded,
  deployed: Deployed,
): Promise<void> {
  const { generation } = gateway.metadata;
  const known = gateway.status ?? {};
  const programmed = deployed.active
    ? condition('Programmed', 'True', 'Programmed', deployed.arn, generation)
    : condition('Programmed', 'Unknown', 'Pending', WORDS.waitingForLoadBalancer, generation);
  const conditions = withCondition(
    withCondition(known.conditions ?? [], acceptedOf(listeners, generation)),
    programmed,
  );
  const status: GatewayStatus = {};
  if (conditions !== known.conditions) status.conditions = conditions;
  if (known.addresses?.length !== 1 || known.addresses[0]?.value !== deployed.dnsName)
    status.addresses = [{ type: 'Hostname', value: deployed.dnsName }];
  const statuses = listeners.map((judged) => listenerStatus(judged, loaded, deployed.active, generation));
  if (!sameListeners(known.listeners ?? [], statuses)) status.listeners = statuses;
  if (Object.keys(status).length > 0) await patch(world, gateway, status);
}

function acceptedOf(listeners: JudgedListener[], generation: number): Condition {
  if (listeners.every(isValid)) return condition('Accepted', 'True', 'Accepted', '', generation);
  return condition(
    'Accepted',
    listeners.some(isValid) ? 'True' : 'False',
    'ListenersNotValid',
    '',
    generation,
  );
}

const CONFLICTS = ['HostnameConflict', 'ProtocolConflict'];

function listenerStatus(
  judged: JudgedListener,
  loaded: Loaded,
  active: boolean,
  generation: number,
): ListenerStatus {
  const { listener, kinds, reason, message } = judged;
  const own = (
    type: string,
    reasons: string[],
    status: { bad: 'True' | 'False'; good: [string, string] },
  ): Condition => {
    const isBad = reasons.includes(reason);
    const good = status.bad === 'True' ? 'False' : 'True';
    return condition(
      type,
      isBad ? status.bad : good,
      isBad ? reason : status.good[0],
      isBad ? message : status.good[1],
      generation,
    );
  };
  const programmed = !isValid(judged)
    ? condition('Programmed', 'False', reason, WORDS.listenerNotAccepted, generation)
    : active
      ? condition('Programmed', 'True', 'Programmed', WORDS.listenerProgrammed, generation)
      : condition('Programmed', 'False', 'Pending', WORDS.listenerPending, generation);
  return {
    name: listener.name,
    attachedRoutes: loaded.attachments.filter((each) => each.listener.name === listener.name).length,
    supportedKinds: kinds,
    conditions: [
      own('Conflicted', CONFLICTS, { bad: 'True', good: ['NoConflicts', WORDS.listenerNoConflict] }),
      own('Accepted', [...CONFLICTS, 'UnsupportedProtocol'], {
        bad: 'False',
        good: ['Accepted', WORDS.listenerAccepted],
      }),
      own('ResolvedRefs', ['InvalidRouteKinds'], {
        bad: 'False',
        good: ['ResolvedRefs', WORDS.listenerResolved],
      }),
      programmed,
    ],
  };
}

function sameListeners(known: ListenerStatus[], wanted: ListenerStatus[]): boolean {
  return (
    known.length === wanted.length &&
    wanted.every((want) => {
      const has = known.find((each) => each.name === want.name);
      return (
        has?.attachedRoutes === want.attachedRoutes &&
        has.supportedKinds.length === want.supportedKinds.length &&
        want.conditions.every((each) =>
          sameCondition(
            has.conditions.find((other) => other.type === each.type),
            each,
          ),
        )
      );
    })
  );
}

async function patch(world: World, gateway: Gateway, status: GatewayStatus): Promise<void> {
  const written = await world.api.merge<Gateway>(world.gateways.path(gateway, 'status'), { status });
  world.gateways.remember(written);
}
