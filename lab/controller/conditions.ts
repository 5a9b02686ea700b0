// Conditions: the controller's words, and writing one only when it says something new.
import type { Condition } from './objects.ts';

export const WORDS = {
  waitingForLoadBalancer: 'Waiting for load balancer to be active.',
  seeEvents: 'Check Gateway Events for more information.',
  listenerAccepted: 'Listener is accepted.',
  listenerNotAccepted: 'Listener is not accepted.',
  listenerNoConflict: 'Listener has no conflict.',
  listenerResolved: 'Listener has all refs resolved.',
  listenerProgrammed: 'Listener is programmed.',
  listenerPending: 'Listener is pending to be programmed.',
  requeue: 'requeue needed after 2m0s: Monitoring provisioning state',
} as const;

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** A condition's text may have 32768 characters; the controller keeps a little below. */
const LONGEST_MESSAGE = 32_700;

export function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  generation: number,
): Condition {
  return {
    type,
    status,
    reason,
    message: [...message].slice(0, LONGEST_MESSAGE).join(''),
    observedGeneration: generation,
    lastTransitionTime: now(),
  };
}

export const sameCondition = (one: Condition | undefined, other: Condition): boolean =>
  one !== undefined &&
  one.status === other.status &&
  one.reason === other.reason &&
  one.message === other.message &&
  one.observedGeneration === other.observedGeneration;

/** The conditions with this one in its place; the same array when nothing changed. */
export function withCondition(conditions: Condition[], wanted: Condition): Condition[] {
  const known = conditions.find((each) => each.type === wanted.type);
  if (sameCondition(known, wanted)) return conditions;
  if (!known) return [...conditions, wanted];
  return conditions.map((each) => (each.type === wanted.type ? wanted : each));
}
