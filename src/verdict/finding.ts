// Something wrong in the bundle or the account that can be said before anything is applied.
import { type Code, codes, type Owner } from './codes.ts';
import type { Problem } from './problem.ts';
import type { Evidence } from './verdict.ts';

export interface Source {
  /** Path relative to the workspace, with forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

export interface Finding {
  readonly code: Code;
  readonly severity: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly source?: Source;
  /** The object it is about: `HTTPRoute apps/sample-app`. */
  readonly ref?: string;
  readonly owner: Owner;
  /** A first line in prose; further lines are text to copy, shown as they stand. */
  readonly hint: string;
  readonly evidence?: readonly Evidence[];
}

export const finding = (
  severity: Finding['severity'],
  code: Code,
  message: string,
  rest: {
    readonly source?: Source;
    readonly ref?: string;
    readonly hint?: string;
    readonly evidence?: readonly Evidence[];
  } = {},
): Finding => ({
  code,
  severity,
  message,
  ...(rest.source && { source: rest.source }),
  ...(rest.ref !== undefined && { ref: rest.ref }),
  owner: codes[code].owner,
  hint: rest.hint ?? '',
  ...(rest.evidence && { evidence: rest.evidence }),
});

/** A Problem that ended the run, as the report lists it. */
export const findingOf = (problem: Problem): Finding => ({
  code: problem.code,
  severity: 'error',
  message: problem.message,
  owner: problem.owner,
  hint: problem.hint,
  ...(problem.evidence.length > 0 && { evidence: problem.evidence }),
});
