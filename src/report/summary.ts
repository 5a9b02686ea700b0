// Report → job summary: a tired person understands it in ten seconds; details are folded.

import { fleetTable } from '../fleet/table.ts';
import type { Finding } from '../verdict/finding.ts';
import { owners } from '../verdict/owners.ts';
import { docsPath } from './docs.ts';
import { asHost } from './draft.ts';
import { driftPart } from './drift-part.ts';
import { grouped } from './grouped.ts';
import { areMany, type Explained, evidenceItems, gatewayLines, hostTable, notLive } from './hosts.ts';
import { block, clip, code, fitting, folded, plain, sentence, table } from './markdown.ts';
import { chainPicture, timePicture } from './pictures.ts';
import { planParts } from './plan-text.ts';
import { previewTable } from './previews.ts';
import { releasePart } from './release-part.ts';
import type { Report, ReportedHost } from './report.ts';

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
const planLimits = { rows: rowsShown, fields: 100, size: 150_000 };
/** Bytes of all findings together. */
const findingsSize = 250_000;
/** Bytes of all hosts that are explained. */
const explainedSize = 200_000;

/** @param docs address of the action's repository at the version that runs, to whose docs/codes the codes are linked */
export function summaryOf(report: Report, docs?: string): string {
  const explained: Explained = (each) =>
    docs === undefined ? code(each) : `[${code(each)}](${docs}/${docsPath(each)})`;
  const gateways = report.gateways ?? [];
  const subjects = [...report.hosts, ...gateways.map(asHost)];
  const parts = [
    `## ${headMarks[report.outcome]} ${sentence(report.verdict)}`,
    versionsLine(report),
    fleetTable(report.fleet ?? []),
    driftPart(report.drift, rowsShown),
    ...(areMany(report.hosts) ? [] : [hostTable(report.hosts)]),
    gatewayLines(gateways),
    previewTable(report.previews ?? []),
    ...fitting(
      notLive(subjects, explained),
      explainedSize,
      (left) => `… and ${left} more in \`report.json\`.`,
    ),
    chainPart(report.hosts),
    // What is wrong comes before a table that fills screens.
    ...(areMany(report.hosts) ? [hostTable(report.hosts)] : []),
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

const versionNames: Readonly<Record<string, string>> = {
  kubernetes: 'Kubernetes',
  helm: 'Helm',
  lbc: 'AWS Load Balancer Controller',
  externalDns: 'ExternalDNS',
  gatewayApi: 'Gateway API',
};

function versionsLine(report: Report): string {
  const { target } = report;
  const where = target
    ? [
        `cluster ${code(target.cluster)} in ${code(target.region)}`,
        target.zone && `zone ${code(target.zone)}`,
      ]
    : [];
  const versions = Object.entries(report.versions).map(
    ([name, version]) => `${versionNames[name] ?? plain(name)} ${code(version)}`,
  );
  return [...where.filter((part) => part), ...versions].join(' · ');
}

/** Of many hosts it shows where most of them stop; of few it is there for the curious. */
function chainPart(hosts: readonly ReportedHost[]): string {
  const stuck = hosts.filter(({ live }) => !live);
  const [first, ...others] = stuck;
  const alone = first !== undefined && others.length === 0;
  const picture = chainPicture(alone ? [first] : hosts);
  if (picture === '') return '';
  if (others.length > 0 && areMany(hosts)) return `### The chain\n\n${picture}`;
  return folded(`The chain${alone ? ` of ${plain(first.host)}` : ''}`, picture);
}

function findingsPart(findings: readonly Finding[], explained: Explained): string {
  if (findings.length === 0) return '';
  const told = grouped(findings);
  const ordered = ['error', 'warning', 'notice'].flatMap((each) =>
    told.filter(({ severity }) => severity === each),
  );
  const items = ordered.slice(0, rowsShown).map((finding) => {
    const where = finding.source ? ` – ${code(`${finding.source.file}:${finding.source.line}`)}` : '';
    const [first = '', ...rest] = finding.hint.split('\n');
    const hint = first === '' ? [] : [`  <br>**Do this:** ${sentence(first)}`];
    const toCopy = rest.length === 0 ? [] : [`\n${block(rest.join('\n'), '  ')}\n`];
    const message = clip(finding.message, 2_000).split('\n').map(sentence).join('<br>');
    const head = `- ${findingMarks[finding.severity]} ${message}${where} ${explained(finding.code)}`;
    return [head, ...whose(finding), ...hint, ...toCopy, ...evidenceItems(finding.evidence ?? [], '  ')].join(
      '\n',
    );
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
