// What the event that started the run says about the pull request behind it.

export interface PullRequest {
  readonly number: number;
  /** The commit at the tip of the pull request's branch (not the merge commit that GITHUB_SHA names). */
  readonly headSha: string;
  readonly headBranch: string;
  /** `owner/name` of the repository that the branch is in; `undefined` when that fork was deleted. */
  readonly headRepository?: string;
  readonly baseRepository: string;
  readonly fromFork: boolean;
  /** What happened: `opened`, `synchronize`, `closed` … */
  readonly action?: string;
  /** When it happened: what GitHub's API says of an earlier moment is older than the event. */
  readonly updatedAt?: Date;
}

type Fields = Readonly<Record<string, unknown>>;

/** Events that carry `pull_request` and run for it. `pull_request_target` runs with secrets, for a fork as well. */
const pullRequestEvents = new Set([
  'pull_request',
  'pull_request_target',
  'pull_request_review',
  'pull_request_review_comment',
]);

/** Whether a pull request is behind the run, also where only a comment on one is. */
export function isPullRequestEvent(eventName: string, payload: unknown): boolean {
  const behind = eventName === 'workflow_run' ? textAt(at(payload, 'workflow_run'), 'event') : eventName;
  return behind?.startsWith('pull_request') === true || behind === 'issue_comment';
}

/** Pull requests count from 1. */
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;

/**
 * The pull request of a `pull_request*` event; `undefined` for other events and for payloads without one.
 * @param payload the parsed JSON of GITHUB_EVENT_PATH (GitHub docs, "Webhook events and payloads").
 */
export function pullRequestOf(eventName: string, payload: unknown): PullRequest | undefined {
  if (!pullRequestEvents.has(eventName)) return undefined;
  const pull = at(payload, 'pull_request');
  const head = at(pull, 'head');
  const base = at(pull, 'base');
  const number = pull?.['number'];
  if (head === undefined || base === undefined || !isNumber(number)) return undefined;
  const headRepository = textAt(at(head, 'repo'), 'full_name');
  const action = textAt(payload as Fields, 'action');
  const updatedAt = new Date(textAt(pull, 'updated_at') ?? Number.NaN);
  return {
    number,
    headSha: textAt(head, 'sha') ?? '',
    headBranch: textAt(head, 'ref') ?? '',
    ...(headRepository !== undefined && { headRepository }),
    baseRepository: textAt(at(base, 'repo'), 'full_name') ?? '',
    fromFork: !sameRepository(at(head, 'repo'), at(base, 'repo')),
    ...(action !== undefined && { action }),
    ...(!Number.isNaN(updatedAt.getTime()) && { updatedAt }),
  };
}

/**
 * Whether the run works for a pull request that comes from another repository: such a run either has no OIDC token
 * (`pull_request`) or has one that it must not use for foreign text (`pull_request_target`, `workflow_run`).
 */
export function isForkPullRequest(eventName: string, payload: unknown): boolean {
  if (eventName === 'workflow_run') {
    const run = at(payload, 'workflow_run');
    return (
      pullRequestEvents.has(textAt(run, 'event') ?? '') &&
      !sameRepository(at(run, 'head_repository'), at(run, 'repository') ?? at(payload, 'repository'))
    );
  }
  // It has rights: where nothing says whose text it is, it counts as foreign.
  return pullRequestOf(eventName, payload)?.fromFork ?? eventName === 'pull_request_target';
}

/** Whether the run has the base repository's rights while the pull request's author chose the text it may read. */
export function isPullRequestTarget(eventName: string): boolean {
  return eventName === 'pull_request_target';
}

/** By id where both have one: names change case and owner. A fork that was deleted (`null`) is not the same. */
function sameRepository(one: Fields | undefined, other: Fields | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const [oneId, otherId] = [one['id'], other['id']];
  if (typeof oneId === 'number' && typeof otherId === 'number') return oneId === otherId;
  const [oneName, otherName] = [textAt(one, 'full_name'), textAt(other, 'full_name')];
  return oneName !== undefined && oneName.toLowerCase() === otherName?.toLowerCase();
}

function at(value: unknown, name: string): Fields | undefined {
  const found = typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined;
  return typeof found === 'object' && found !== null ? (found as Fields) : undefined;
}

function textAt(fields: Fields | undefined, name: string): string | undefined {
  const found = fields?.[name];
  return typeof found === 'string' ? found : undefined;
}
