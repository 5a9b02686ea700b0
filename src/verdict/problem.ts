// An error in the user's terms: a code, one sentence, what to do, and the cause behind it.
import { type Code, codes, type Owner } from './codes.ts';
import type { Evidence } from './verdict.ts';

export interface ProblemDetails {
  readonly hint?: string;
  readonly evidence?: readonly Evidence[];
  readonly owner?: Owner;
  readonly cause?: unknown;
}

/**
 * Expected trouble: bad input, a denied role, a server that is not there. Printed once, without a stack trace.
 * Anything that is thrown and is not a Problem is a bug and shows its stack.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: Code;
  readonly hint: string;
  readonly evidence: readonly Evidence[];
  readonly owner: Owner;

  constructor(code: Code, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? '';
    this.evidence = details.evidence ?? [];
    this.owner = details.owner ?? codes[code].owner;
  }
}

/** An error that nobody expected. */
export const bugOf = (error: Error): Problem =>
  new Problem('run/internal', `A bug in the action: ${error.message}`, {
    hint: 'Please report it, with the log of this step.',
    cause: error,
  });
