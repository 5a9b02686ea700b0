// One issue a target: found again by a hidden marker, edited in place, closed when it has nothing more to say.
import type { GitHub, Octokit, Target } from './api.ts';

export interface StickyIssue {
  /** The first line of the body: `<!-- … -->`. */
  readonly marker: string;
}

export interface OpenIssue extends StickyIssue {
  readonly title: string;
  readonly body: string;
  /** A comment, where the issue that is there says something else: decided from its present body. */
  readonly comment: (before: string) => string | undefined;
}

const permission = 'issues: write';

/** Pages of open issues that are looked through, newest first. */
const mostPages = 20;

/** @throws Problem `github/*`. */
export async function putIssue(
  github: GitHub,
  { marker, title, body, comment }: OpenIssue,
  signal: AbortSignal,
): Promise<'opened' | 'edited' | 'unchanged' | 'commented'> {
  const ours = await github.call(
    'look for its issue',
    permission,
    (octokit, target) => find(octokit, target, marker),
    signal,
  );
  if (ours === undefined) {
    await github.call(
      'open an issue',
      permission,
      (octokit, target) => octokit.rest.issues.create({ ...target, title, body }),
      signal,
    );
    return 'opened';
  }
  const said = comment(ours.body);
  if (ours.body !== body) {
    await github.call(
      'edit its issue',
      permission,
      (octokit, target) => octokit.rest.issues.update({ ...target, issue_number: ours.number, body }),
      signal,
    );
  }
  if (said === undefined) return ours.body === body ? 'unchanged' : 'edited';
  await say(github, ours.number, said, signal);
  return 'commented';
}

/** @throws Problem `github/*`. */
export async function closeIssue(
  github: GitHub,
  { marker, comment }: StickyIssue & { readonly comment: string },
  signal: AbortSignal,
): Promise<'closed' | 'none'> {
  const ours = await github.call(
    'look for its issue',
    permission,
    (octokit, target) => find(octokit, target, marker),
    signal,
  );
  if (ours === undefined) return 'none';
  await say(github, ours.number, comment, signal);
  await github.call(
    'close its issue',
    permission,
    (octokit, target) =>
      octokit.rest.issues.update({
        ...target,
        issue_number: ours.number,
        state: 'closed',
        state_reason: 'completed',
      }),
    signal,
  );
  return 'closed';
}

async function say(github: GitHub, number: number, body: string, signal: AbortSignal): Promise<void> {
  await github.call(
    'comment on its issue',
    permission,
    (octokit, target) => octokit.rest.issues.createComment({ ...target, issue_number: number, body }),
    signal,
  );
}

/** Anybody may write the marker into an issue of their own, so whose it is counts too: a bot's, or a member's token. */
async function find(octokit: Octokit, target: Target, marker: string) {
  const pages = octokit.paginate.iterator(octokit.rest.issues.listForRepo, {
    ...target,
    state: 'open',
    per_page: 100,
  });
  let count = 0;
  for await (const { data } of pages) {
    const ours = data.find(
      ({ body, user, author_association: author, pull_request: pull }) =>
        pull === undefined &&
        body?.startsWith(marker) === true &&
        (user?.type === 'Bot' || author === 'OWNER' || author === 'MEMBER' || author === 'COLLABORATOR'),
    );
    if (ours !== undefined) return { number: ours.number, body: ours.body ?? '' };
    count += 1;
    if (count === mostPages) return undefined;
  }
  return undefined;
}
