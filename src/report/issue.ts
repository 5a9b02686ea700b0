// Drift → the one issue of a target: title, body, and the state that is hidden in it.
import { fingerprintOf } from '../drift/fingerprint.ts';
import { driftPart, driftVerdict } from './drift-part.ts';
import { clip, code, sentence } from './markdown.ts';
import type { Report } from './report.ts';

/** GitHub refuses a body over 65,536 characters. */
const limit = 60_000;
const rowsShown = 50;

/** What one issue is about: the cluster, and the part of the repository that is compared with it. */
export interface IssueTarget {
  readonly cluster: string;
  readonly region: string;
  readonly folder: string;
}

/** The hidden first line by which the issue is found again. */
export const issueMarker = ({ cluster, region, folder }: IssueTarget): string =>
  `<!-- eks-gateway-action drift ${region} ${cluster} ${encodeURI(folder)} -->`;

export const issueTitle = ({ cluster, region, folder }: IssueTarget): string =>
  clip(`Drift: ${cluster} in ${region}${folder === '.' ? '' : ` (${folder})`}`, 200);

const fingerprintLine = (fingerprint: string): string => `<!-- fingerprint ${fingerprint} -->`;

/** Of a body that we wrote. */
export const fingerprintIn = (body: string): string | undefined =>
  /^<!-- fingerprint ([0-9a-f]{16}) -->$/m.exec(body)?.[1];

/** `2026-11-23 14:05 UTC`. */
const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

const whole = (runUrl: string | undefined): string =>
  runUrl === undefined
    ? 'The whole report is in the summary of the run.'
    : `The whole report is in the summary of the [workflow run](${encodeURI(runUrl)}).`;

/** @param runUrl address of the workflow run, where the whole summary stands */
export const issueBody = (target: IssueTarget, report: Report, runUrl?: string): string => {
  const { drift, finishedAt } = report;
  const unchecked = report.findings.filter((each) => each.code === 'drift/not-checked');
  const open =
    unchecked.length === 0
      ? []
      : [
          `**Not checked** (so this issue stays open):\n\n${unchecked
            .slice(0, rowsShown)
            .map(({ message }) => `- ${sentence(message)}`)
            .join('\n')}`,
        ];
  const foot = `Seen ${moment(finishedAt)} in cluster ${code(target.cluster)}. ${whole(runUrl)} It is updated by each check, and closed when all is as the repository says.`;
  const head = [issueMarker(target), fingerprintLine(fingerprintOf(drift))].join('\n');
  const rows = (shown: number): string =>
    [head, sentence(driftVerdict(report)), driftPart(drift, shown), ...open, foot].join('\n\n');
  // Whole rows go, so that neither the table nor the foot is cut in the middle.
  for (let shown = rowsShown; shown > 1; shown = Math.floor(shown / 2)) {
    const body = rows(shown);
    if (body.length <= limit) return body;
  }
  return clip(rows(1), limit);
};

/** What is said once when other things have drifted than before. */
export const changedComment = (report: Report, runUrl?: string): string =>
  `It is not the same any more: ${sentence(driftVerdict(report))} ${whole(runUrl)}`;

export const closingComment = ({ finishedAt }: Report, runUrl?: string): string =>
  `All is as the repository says since ${moment(finishedAt)}. ${whole(runUrl)}`;
