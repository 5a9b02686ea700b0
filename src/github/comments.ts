// One comment a pull request and preview: found again by a hidden marker, edited in place.
import type { GitHub, Octokit, Target } from './api.ts';

export interface StickyComment {
  readonly number: number;
  /** The first line of the comment: `<!-- … -->`. */
  readonly marker: string;
  readonly body: string;
  /** Whether a comment is made where there is none. */
  readonly create: boolean;
}

const permission = 'pull-requests: write';

/** @throws Problem `github/*`. */
export async function putComment(
  github: GitHub,
  { number, marker, body, create }: StickyComment,
  signal: AbortSignal,
): Promise<'created' | 'edited' | 'unchanged'> {
  return await github.call(
    'comment on the pull request',
    permission,
    async (octokit, target) => {
      const text = `${marker}\n${body}`;
      const ours = await find(octokit, target, number, marker);
      if (ours === undefined && !create) return 'unchanged';
      if (ours === undefined) {
        await octokit.rest.issues.createComment({ ...target, issue_number: number, body: text });
        return 'created';
      }
      if (ours.body === text) return 'unchanged';
      await octokit.rest.issues.updateComment({ ...target, comment_id: ours.id, body: text });
      return 'edited';
    },
    signal,
  );
}

/** Anybody may write the marker into a comment of their own, so whose it is counts too: a bot's, or a member's token. */
async function find(octokit: Octokit, target: Target, number: number, marker: string) {
  const pages = octokit.paginate.iterator(octokit.rest.issues.listComments, {
    ...target,
    issue_number: number,
    per_page: 100,
  });
  for await (const { data } of pages) {
    const ours = data.find(
      ({ body, user, author_association: author }) =>
        body?.startsWith(marker) === true &&
        (user?.type === 'Bot' || author === 'OWNER' || author === 'MEMBER' || author === 'COLLABORATOR'),
    );
    if (ours !== undefined) return { id: ours.id, body: ours.body ?? '' };
  }
  return undefined;
}
