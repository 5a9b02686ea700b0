// GitHub's REST API for one repository: each call bounded in time, repeated when GitHub stumbles, refused in plain words.
import { getOctokit } from '@actions/github';
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';

export type Octokit = ReturnType<typeof getOctokit>;

export interface GitHubSettings {
  readonly token: string;
  /** GITHUB_API_URL. */
  readonly url: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly clock: Clock;
}

/** What every endpoint of a repository takes. */
export interface Target {
  readonly owner: string;
  readonly repo: string;
  readonly request: { readonly signal: AbortSignal };
}

export interface GitHub {
  /**
   * @param what a clause that says what it is for: `comment on the pull request`
   * @param permission as a workflow writes it: `pull-requests: write`
   * @throws Problem `github/denied`, `github/failed`; the signal's reason on abort.
   */
  call<Result>(
    what: string,
    permission: string,
    work: (octokit: Octokit, target: Target) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result>;
}

const attempts = 3;
/** Milliseconds. */
const timeout = 15_000;
const pause = 1_000;

export function gitHub({ token, url, repository, clock }: GitHubSettings): GitHub {
  const octokit = getOctokit(token, { baseUrl: url, log: silent });
  const [owner = '', repo = ''] = repository.split('/');
  return {
    call: async (what, permission, work, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
          return await work(octokit, { owner, repo, request: { signal: bounded } });
        } catch (error) {
          signal.throwIfAborted();
          if (attempt === attempts || !mayPass(error)) throw explained(error, what, permission);
          await clock.sleep(pause * attempt, signal);
        }
      }
    },
  };
}

/** Deprecations and the like are octokit's business, not the log's. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const statusOf = (error: unknown): number =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 0;

/** GitHub's own trouble, and connections that broke. */
const mayPass = (error: unknown): boolean => {
  const status = statusOf(error);
  return status >= 500 || status === 429 || status === 0;
};

function explained(error: unknown, what: string, permission: string): Problem {
  const status = statusOf(error);
  const saw = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  if (status === 401 || status === 403 || status === 404) {
    return new Problem('github/denied', `The job's token may not ${what} (HTTP ${status}: ${saw}).`, {
      hint: `Add to the job (in a reusable workflow: to the calling job as well):\npermissions:\n  ${permission}`,
      cause: error,
    });
  }
  return new Problem('github/failed', `GitHub did not let the action ${what}: ${saw}.`, {
    hint: 'Nothing else is touched by this. See https://www.githubstatus.com and run the job again.',
    cause: error,
  });
}
