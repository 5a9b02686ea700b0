// Report of a plan → the comment on the pull request: what breaks, then what changes.
import { clip, code, fitting, plain, sentence } from './markdown.ts';
import { planParts, planSentence } from './plan-text.ts';
import type { Report } from './report.ts';

/** GitHub refuses a comment over 65,536 characters. */
const limit = 60_000;
const limits = { rows: 30, fields: 20, size: 30_000 };
const findingsShown = 20;

/** What one comment is about: a pull request may change several clusters, folders and releases. */
export interface PlanTarget {
  readonly region: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly folder: string;
}

/** The hidden first line by which the comment is found again; one for each thing that is planned. */
export const planMarker = ({ region, cluster, namespace, folder }: PlanTarget): string =>
  `<!-- eks-gateway-action plan ${[region, cluster, namespace, folder].join(' ').replaceAll(/[^\w./ -]|--+/g, '-')} -->`;

const marks = { error: '❌', warning: '⚠️' } as const;

/** @param runUrl address of the workflow run, where the whole summary stands */
export function planComment(report: Report, commit: string, runUrl?: string): string {
  const { plan, outcome, verdict } = report;
  const { target } = report;
  const where = target === undefined ? '' : ` for ${plain(target.cluster)} in ${plain(target.region)}`;
  const head = `### ${outcome === 'planned' ? '📋' : '❌'} Plan${where}`;
  const run = runUrl === undefined ? '' : ` · [workflow run](${encodeURI(runUrl)})`;
  const told = report.findings.filter(({ severity }) => severity !== 'notice');
  const findings = told.slice(0, findingsShown).map(({ severity, message, code: id, source, hint }) => {
    const where = source === undefined ? '' : ` – ${code(`${source.file}:${source.line}`)}`;
    const [first = ''] = hint.split('\n');
    const todo = first === '' ? '' : `<br>**Do this:** ${sentence(first)}`;
    const mark = severity === 'error' ? marks.error : marks.warning;
    return `- ${mark} ${sentence(clip(message, 2_000))}${where} ${code(id)}${todo}`;
  });
  const rest = told.length - findings.length;
  const parts = [
    `${head}\n\n${sentence(verdict)}`,
    ...(findings.length > 0 ? [findings.join('\n')] : []),
    ...(rest > 0 ? [`… and ${rest} more in the summary of the run.`] : []),
    ...(plan === undefined || outcome === 'planned' ? [] : [sentence(planSentence(plan))]),
    ...(plan === undefined ? [] : planParts(plan, limits)),
  ];
  const footer = `Commit ${code(commit.slice(0, 7))}${run}. Nothing was written.`;
  const cut = (): string => '… the rest is in the summary of the run.';
  return `${fitting(parts, limit - footer.length, cut).join('\n\n')}\n\n${footer}`;
}
