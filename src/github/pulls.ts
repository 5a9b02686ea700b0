// Whether a pull request is still open: a job that waited, or is run again, may come after its end.
import type { GitHub } from './api.ts';

/** @throws Problem `github/*`. */
export async function isClosed(github: GitHub, number: number, signal: AbortSignal): Promise<boolean> {
  return await github.call(
    'read the pull request',
    'pull-requests: write',
    async (octokit, target) => {
      const { data } = await octokit.rest.pulls.get({ ...target, pull_number: number });
      return data.state === 'closed';
    },
    signal,
  );
}
