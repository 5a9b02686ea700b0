// What every judge says when the look itself did not succeed.
import type { Seen } from '../verdict/seen.ts';
import { type NotOk, unknown, waiting } from '../verdict/verdict.ts';

/** A look that gave no value: the missing permission by name, or the failure, which the next look may not meet. */
export type NotSeen = Exclude<Seen<never>, { readonly value: never }>;

/**
 * @param what what was looked at: `GatewayClass aws-alb`
 */
export const judgeNotSeen = (seen: NotSeen, what: string): NotOk =>
  'denied' in seen
    ? unknown('look/denied', {
        message: `${what} could not be looked at: the permission ${seen.denied} is missing.`,
        hint: `Grant ${seen.denied} to the role that the action assumes, or go on without this look.`,
      })
    : waiting('look/failed', { message: `${what} could not be looked at: ${seen.failed}.` });
