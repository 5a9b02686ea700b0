// The pull request behind a run, and what it is told: comment, deployment, commit status.
import type { GitHub } from '../../github/api.ts';
import { putComment } from '../../github/comments.ts';
import { markInactive, markLive } from '../../github/deployments.ts';
import { isPullRequestTarget, type PullRequest, pullRequestOf } from '../../github/event.ts';
import { readPayload } from '../../github/payload.ts';
import { type PullNow, readPull } from '../../github/pulls.ts';
import { setStatus } from '../../github/statuses.ts';
import { previewName } from '../../preview/names.ts';
import { commentMarker, commentOf } from '../../report/comment.ts';
import type { Outcome, Report } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { finding, findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { gitHubOf } from '../access/github.ts';
import { begin } from '../phase.ts';

export interface PreviewOf {
  readonly pull: PullRequest;
  readonly repository: string;
  /** Its namespace too. */
  readonly name: string;
  /** The first host. */
  readonly host: string;
}

/**
 * What the event says; `undefined` for `pull_request_target`, whose manifests are somebody's text under our rights.
 * @throws Problem `preview/wrong-event` for events that no pull request stands behind.
 */
export function previewOf({ environment, inputs, draft }: Run): PreviewOf | undefined {
  const { name: event, payloadFile } = environment.event;
  if (isPullRequestTarget(event)) {
    const message =
      '`pull_request_target` gives the rights of the base branch to text of the pull request: nothing is applied.';
    draft.findings([
      finding('notice', 'preview/wrong-event', message, {
        hint: 'Run previews on `pull_request`.',
      }),
    ]);
    return undefined;
  }
  const pull = pullRequestOf(event, readPayload(payloadFile));
  if (pull === undefined) {
    throw new Problem('preview/wrong-event', `\`${event}\` is no event of a pull request.`, {
      hint: 'Run `preview` on `pull_request` (opened, synchronize, reopened), `teardown` on `pull_request` (closed).',
    });
  }
  const { repository } = environment;
  const { domain, nameTemplate, longestName } = inputs.preview;
  const parts = { repository, number: pull.number, branch: pull.headBranch, sha: pull.headSha };
  const name = previewName(nameTemplate, parts, longestName);
  const host = `${name}.${domain}`;
  draft.preview({ name, url: `https://${host}/`, number: pull.number, commit: pull.headSha });
  return { pull, repository, name, host };
}

/**
 * The pull request as GitHub has it now; `undefined` where GitHub does not say, or says what was before the event: its
 * replicas lag behind the events that it sends.
 */
export async function pullNow(run: Run, { pull }: PreviewOf): Promise<PullNow | undefined> {
  const github = gitHubOf(run);
  if (github === undefined) return undefined;
  try {
    const now = await readPull(github, pull.number, run.signal);
    const old = now.updatedAt !== undefined && pull.updatedAt !== undefined && now.updatedAt < pull.updatedAt;
    return old ? undefined : now;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return undefined;
  }
}

/** Does the work, tells the pull request how it ended, and never fails for that. `refused`: a newer run will tell it. */
export async function telling(run: Run, preview: PreviewOf, work: () => Promise<Outcome>): Promise<Outcome> {
  const { draft, signal } = run;
  let outcome: Outcome;
  try {
    outcome = await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof Problem)) throw error;
    draft.findings([findingOf(error)]);
    outcome = 'failed';
  }
  const github = gitHubOf(run);
  if (github === undefined || outcome === 'refused') return outcome;
  begin(run, 'Tell the pull request');
  const report = draft.finish(outcome);
  for (const tell of [comment, deployment, status]) {
    try {
      await tell(run, github, preview, report);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      draft.findings([{ ...findingOf(error), severity: 'warning' }]);
    }
  }
  return outcome;
}

type Tell = (run: Run, github: GitHub, preview: PreviewOf, report: Report) => Promise<void>;

const comment: Tell = async ({ environment, runner, signal }, github, { pull, name }, report) => {
  const done = await putComment(
    github,
    {
      number: pull.number,
      marker: commentMarker(name),
      body: commentOf(report, environment.runUrl),
      // Nobody has to be told that there is still nothing.
      create: report.outcome !== 'removed',
    },
    signal,
  );
  runner.info(`Comment: ${done}`);
};

const deployment: Tell = async ({ environment, inputs, runner, signal }, github, preview, report) => {
  const { environment: shared } = inputs.preview;
  const { name, pull } = preview;
  if (report.outcome === 'removed') {
    await markInactive(github, { environment: shared, name }, signal);
    runner.info(`Deployments of ${name}: inactive`);
  }
  if (report.outcome !== 'live') return;
  const url = report.preview?.url ?? '';
  const log = environment.runUrl;
  await markLive(
    github,
    { environment: shared, name, sha: pull.headSha, url, ...(log !== undefined && { log }) },
    signal,
  );
  runner.info(`Deployment of ${pull.headSha} in ${shared}: live`);
};

const status: Tell = async ({ environment, signal }, github, { pull, name }, report) => {
  const live = report.outcome === 'live';
  // A commit of a closed pull request needs no verdict any more.
  if (report.mode === 'teardown' || report.outcome === 'removed') return;
  const url = live ? report.preview?.url : environment.runUrl;
  await setStatus(
    github,
    {
      sha: pull.headSha,
      context: `preview/${name}`,
      state: live ? 'success' : 'failure',
      description: report.verdict,
      ...(url !== undefined && { url }),
    },
    signal,
  );
};
