// Drift as Markdown: what the job summary and the issue say of it.
import type { DriftItem } from '../drift/item.ts';
import { code, folded, plain, sentence, table } from './markdown.ts';
import type { Report } from './report.ts';

const marks: Readonly<Record<DriftItem['severity'], string>> = { error: '❌', warning: '⚠️', notice: 'ℹ️' };

const layerNames: Readonly<Record<DriftItem['layer'], string>> = {
  kubernetes: 'Kubernetes',
  helm: 'Helm',
  route53: 'Route 53',
  aws: 'AWS',
  https: 'HTTPS',
};

/** `2026-11-23 14:05 UTC`. */
const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

const sayHealing = ({ heals }: DriftItem): string => {
  if (heals === false) return 'no';
  return heals.until === undefined
    ? `by ${plain(heals.by)}`
    : `by ${plain(heals.by)}, until ${moment(heals.until)}`;
};

const sayWho = ({ by, since }: DriftItem): string =>
  [by === undefined ? '' : code(by), since === undefined ? '' : moment(since)]
    .filter((each) => each !== '')
    .join('<br>');

const value = (text: string | null): string => (text === null ? '–' : code(text, 120));

const sayWhat = ({ severity, layer, ref, path, source }: DriftItem): string =>
  [
    `${marks[severity]} ${layerNames[layer]}: ${plain(ref)}`,
    ...(path === '' ? [] : [code(path)]),
    ...(source === undefined ? [] : [code(`${source.file}:${source.line}`)]),
  ].join('<br>');

/** Few columns: more do not fit beside each other in an issue. */
const row = (item: DriftItem): readonly string[] => [
  sayWhat(item),
  value(item.wanted),
  value(item.found),
  sayWho(item),
  sayHealing(item),
];

const head = ['What', 'Wanted', 'Found', 'Changed by', 'Heals itself'];
/** That many remedies are read at once; more are folded. */
const remediesUnfolded = 3;

const order: readonly DriftItem['severity'][] = ['error', 'warning', 'notice'];

export const bySeverity = (items: readonly DriftItem[]): readonly DriftItem[] =>
  items.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));

const remedies = (items: readonly DriftItem[]): string => {
  const each = new Map(items.map((item) => [`${item.ref} ${item.remedy}`, item]));
  const lines = [...each.values()].map(({ ref, remedy }) => `- ${plain(ref)}: ${sentence(remedy)}`);
  const text = lines.join('\n');
  return lines.length > remediesUnfolded ? folded('What to do', text) : `**What to do**\n\n${text}`;
};

/** @param shown how many items; the rest is counted */
export function driftPart(items: readonly DriftItem[], shown: number): string {
  if (items.length === 0) return '';
  const some = bySeverity(items).slice(0, shown);
  const rest = items.length - some.length;
  return [
    table(head, some.map(row)),
    ...(rest > 0 ? [`… and ${rest} more in \`drift.json\`.`] : []),
    remedies(some),
  ].join('\n\n');
}

const many = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`;

/** `3 things have drifted (2 in Kubernetes, 1 in Route 53).` */
export function driftVerdict({
  outcome,
  drift,
  findings,
}: Pick<Report, 'outcome' | 'drift' | 'findings'>): string {
  const unchecked = findings.filter((each) => each.code === 'drift/not-checked').length;
  const open = unchecked === 0 ? '' : `; ${many(unchecked, 'thing', 'things')} could not be checked`;
  if (outcome === 'clean') return 'Nothing has drifted.';
  if (drift.length === 0) return `No drift was found${open}.`;
  const layers = Map.groupBy(drift, ({ layer }) => layer);
  const counts = [...layers].map(([layer, items]) => `${items.length} in ${layerNames[layer]}`).join(', ');
  return `${many(drift.length, 'thing has', 'things have')} drifted (${counts})${open}.`;
}
