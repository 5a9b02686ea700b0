// The phases of a run: what it is at, for whoever reads the log, and where the time went. Loads nothing.
import type { Run } from '../run.ts';

/** Opens a phase of the run: a group of the log, a row of the report's timings. */
export function begin({ runner, draft }: Run, title: string): void {
  runner.group(title);
  draft.phase(title);
}
