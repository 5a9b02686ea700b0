// What the look at one layer gives, and what all looks have in common.
import type { Sighting } from '../../drift/item.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';

export interface LayerSeen {
  readonly sightings: readonly Sighting[];
  /** What could not be looked at: neither drift nor its absence. */
  readonly unchecked: readonly Finding[];
  /** Remarks that change nothing. */
  readonly notes?: readonly Finding[];
}

/** @param what a noun phrase with its article: `The Services` */
export const notChecked = (
  what: string,
  seen: Exclude<Seen<unknown>, { readonly value: unknown }>,
): Finding =>
  finding(
    'warning',
    'drift/not-checked',
    'denied' in seen
      ? `${what} could not be checked: the role may not ${seen.denied}.`
      : `${what} could not be checked: ${seen.failed.replace(/\.$/, '')}.`,
    {
      hint:
        'denied' in seen
          ? 'Grant it; docs/permissions.md has the whole role for `mode: drift`.'
          : 'Run again; nothing is known of it until then.',
    },
  );

/** One line for each cause, however many objects it hides. */
export const distinct = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map((each) => [each.message, each])).values(),
];
