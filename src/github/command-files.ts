// The files in which a step leaves values for the runner. Not over @actions/core: that loads an HTTP client for its OIDC
// part, which took half of our start-up (bundle 0.7 MB smaller, first line of the log twice as early).
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

/** What the runner names by GITHUB_OUTPUT, GITHUB_STATE and GITHUB_STEP_SUMMARY; one that is not there is not written. */
export interface CommandFiles {
  readonly output?: string;
  readonly state?: string;
  readonly summary?: string;
}

/**
 * One value, as actions/runner reads it (FileCommandManager.cs, `name<<delimiter`). The delimiter is new each time, so that
 * no value can end its own block and begin another.
 */
export const appendValue = (file: string | undefined, name: string, value: string): void => {
  if (file === undefined) return;
  const delimiter = `ghadelimiter_${randomUUID()}`;
  appendFileSync(file, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
};

/** The file is this step's own: what was written before is replaced. */
export const replaceSummary = async (file: string | undefined, markdown: string): Promise<void> => {
  if (file !== undefined) await writeFile(file, markdown);
};
