// The hosts of a report as Markdown: how far the chain of each holds, and, of those that are not live, why.
import type { Code } from '../verdict/codes.ts';
import { owners } from '../verdict/owners.ts';
import type { Evidence } from '../verdict/verdict.ts';
import { chainParts, marks } from './chain-parts.ts';
import { stuckAt } from './draft.ts';
import { block, clip, code, folded, plain, sentence, table } from './markdown.ts';
import type { ReportedGateway, ReportedHost, ReportedLink } from './report.ts';

const rowsShown = 200;
/** From here on those that are live are folded, so that what is broken is seen first. */
const hostsUnfolded = 20;
const troublesExplained = 20;
/** Further hosts that have the same trouble. */
const namesShown = 20;
const evidenceShown = 20;

/** A code as it is shown: linked to its page where it is known where that is. */
export type Explained = (code: Code) => string;

export const areMany = (hosts: readonly ReportedHost[]): boolean => hosts.length > hostsUnfolded;

/** Of one host a line, in which each link has its name. */
function hostLine({ host, url, live, links }: ReportedHost): string {
  const name = live ? `✅ [${plain(host)}](${encodeURI(url)})` : `❌ ${plain(host)}`;
  return [`**${name}**`, ...links.map(({ id, state }) => `${marks[state]}&nbsp;${id}`)].join(' · ');
}

/** Marks alone, part by part, with the name of the link at which it stops: a column for each leaves no room for the host. */
function chainCell(host: ReportedHost): string {
  const stuck = stuckAt(host);
  const parts = chainParts.map(({ links }) =>
    host.links
      .filter(({ id }) => links.includes(id))
      .map((link) => (link === stuck ? ` ${marks[link.state]}&nbsp;**${link.id}** ` : marks[link.state]))
      .join('')
      .trim(),
  );
  return parts.filter((part) => part !== '').join(' ');
}

function rowsOf(hosts: readonly ReportedHost[]): string {
  const rows = hosts
    .slice(0, rowsShown)
    .map((host) => [
      host.live ? `✅ [${plain(host.host)}](${encodeURI(host.url)})` : `❌ ${plain(host.host)}`,
      chainCell(host),
    ]);
  const rest = hosts.length - rows.length;
  return table(['Hostname', 'Chain'], rows) + (rest > 0 ? `\n\n… and ${rest} more in \`report.json\`.` : '');
}

export function hostTable(hosts: readonly ReportedHost[]): string {
  const [only, ...others] = hosts;
  if (only === undefined) return '';
  if (others.length === 0) return hostLine(only);
  const stuck = hosts.filter(({ live }) => !live);
  const live = hosts.filter((host) => host.live);
  if (!areMany(hosts)) return rowsOf([...stuck, ...live]);
  return [
    ...(stuck.length > 0 ? [rowsOf(stuck)] : []),
    ...(live.length > 0 ? [folded(`${live.length} hostnames are live`, rowsOf(live))] : []),
  ].join('\n\n');
}

/** Of each Gateway without a host a line, in which each of its links has its name. */
export const gatewayLines = (gateways: readonly ReportedGateway[]): string =>
  gateways
    .slice(0, rowsShown)
    .map(({ ref, state, links }) =>
      [
        `**${marks[state]} ${plain(clip(ref, 300))}**`,
        ...links.map((link) => `${marks[link.state]}&nbsp;${link.id}`),
      ].join(' · '),
    )
    .join('<br>\n');

/** A fact in a list; what has several lines keeps them. */
function evidenceItem({ from, saw }: Evidence, indent = ''): string {
  const source = plain(clip(from, 300));
  if (!saw.trim().includes('\n')) return `${indent}- ${source}: ${code(saw)}`;
  return `${indent}- ${source}:\n\n${block(saw.trim(), `${indent}  `)}\n`;
}

export const evidenceItems = (evidence: readonly Evidence[], indent = ''): readonly string[] =>
  evidence.slice(0, evidenceShown).map((each) => evidenceItem(each, indent));

interface StuckHost {
  readonly host: ReportedHost;
  readonly link: ReportedLink;
}
type Stuck = readonly [StuckHost, ...(readonly StuckHost[])];

/** No table: long words of evidence would push its other column out of a narrow page. */
function explain([first, ...same]: Stuck, explained: Explained): string {
  const { host, link } = first;
  const also = same.slice(0, namesShown).map((each) => plain(each.host.host));
  const rest = same.length - also.length;
  const where = host.source ? ` (${code(`${host.source.file}:${host.source.line}`)})` : '';
  const facts = [
    ...(link.hint === undefined || link.hint === ''
      ? []
      : [`**Do this:** ${sentence(clip(link.hint, 2_000))}`]),
    `**Who:** ${owners[link.owner ?? 'unknown']}`,
    `**Where:** ${plain(clip(host.ref, 300))}${where}`,
    ...(same.length === 0 ? [] : [`**Also:** ${also.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`]),
  ];
  return [
    `### ${plain(host.host)}${same.length === 0 ? '' : ` and ${same.length} more`}: ${marks[link.state]} ${link.id}`,
    `${sentence(clip(link.message, 2_000))}${link.code ? ` ${explained(link.code)}` : ''}`,
    facts.join('<br>\n'),
    ...(link.evidence.length > 0 ? [['**Evidence:**\n', ...evidenceItems(link.evidence)].join('\n')] : []),
  ].join('\n\n');
}

/** One text for each trouble, with the hosts that have it: what is so, what to do, whose job it is, how we know. */
export function notLive(hosts: readonly ReportedHost[], explained: Explained): readonly string[] {
  const stuck = hosts.flatMap((host) => {
    const link = host.live ? undefined : stuckAt(host);
    return link === undefined ? [] : [{ host, link }];
  });
  // One broken Gateway stops all its hosts.
  const troubles = Map.groupBy(stuck, ({ link: { id, code: what, message } }) =>
    JSON.stringify([id, what, message]),
  );
  return [...troubles.values()]
    .slice(0, troublesExplained)
    .flatMap(([first, ...same]) => (first === undefined ? [] : [explain([first, ...same], explained)]));
}
