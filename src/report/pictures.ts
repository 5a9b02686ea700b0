// The chain, and where the time went, as Mermaid: GitHub draws it in summaries and comments.
import { type LinkId, linkIds, type State } from '../verdict/verdict.ts';
import { chainParts, marks } from './chain-parts.ts';
import type { Phase, ReportedHost, ReportedLink } from './report.ts';

/** Which state of several speaks for a link. */
const worst: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

const statesOf = (hosts: readonly ReportedHost[], id: LinkId): readonly State[] =>
  hosts.flatMap(({ links }) => links.find((link) => link.id === id)?.state ?? []);

/** Some names of links are words of Mermaid: `class`. */
const nodeId = (id: LinkId): string => `link-${id}`;

const nodeOf = (id: LinkId, states: readonly State[]): string => {
  const state = worst.find((each) => states.includes(each)) ?? 'skipped';
  const fine = states.filter((each) => each === 'ok').length;
  const count = states.length > 1 ? `<br/>${fine} of ${states.length}` : '';
  return `    ${nodeId(id)}["${marks[state]} ${id}${count}"]:::${state}`;
};

// Only lines are coloured: what is filled would not suit both a light and a dark page, Mermaid's own fills included.
const classes = [
  'classDef ok fill:transparent,stroke:#1a7f37,stroke-width:1px',
  'classDef waiting fill:transparent,stroke:#bf8700,stroke-width:2px',
  'classDef broken fill:transparent,stroke:#cf222e,stroke-width:3px',
  'classDef unknown fill:transparent,stroke:#8250df,stroke-width:2px,stroke-dasharray:4',
  'classDef skipped fill:transparent,stroke:#848d97,stroke-width:1px,stroke-dasharray:4',
];

const fenced = (lines: readonly string[]): string => ['```mermaid', ...lines, '```'].join('\n');

/** The links of one host, or, of several, how many are ok at each. Nothing from outside stands in it. */
export const chainPicture = (hosts: readonly ReportedHost[]): string => {
  const shown = chainParts
    .map(({ title, links }, index) => ({
      title,
      id: `row${index}`,
      links: links.filter((id) => statesOf(hosts, id).length > 0),
    }))
    .filter(({ links }) => links.length > 0);
  if (shown.length === 0) return '';
  const blocks = shown.flatMap(({ title, id, links }) => [
    `  subgraph ${id}["${title}"]`,
    '    direction LR',
    ...links.map((link) => nodeOf(link, statesOf(hosts, link))),
    ...(links.length > 1 ? [`    ${links.map(nodeId).join(' --> ')}`] : []),
    '  end',
  ]);
  const order = shown.map(({ id }) => id).join(' --> ');
  return fenced([
    'flowchart TB',
    ...blocks,
    ...(shown.length > 1 ? [`  ${order}`] : []),
    ...classes.map((each) => `  ${each}`),
    ...shown.map(({ id }) => `  style ${id} fill:transparent,stroke:#848d97`),
  ]);
};

/** What means nothing to Mermaid. */
const harmless = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N} .*'-]/gu, ' ')
    .slice(0, 60)
    .trim() || 'unnamed';

/** Milliseconds; a bar of no length would not be drawn. */
const bar = (name: string, seconds: number, from: number, to: number): string =>
  `  ${harmless(name)} ${seconds.toFixed(1)} s :${Math.round(from * 1000)}, ${Math.max(Math.round(to * 1000), Math.round(from * 1000) + 1)}`;

const phaseBars = (phases: readonly Phase[]): readonly string[] => {
  let from = 0;
  return phases.map(({ name, seconds }) => {
    const line = bar(name, seconds, from, from + seconds);
    from += seconds;
    return line;
  });
};

const lastSeconds = ({ links }: ReportedHost): number => Math.max(0, ...links.map(({ seconds }) => seconds));

/** Links are looked at one after the other: each begins where the one before it was settled. */
const linkBars = (links: readonly ReportedLink[], start: number): readonly string[] => {
  let from = 0;
  return linkIds.flatMap((id) => {
    const link = links.find((each) => each.id === id);
    if (link === undefined || link.state === 'skipped') return [];
    const to = Math.max(from, link.seconds);
    const line = bar(id, to - from, start + from, start + to);
    from = to;
    return [line];
  });
};

/** Readable on light and on dark pages: of Mermaid's own themes each suits only one. */
const grey = '#768390';
const ganttColours = {
  taskBkgColor: '#316dca',
  taskBorderColor: '#316dca',
  taskTextColor: '#ffffff',
  taskTextLightColor: '#ffffff',
  taskTextDarkColor: grey,
  taskTextOutsideColor: grey,
  sectionBkgColor: 'transparent',
  sectionBkgColor2: 'transparent',
  altSectionBkgColor: 'transparent',
  gridColor: grey,
  textColor: grey,
  titleColor: grey,
} as const;

/**
 * Phases of the run, and the links of the host that took longest. The axis has no times: a browser would show them in its
 * own time zone.
 */
export const timePicture = (phases: readonly Phase[], hosts: readonly ReportedHost[]): string => {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total === 0) return '';
  const slowest = hosts.toSorted((one, other) => lastSeconds(other) - lastSeconds(one))[0];
  const waited = phases.findIndex(({ name }) => name.startsWith('Wait until'));
  const start = phases.slice(0, Math.max(0, waited)).reduce((sum, { seconds }) => sum + seconds, 0);
  const links = slowest === undefined || waited === -1 ? [] : linkBars(slowest.links, start);
  return fenced([
    `%%{init: ${JSON.stringify({ theme: 'base', themeVariables: ganttColours })}}%%`,
    'gantt',
    '  dateFormat x',
    '  axisFormat ·',
    '  section Run',
    ...phaseBars(phases),
    ...(slowest && links.length > 0 ? [`  section ${harmless(slowest.host)}`, ...links] : []),
  ]);
};
