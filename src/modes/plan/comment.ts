// Tells a pull request what its merge would change: one comment, updated in place.
import { putComment } from '../../github/comments.ts';
import { pullRequestOf } from '../../github/event.ts';
import { readPayload } from '../../github/payload.ts';
import { planComment, planMarker } from '../../report/plan-comment.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { gitHubOf } from '../access/github.ts';
import { begin } from '../phase.ts';

/** Does the work and tells how it ended; that nothing could be told never fails the run. */
export async function tellPlan(run: Run, work: () => Promise<Outcome>): Promise<Outcome> {
  const { draft, signal } = run;
  let outcome: Outcome;
  try {
    outcome = await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof Problem)) throw error;
    draft.findings([findingOf(error)]);
    outcome = 'failed';
  }
  try {
    await comment(run, outcome);
  } catch (error) {
    if (signal.aborted || !(error instanceof Problem)) throw error;
    draft.findings([{ ...findingOf(error), severity: 'warning' }]);
  }
  return outcome;
}

async function comment(run: Run, outcome: Outcome): Promise<void> {
  const { inputs, environment, runner, draft, signal } = run;
  const { name, payloadFile } = environment.event;
  const pull = pullRequestOf(name, readPayload(payloadFile));
  const github = gitHubOf(run);
  if (pull === undefined || github === undefined) return;
  begin(run, 'Tell the pull request');
  const { region, clusterName: cluster, namespace, workingDirectory: folder } = inputs;
  const marker = planMarker({ region, cluster, namespace, folder });
  const body = planComment(draft.finish(outcome), pull.headSha, environment.runUrl);
  const done = await putComment(github, { number: pull.number, marker, body, create: true }, signal);
  runner.info(`Comment: ${done}`);
}
