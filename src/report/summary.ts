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
import { block, clip, code, folded, plain, sentence, table } from './markdown.ts';
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
const hostsExplained = 20;
const tableFirst = 20;
const planLimits = { rows: rowsShown, fields: 100 };

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
    ...(report.hosts.length > tableFirst ? [] : [hostTable(report.hosts)]),
    previewTable(report.previews ?? []),
    ...notLive(report.hosts, explained),
    // What is wrong comes before a table that fills screens.
    ...(report.hosts.length > tableFirst ? [hostTable(report.hosts)] : []),
    findingsPart(report.findings, explained),
    ...(report.plan === undefined ? [] : planParts(report.plan, planLimits)),
    ...(report.releases ?? []).map(releasePart),
    appliedPart(report),
    timePart(report),
  ];
  return `${clip(parts.filter((part) => part !== '').join('\n\n'), limit)}\n`;
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

function hostTable(hosts: readonly ReportedHost[]): string {
  if (hosts.length === 0) return '';
  const columns = shown(hosts);
  const ordered = [...hosts].sort((left, right) => Number(left.live) - Number(right.live));
  const rows = ordered.slice(0, rowsShown).map((host) => [
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
    ['**What**', `${sentence(link.message)}${link.code ? ` ${explained(link.code)}` : ''}`],
    [
      '**Evidence**',
      link.evidence.map((fact) => `${plain(fact.from)}: ${code(fact.saw)}`).join('<br>') || '–',
    ],
    ['**Who**', owners[link.owner ?? 'unknown']],
    ['**Do this**', link.hint === undefined || link.hint === '' ? '–' : sentence(link.hint)],
  ];
  return `### ${plain(host.host)}: ${marks[link.state]} ${link.id}\n\n${plain(host.ref)}${where}\n\n${table(['', ''], rows)}`;
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
    const message = finding.message.split('\n').map(sentence).join('<br>');
    const head = `- ${findingMarks[finding.severity]} ${message}${where} ${explained(finding.code)}`;
    return [head, ...whose(finding), ...hint, ...toCopy, ...(finding.evidence ?? []).map(evidenceItem)].join(
      '\n',
    );
  });
  return `### Findings\n\n${items.join('\n')}`;
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
      plain(object.ref),
      object.result,
      object.source ? code(`${object.source.file}:${object.source.line}`) : '',
      object.message === undefined ? '' : sentence(object.message),
    ]);
  return folded(`Applied: ${counts.join(', ')}`, table(['Object', 'Result', 'Source', ''], rows));
}

function timePart(report: Report): string {
  if (report.phases.length === 0) return '';
  const total = report.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const rows = report.phases.map((phase) => [plain(phase.name), `${phase.seconds.toFixed(1)} s`]);
  return folded(`Where the time went: ${total.toFixed(1)} s`, table(['Phase', 'Seconds'], rows));
}
