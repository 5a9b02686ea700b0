// A run around one step of a mode: real draft and simulated time, and of the inputs what the step reads.
import { Draft } from '../../../src/report/draft.ts';
import type { Run } from '../../../src/run.ts';
import type { Finding } from '../../../src/verdict/finding.ts';
import { SimulatedClock } from '../chain/simulated-clock.ts';

export interface StubRun {
  readonly run: Run;
  readonly clock: SimulatedClock;
  /** Lines of the log. */
  readonly lines: string[];
  findings(): readonly Finding[];
}

export function stubRun(inputs: object = {}): StubRun {
  const clock = new SimulatedClock();
  const draft = new Draft('deploy', clock);
  const lines: string[] = [];
  const run = {
    inputs,
    environment: {},
    runner: { info: (line: string) => lines.push(line) },
    draft,
    clock,
    signal: new AbortController().signal,
  } as unknown as Run;
  return { run, clock, lines, findings: () => draft.finish('failed').findings };
}
