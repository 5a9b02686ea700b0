// Tells a pull request that another run than its own removed its preview: comment edited, deployments inactive.
import { putComment } from '../../github/comments.ts';
import { markInactive } from '../../github/deployments.ts';
import type { Standing } from '../../preview/standing.ts';
import { commentMarker, removedComment } from '../../report/comment.ts';
import type { Run } from '../../run.ts';
import { findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { gitHubOf } from '../access/github.ts';

/** @param why a clause without a full stop; never fails: what GitHub refuses is a warning */
export async function tellRemoved(run: Run, preview: Standing, why: string): Promise<void> {
  const { identity, name, commit } = preview;
  const github = gitHubOf(run, identity.repository);
  if (github === undefined) return;
  const body = removedComment({ commit, at: run.clock.now(), why }, run.environment.runUrl);
  const comment = { number: identity.number, marker: commentMarker(name), body, create: false };
  try {
    await putComment(github, comment, run.signal);
    await markInactive(github, { environment: run.inputs.preview.environment, name }, run.signal);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    run.draft.findings([{ ...findingOf(error), severity: 'warning' }]);
  }
}
