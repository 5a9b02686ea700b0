// What is seen of a Gateway: its status, the controller's events, and, while it is not well, the routes that may stop it.
import { number } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { conditionOf, conditionsOf, type Freshness } from '../gateway/conditions.ts';
import type { Seen } from '../verdict/seen.ts';
import { type Blocker, observeBlockers } from './blockers.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { type ControllerEvent, observeEvents } from './events.ts';

export interface GatewayWant extends Freshness {
  readonly namespace: string;
  readonly name: string;
  /** The listeners that matter; default all. */
  readonly sections?: readonly string[];
}

export interface GatewayValue {
  readonly gateway?: KubernetesObject;
  /** The controller's events about the Gateway, oldest first. */
  readonly events: readonly ControllerEvent[];
  /** The permission that is missing to read events, or why they could not be read. */
  readonly eventsUnread?: string;
  /** Routes that stop the controller; read only while the Gateway is not programmed as it is, or its last event is a failure. */
  readonly blockers?: readonly Blocker[];
}

const isSettled = (gateway: KubernetesObject): boolean => {
  const generation = number(gateway, 'metadata', 'generation') ?? 0;
  const conditions = conditionsOf(gateway, 'status', 'conditions');
  return ['Accepted', 'Programmed'].every((type) => {
    const condition = conditionOf(conditions, type);
    return condition?.status === 'True' && (condition.observedGeneration ?? 0) >= generation;
  });
};

/** Before LBC 3.1 the conditions stay as they are where only the events tell of a failure. */
const hasFailed = (events: readonly ControllerEvent[]): boolean =>
  /^Failed(Build|Deploy)Model$/.test(events.at(-1)?.reason ?? '');

export const observeGateway = async (
  reader: ClusterReader,
  want: Pick<GatewayWant, 'namespace' | 'name'>,
  signal: AbortSignal,
): Promise<Seen<GatewayValue>> => {
  const seen = await reader.get(kinds.gateway, want.namespace, want.name, signal);
  if (!('value' in seen)) return seen;
  if (seen.value === undefined) return { at: seen.at, value: { events: [] } };
  const events = await observeEvents(reader, seen.value, signal);
  const settled = isSettled(seen.value) && !('value' in events && hasFailed(events.value));
  const blockers = settled ? undefined : await observeBlockers(reader, seen.value, signal);
  return {
    at: seen.at,
    value: {
      gateway: seen.value,
      events: 'value' in events ? events.value : [],
      ...(blockers && { blockers }),
      ...('denied' in events && { eventsUnread: events.denied }),
      ...('failed' in events && { eventsUnread: events.failed }),
    },
  };
};
