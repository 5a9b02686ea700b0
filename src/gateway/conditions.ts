// Status conditions, typed, and whether a condition speaks of the object as it is now.
import { list, moment, number, text } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import type { Evidence } from '../verdict/verdict.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** The generation of which it speaks; absent on the CRD's default conditions. */
  readonly observedGeneration?: number;
  /** lastTransitionTime: whole seconds; 1970 on the CRD's default conditions. */
  readonly changedAt?: Date;
}

const statusOf = (value: string | undefined): Condition['status'] =>
  value === 'True' || value === 'False' ? value : 'Unknown';

/** The conditions at a path, such as `conditionsOf(gateway, 'status', 'conditions')`. */
export const conditionsOf = (from: Json | undefined, ...path: readonly string[]): readonly Condition[] =>
  list(from, ...path).map((value) => {
    const observedGeneration = number(value, 'observedGeneration');
    const changedAt = moment(value, 'lastTransitionTime');
    return {
      type: text(value, 'type') ?? '',
      status: statusOf(text(value, 'status')),
      reason: text(value, 'reason') ?? '',
      message: text(value, 'message') ?? '',
      ...(observedGeneration !== undefined && { observedGeneration }),
      ...(changedAt !== undefined && { changedAt }),
    };
  });

export const conditionOf = (conditions: readonly Condition[], type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);

/**
 * Whether a moment of whole seconds, as the API server writes them, is not before another: an event of the same second
 * counts as later, for nobody can tell.
 */
export const notBefore = (moment: Date, since: Date): boolean =>
  moment.getTime() >= Math.floor(since.getTime() / 1000) * 1000;

/** What a complaint is measured against: this run's write or nudge. */
export interface Freshness {
  /** The object's generation after this run's write, if that write changed it. */
  readonly appliedGeneration?: number;
  /** When this run wrote or nudged, by the API server's clock as far as possible. */
  readonly since: Date;
  /** Whether the controller was made to look again at `since` (an annotation on its Gateway). */
  readonly nudged?: boolean;
  /** When this run began, where it may nudge: what the controller remembers from before can then be waited out. */
  readonly began?: Date;
}

/** A controller that was nudged has looked again after this long (measured: LBC 3.5.0 within 3 s). */
export const lookedAgainMs = 30_000;

/**
 * Whether the condition says something about what this run did, and not about what was before. Newer than `since`; or of
 * the generation that this run made (lastTransitionTime stays when a False stays False); or still standing well after a
 * nudge, since the controller has looked again and come to the same end.
 */
export const isNews = (
  condition: Condition,
  { appliedGeneration, since, nudged }: Freshness,
  at: Date,
): boolean =>
  (condition.changedAt !== undefined && notBefore(condition.changedAt, since)) ||
  (appliedGeneration !== undefined && (condition.observedGeneration ?? 0) >= appliedGeneration) ||
  (nudged === true && at.getTime() - since.getTime() >= lookedAgainMs);

/** `Accepted=False Invalid at generation 2: LoadBalancerConfiguration "lbc" not found`. */
export const sayCondition = (condition: Condition): string => {
  const generation =
    condition.observedGeneration === undefined ? '' : ` at generation ${condition.observedGeneration}`;
  const message = condition.message === '' ? '' : `: ${condition.message}`;
  return `${condition.type}=${condition.status} ${condition.reason}${generation}${message}`;
};

/** Evidence out of conditions; `of` names the object. */
export const conditionEvidence = (
  of: string,
  conditions: readonly (Condition | undefined)[],
): readonly Evidence[] =>
  conditions.flatMap((condition) =>
    condition === undefined
      ? []
      : [{ from: `${of} status.conditions[${condition.type}]`, saw: sayCondition(condition) }],
  );
