// The commit status of a preview: its address on the commit, beside the checks.
import type { GitHub } from './api.ts';

export interface CommitStatus {
  readonly sha: string;
  /** What tells it from other statuses of the commit. */
  readonly context: string;
  readonly state: 'success' | 'failure';
  readonly description: string;
  readonly url?: string;
}

/** GitHub takes no more characters. */
const longest = 140;

/** @throws Problem `github/*`. */
export async function setStatus(github: GitHub, status: CommitStatus, signal: AbortSignal): Promise<void> {
  const { sha, context, state, description, url } = status;
  await github.call(
    'set a commit status',
    'statuses: write',
    (octokit, target) =>
      octokit.rest.repos.createCommitStatus({
        ...target,
        sha,
        context,
        state,
        description: description.slice(0, longest),
        ...(url !== undefined && { target_url: url }),
      }),
    signal,
  );
}
