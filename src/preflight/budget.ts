// How much of its quotas a load balancer has used up.
import { albLimits } from '../gateway/wanted-rules.ts';
import { type Finding, finding } from '../verdict/finding.ts';

export interface Used {
  /** `Gateway infra/public`. */
  readonly gateway: string;
  /** Without the listeners' default actions. */
  readonly rules: number;
  readonly targetGroups: number;
}

/** From this part of a quota on it is said. */
const nearly = 0.8;

/** `rules 12 of 100, target groups 3 of 100`. */
export const sayUsed = ({ rules, targetGroups }: Used): string =>
  `rules ${rules} of ${albLimits.rules}, target groups ${targetGroups} of ${albLimits.targetGroups}`;

export const judgeUsed = (used: Used): readonly Finding[] =>
  used.rules <= nearly * albLimits.rules && used.targetGroups <= nearly * albLimits.targetGroups
    ? []
    : [
        finding(
          'warning',
          'plan/budget',
          `The load balancer of ${used.gateway} is nearly full: ${sayUsed(used)} (the defaults of AWS).`,
          {
            ref: used.gateway,
            hint: 'Have the quota "Rules per Application Load Balancer" raised (that of target groups cannot be), or use a second Gateway.',
          },
        ),
      ];
