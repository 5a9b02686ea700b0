// Keeps the issue of a drift check: open while something has drifted, closed only by a check that saw everything.
import { fingerprintOf } from '../../drift/fingerprint.ts';
import { closeIssue, putIssue } from '../../github/issues.ts';
import {
  changedComment,
  closingComment,
  fingerprintIn,
  type IssueTarget,
  issueBody,
  issueMarker,
  issueTitle,
} from '../../report/issue.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { gitHubOf } from '../access/github.ts';
import { begin } from '../phase.ts';

/** Never fails the check: what GitHub denies is a warning. */
export async function tellIssue(run: Run, outcome: Outcome): Promise<void> {
  const { draft, environment, inputs, runner, signal } = run;
  // "Could not check" is neither drift nor its end.
  if (!inputs.drift.issue || (outcome !== 'drifted' && outcome !== 'clean')) return;
  const github = gitHubOf(run);
  if (github === undefined) return;
  begin(run, 'Tell the issue');
  const target: IssueTarget = {
    cluster: inputs.clusterName,
    region: inputs.region,
    folder: inputs.workingDirectory.replace(/^\.\//, '').replace(/\/+$/, '') || '.',
  };
  const report = draft.finish(outcome);
  const { runUrl } = environment;
  try {
    const done =
      outcome === 'clean'
        ? await closeIssue(
            github,
            { marker: issueMarker(target), comment: closingComment(report, runUrl) },
            signal,
          )
        : await putIssue(
            github,
            {
              marker: issueMarker(target),
              title: issueTitle(target),
              body: issueBody(target, report, runUrl),
              comment: (before) =>
                fingerprintIn(before) === fingerprintOf(report.drift)
                  ? undefined
                  : changedComment(report, runUrl),
            },
            signal,
          );
    runner.info(`Issue: ${done}`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Problem)) throw error;
    draft.findings([{ ...findingOf(error), severity: 'warning' }]);
  }
}
