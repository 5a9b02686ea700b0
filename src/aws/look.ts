// One look into an AWS service: its value, or the exact permission that is missing, or why it failed.
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import type { Seen } from '../verdict/seen.ts';
import { denialOf, permissionOf, sentenceOf } from './denial.ts';

export interface LookWant {
  /** Of the service, for sentences: `EKS`. */
  readonly service: string;
  /** The IAM action and the resource that it needs, for where AWS does not say. */
  readonly action: string;
  readonly resource: string;
}

/** Never throws but for the signal's abort and Problems of the credentials. */
export async function look<Value>(
  want: LookWant,
  clock: Clock,
  signal: AbortSignal,
  read: () => Promise<Value>,
): Promise<Seen<Value>> {
  try {
    const value = await read();
    return { at: clock.now(), value };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    const denial = denialOf(error);
    const at = clock.now();
    if (denial !== undefined) return { at, denied: permissionOf(denial, want.action, want.resource) };
    return {
      at,
      failed: `${want.service} did not answer as it should: ${sentenceOf(error)}.`,
      cause: error,
    };
  }
}
