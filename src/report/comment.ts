// Report → the comment on a pull request: what a reviewer wants, first; on failure the broken link.
import type { Finding } from '../verdict/finding.ts';
import { stuckAt } from './draft.ts';
import { clip, code, plain, sentence, table } from './markdown.ts';
import type { Report, ReportedHost } from './report.ts';

/** GitHub refuses a comment over 65,536 characters. */
const limit = 60_000;
const findingsShown = 30;
const hostsShown = 30;

/** The hidden first line by which the comment is found again. */
export const commentMarker = (preview: string): string => `<!-- eks-gateway-action preview ${preview} -->`;

/** @param runUrl address of the workflow run, where the whole summary stands */
export function commentOf(report: Report, runUrl?: string): string {
  const parts = [
    headline(report),
    ...(report.outcome === 'removed' ? [] : [...broken(report), findings(report), hosts(report.hosts)]),
    facts(report, runUrl),
    footer(report),
  ];
  return clip(parts.filter((part) => part !== '').join('\n\n'), limit);
}

export interface RemovedPreview {
  readonly commit: string;
  readonly at: Date;
  /** A clause: `its time was up`. */
  readonly why: string;
}

/** What takes the place of the comment of a preview that nobody closed: another run removed it. */
export const removedComment = ({ commit, at, why }: RemovedPreview, runUrl?: string): string =>
  [
    '### 🧹 The preview is removed',
    `${sentence(why.charAt(0).toUpperCase() + why.slice(1))}. Its DNS records are gone.`,
    inOneLine([`Commit ${code(commit.slice(0, 7))}`, `removed ${moment(at.toISOString())}`, details(runUrl)]),
    'Run its job again, or push, to get it back while the pull request is open.',
  ].join('\n\n');

/** The address is a link only once it is live: an early visitor's resolver would keep the answer "no such name". */
function headline({ mode, outcome, preview, verdict }: Report): string {
  if (outcome === 'live') return `### ✅ [${plain(hostOf(preview?.url))}](${encodeURI(preview?.url ?? '')})`;
  if (outcome === 'removed') return '### 🧹 The preview is removed';
  const what = mode === 'teardown' ? 'The preview is not removed yet' : 'The preview is not live';
  return `### ❌ ${what}\n\n${sentence(verdict)}`;
}

const hostOf = (url: string | undefined): string => (url ?? '').replace(/^https:\/\//, '').replace(/\/$/, '');

/** One line: a reviewer looks for the link, not for these. */
const inOneLine = (facts: readonly (string | undefined)[]): string =>
  facts.filter((fact) => fact !== undefined).join(' · ');

const details = (runUrl: string | undefined): string | undefined =>
  runUrl === undefined ? undefined : `[workflow run](${encodeURI(runUrl)})`;

function facts({ preview, finishedAt, outcome }: Report, runUrl: string | undefined): string {
  if (preview === undefined) return '';
  const removed = outcome === 'removed';
  return inOneLine([
    `Commit ${code(preview.commit.slice(0, 7))}`,
    `${removed ? 'removed' : 'updated'} ${moment(finishedAt)}`,
    removed || preview.expiresAt === undefined ? undefined : `kept until ${moment(preview.expiresAt)}`,
    details(runUrl),
  ]);
}

/** `2026-11-23 14:05 UTC`: a comment is read in all time zones. */
const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

function hosts(all: readonly ReportedHost[]): string {
  // The one host of a preview stands in the headline.
  if (all.length <= 1) return '';
  // What is not live is what somebody has to look at.
  const first = all.toSorted((one, other) => Number(one.live) - Number(other.live));
  const rows = first.slice(0, hostsShown).map((host) => {
    const link = stuckAt(host);
    return [
      host.live ? `[${plain(host.host)}](${encodeURI(host.url)})` : code(host.host),
      host.live ? '✅ live' : `❌ ${link === undefined ? 'not looked at' : plain(link.id)}`,
    ];
  });
  const rest = all.length - rows.length;
  return table(['Hostname', 'State'], rows) + (rest > 0 ? `\n\n… and ${rest} more.` : '');
}

/** The first host that is not live, explained: its link, what is so, what to do. */
function broken({ hosts: all, outcome }: Report): string[] {
  const host = outcome === 'live' ? undefined : all.find(({ live }) => !live);
  const link = host && stuckAt(host);
  if (link === undefined) return [];
  const hint = link.hint === undefined || link.hint === '' ? [] : [`**Do this:** ${sentence(link.hint)}`];
  const named = link.code === undefined ? '' : ` ${code(link.code)}`;
  return [`**Broken link: ${code(link.id)}.** ${sentence(link.message)}${named}`, ...hint];
}

function findings({ findings: all }: Report): string {
  const errors = all.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return '';
  const items = errors.slice(0, findingsShown).map(item);
  const rest = errors.length - items.length;
  return [...items, ...(rest > 0 ? [`- … and ${rest} more in the summary of the run`] : [])].join('\n');
}

function item({ message, source, code: id, hint }: Finding): string {
  const where = source === undefined ? '' : ` – ${code(`${source.file}:${source.line}`)}`;
  const [first = ''] = hint.split('\n');
  const todo = first === '' ? '' : `<br>**Do this:** ${sentence(first)}`;
  return `- ${message.split('\n').map(sentence).join('<br>')}${where} ${code(id)}${todo}`;
}

function footer({ mode, outcome }: Report): string {
  if (outcome === 'removed') return 'Its DNS records are gone. Reopen the pull request to get it back.';
  return mode === 'teardown'
    ? 'Run the job again to go on where it ended.'
    : 'It is removed when the pull request is closed.';
}
