// What a mode is given: its inputs, where it runs, and what tells of it.
import type { Clock } from './clock.ts';
import type { Environment } from './environment.ts';
import type { Runner } from './github/runner.ts';
import type { Inputs } from './inputs.ts';
import type { Draft } from './report/draft.ts';

export interface Run {
  readonly inputs: Inputs;
  readonly environment: Environment;
  readonly runner: Runner;
  readonly draft: Draft;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
