// What GitHub says of pull requests now: a job that waited, or is run again, may come after others.
import type { GitHub } from './api.ts';

export interface PullNow {
  readonly number: number;
  readonly closed: boolean;
  readonly branch: string;
  readonly sha: string;
  readonly updatedAt?: Date;
}

interface Listed {
  readonly number: number;
  readonly state: string;
  readonly head: { readonly ref: string; readonly sha: string };
  readonly updated_at: string;
}

const what = 'read the pull request';
const permission = 'pull-requests: write';

/** @throws Problem `github/*`, also where there is no such pull request. */
export async function readPull(github: GitHub, number: number, signal: AbortSignal): Promise<PullNow> {
  return await github.call(
    what,
    permission,
    async (octokit, target) => nowOf((await octokit.rest.pulls.get({ ...target, pull_number: number })).data),
    signal,
  );
}

/** Those that are open, by number. @throws Problem `github/*`. */
export async function openPulls(github: GitHub, signal: AbortSignal): Promise<ReadonlyMap<number, PullNow>> {
  return await github.call(
    'list the pull requests',
    permission,
    async (octokit, target) => {
      const open = await octokit.paginate(octokit.rest.pulls.list, {
        ...target,
        state: 'open',
        per_page: 100,
      });
      return new Map(open.map((pull) => [pull.number, nowOf(pull)]));
    },
    signal,
  );
}

function nowOf({ number, state, head, updated_at }: Listed): PullNow {
  const updatedAt = new Date(updated_at);
  return {
    number,
    closed: state === 'closed',
    branch: head.ref,
    sha: head.sha,
    ...(!Number.isNaN(updatedAt.getTime()) && { updatedAt }),
  };
}
