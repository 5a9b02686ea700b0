// Report → job summary: a tired person understands it in ten seconds; details are folded.

import { fleetTable } from '../fleet/table.ts';
import type { Code } from '../verdict/codes.ts';
import type { Finding } from '../verdict/finding.ts';
import { owners } from '../verdict/owners.ts';
import type { Evidence, LinkId, State } from '../verdict/verdict.ts';
import { linkIds } from '../verdict/verdict.ts';
import { docsPath } from './docs.ts';
import { stuckAt } from './draft.ts';
import { driftPart } from './drift-part.ts';
import { block, clip, code, fitting, folded, plain, sentence, table } from './markdown.ts';
import { chainPicture, timePicture } from './pictures.ts';
import { planParts } from './plan-text.ts';
import { previewTable } from './previews.ts';
import { releasePart } from './release-part.ts';
import type { Report, ReportedHost, ReportedLink } from './report.ts';

const marks: Readonly<Record<State, string>> = {
  ok: '✅',
  waiting: '⏳',
  broken: '❌',
  unknown: '❔',
  skipped: '➖',
};

const headMarks: Readonly<Record<Report['outcome'], string>> = {
  live: '✅',
  'not-live': '❌',
  failed: '❌',
  cancelled: '⏹️',
  refused: 'ℹ️',
  planned: '📋',
  clean: '✅',
  drifted: '⚠️',
  removed: '✅',
};

/** GitHub refuses a summary over 1 MiB; ours stays well below it. */
const limit = 900_000;
const rowsShown = 200;
/** From here on those that are live are folded, so that what is broken is seen first. */
const hostsUnfolded = 20;
const hostsExplained = 20;
const evidenceShown = 20;
const planLimits = { rows: rowsShown, fields: 100, size: 150_000 };
/** Bytes of all findings together. */
const findingsSize = 250_000;
/** Bytes of all hosts that are explained. */
const explainedSize = 200_000;

/** A code as it is shown: linked to its page where it is known where that is. */
type Explained = (code: Code) => string;

/** @param docs address of the action's repository at the version that runs, to whose docs/codes the codes are linked */
export function summaryOf(report: Report, docs?: string): string {
  const explained: Explained = (each) =>
    docs === undefined ? code(each) : `[${code(each)}](${docs}/${docsPath(each)})`;
  const parts = [
    `## ${headMarks[report.outcome]} ${sentence(report.verdict)}`,
    versionsLine(report),
    fleetTable(report.fleet ?? []),
    driftPart(report.drift, rowsShown),
    ...(report.hosts.length > hostsUnfolded ? [] : [hostTable(report.hosts)]),
    previewTable(report.previews ?? []),
    ...fitting(
      notLive(report.hosts, explained),
      explainedSize,
      (left) => `… and ${left} more in \`report.json\`.`,
    ),
    chainPart(report.hosts),
    // What is wrong comes before a table that fills screens.
    ...(report.hosts.length > hostsUnfolded ? [hostTable(report.hosts)] : []),
    findingsPart(report.findings, explained),
    ...(report.plan === undefined ? [] : planParts(report.plan, planLimits)),
    ...(report.releases ?? []).map(releasePart),
    appliedPart(report),
    timePart(report),
  ];
  const shown = fitting(
    parts.filter((part) => part !== ''),
    limit,
    () => '… the rest is in `report.json`.',
  );
  return `${shown.join('\n\n')}\n`;
}

function versionsLine(report: Report): string {
  const { target } = report;
  const where = target
    ? [
        `cluster ${code(target.cluster)} in ${code(target.region)}`,
        target.zone && `zone ${code(target.zone)}`,
      ]
    : [];
  const versions = Object.entries(report.versions).map(
    ([name, version]) => `${plain(name)} ${code(version)}`,
  );
  return [...where.filter((part) => part), ...versions].join(' · ');
}

const shown = (hosts: readonly ReportedHost[]): LinkId[] =>
  linkIds.filter((id) => hosts.some((host) => host.links.some((link) => link.id === id)));

/** Of one host a line: twelve columns leave no room for its name on a narrow page. */
function hostLine({ host, url, live, links }: ReportedHost): string {
  const name = live ? `✅ [${plain(host)}](${encodeURI(url)})` : `❌ ${plain(host)}`;
  return [`**${name}**`, ...links.map(({ id, state }) => `${marks[state]}&nbsp;${id}`)].join(' · ');
}

function hostTable(hosts: readonly ReportedHost[]): string {
  const [only, ...others] = hosts;
  if (only === undefined) return '';
  if (others.length === 0) return hostLine(only);
  const columns = shown(hosts);
  const stuck = hosts.filter(({ live }) => !live);
  const live = hosts.filter((host) => host.live);
  const few = hosts.length <= hostsUnfolded;
  return [
    ...(few ? [rowsOf([...stuck, ...live], columns)] : []),
    ...(!few && stuck.length > 0 ? [rowsOf(stuck, columns)] : []),
    ...(!few && live.length > 0 ? [folded(`${live.length} hostnames are live`, rowsOf(live, columns))] : []),
  ].join('\n\n');
}

function rowsOf(hosts: readonly ReportedHost[], columns: readonly LinkId[]): string {
  const rows = hosts.slice(0, rowsShown).map((host) => [
    host.live ? `✅ [${plain(host.host)}](${encodeURI(host.url)})` : `❌ ${plain(host.host)}`,
    ...columns.map((id) => {
      const link = host.links.find((candidate) => candidate.id === id);
      return link ? marks[link.state] : '';
    }),
  ]);
  const rest =
    hosts.length > rowsShown ? `\n\n… and ${hosts.length - rowsShown} more in \`report.json\`.` : '';
  return table(['Hostname', ...columns], rows) + rest;
}

/** Where something is amiss it is seen at once; where all is well it is there for the curious. */
function chainPart(hosts: readonly ReportedHost[]): string {
  const stuck = hosts.filter(({ live }) => !live);
  const picture = chainPicture(stuck.length === 1 ? stuck : hosts);
  if (picture === '') return '';
  const [first] = stuck;
  if (first === undefined) return folded('The chain', picture);
  return `### The chain${stuck.length === 1 ? ` of ${plain(first.host)}` : ''}\n\n${picture}`;
}

function notLive(hosts: readonly ReportedHost[], explained: Explained): string[] {
  return hosts
    .filter((host) => !host.live)
    .slice(0, hostsExplained)
    .flatMap((host) => {
      const link = stuckAt(host);
      return link ? [explain(host, link, explained)] : [];
    });
}

function explain(host: ReportedHost, link: ReportedLink, explained: Explained): string {
  const where = host.source ? ` (${code(`${host.source.file}:${host.source.line}`)})` : '';
  const rows = [
    ['**What**', `${sentence(clip(link.message, 2_000))}${link.code ? ` ${explained(link.code)}` : ''}`],
    [
      '**Evidence**',
      link.evidence
        .slice(0, evidenceShown)
        .map((fact) => `${plain(clip(fact.from, 300))}: ${code(fact.saw)}`)
        .join('<br>') || '–',
    ],
    ['**Who**', owners[link.owner ?? 'unknown']],
    ['**Do this**', link.hint === undefined || link.hint === '' ? '–' : sentence(clip(link.hint, 2_000))],
  ];
  return `### ${plain(host.host)}: ${marks[link.state]} ${link.id}\n\n${plain(clip(host.ref, 300))}${where}\n\n${table(['', ''], rows)}`;
}

function findingsPart(findings: readonly Finding[], explained: Explained): string {
  if (findings.length === 0) return '';
  const ordered = ['error', 'warning', 'notice'].flatMap((each) =>
    findings.filter(({ severity }) => severity === each),
  );
  const items = ordered.slice(0, rowsShown).map((finding) => {
    const where = finding.source ? ` – ${code(`${finding.source.file}:${finding.source.line}`)}` : '';
    const [first = '', ...rest] = finding.hint.split('\n');
    const hint = first === '' ? [] : [`  <br>**Do this:** ${sentence(first)}`];
    const toCopy = rest.length === 0 ? [] : [`\n${block(rest.join('\n'), '  ')}\n`];
    const message = clip(finding.message, 2_000).split('\n').map(sentence).join('<br>');
    const head = `- ${findingMarks[finding.severity]} ${message}${where} ${explained(finding.code)}`;
    return [
      head,
      ...whose(finding),
      ...hint,
      ...toCopy,
      ...(finding.evidence ?? []).slice(0, evidenceShown).map(evidenceItem),
    ].join('\n');
  });
  const rest = (left: number): string => `- … and ${left} more in \`report.json\``;
  return `### Findings\n\n${fitting(items, findingsSize, rest).join('\n')}`;
}

/** A notice is nobody's job, and of some findings it is not known whose. */
const whose = ({ severity, owner }: Finding): string[] =>
  severity === 'notice' || owner === 'unknown' ? [] : [`  <br>**Who:** ${owners[owner]}`];

const findingMarks: Readonly<Record<Finding['severity'], string>> = {
  error: '❌',
  warning: '⚠️',
  notice: 'ℹ️',
};

/** A fact below its finding; what has several lines keeps them. */
function evidenceItem({ from, saw }: Evidence): string {
  if (!saw.trim().includes('\n')) return `  - ${plain(from)}: ${code(saw)}`;
  return `  - ${plain(from)}:\n\n${block(saw.trim(), '    ')}\n`;
}

function appliedPart(report: Report): string {
  if (report.objects.length === 0) return '';
  const count = (result: string): number =>
    report.objects.filter((object) => object.result === result).length;
  const counts = ['created', 'configured', 'unchanged', 'pruned', 'conflict', 'failed']
    .filter((result) => count(result) > 0)
    .map((result) => `${count(result)} ${result}`);
  const rows = report.objects
    .slice(0, rowsShown)
    .map((object) => [
      plain(clip(object.ref, 300)),
      object.result,
      object.source ? code(`${object.source.file}:${object.source.line}`, 300) : '',
      object.message === undefined ? '' : sentence(clip(object.message, 300)),
    ]);
  return folded(`Applied: ${counts.join(', ')}`, table(['Object', 'Result', 'Source', ''], rows));
}

function timePart(report: Report): string {
  if (report.phases.length === 0) return '';
  const total = report.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const rows = report.phases.map((phase) => [plain(phase.name), `${phase.seconds.toFixed(1)} s`]);
  return folded(
    `Where the time went: ${total.toFixed(1)} s`,
    [timePicture(report.phases, report.hosts), table(['Phase', 'Seconds'], rows)].join('\n\n'),
  );
}
