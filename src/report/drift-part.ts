// Drift as Markdown: what the job summary and the issue say of it.
import type { DriftItem } from '../drift/item.ts';
import { code, folded, plain, sentence } from './markdown.ts';
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
  if (heals === false) return 'It does not heal by itself.';
  const until = heals.until === undefined ? '' : `, until ${moment(heals.until)}`;
  return `It will be mended by ${plain(heals.by)}${until}.`;
};

const value = (text: string | null): string => (text === null ? 'nothing' : code(text, 120));

const sayWho = ({ by, event, since }: DriftItem): string => {
  if (by === undefined && since === undefined) return '';
  const who = by === undefined ? '' : ` by ${code(by)}`;
  const call = event === undefined ? '' : ` with ${code(event)}`;
  return `, changed${who}${call}${since === undefined ? '' : ` ${moment(since)}`}`;
};

/** A list, no table: paths and values have no place to break, and a page that is narrow shows but the first column. */
const driftItem = (item: DriftItem): string => {
  const { severity, layer, ref, path, source, wanted, found, remedy } = item;
  const where = source === undefined ? '' : ` – ${code(`${source.file}:${source.line}`)}`;
  return [
    `- ${marks[severity]} **${layerNames[layer]}: ${plain(ref)}**${path === '' ? '' : ` ${code(path)}`}${where}`,
    `  <br>wanted ${value(wanted)}, found ${value(found)}${sayWho(item)}. ${sayHealing(item)}`,
    `  <br>**Do this:** ${sentence(remedy)}`,
  ].join('\n');
};

/** That many are read at once; more are folded. */
const itemsUnfolded = 10;

const order: readonly DriftItem['severity'][] = ['error', 'warning', 'notice'];

const bySeverity = (items: readonly DriftItem[]): readonly DriftItem[] =>
  items.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));

/** @param shown how many items; the rest is counted */
export function driftPart(items: readonly DriftItem[], shown: number): string {
  if (items.length === 0) return '';
  const some = bySeverity(items).slice(0, shown).map(driftItem);
  const more = some.slice(itemsUnfolded);
  const rest = items.length - some.length;
  return [
    some.slice(0, itemsUnfolded).join('\n'),
    ...(more.length > 0 ? [folded(`${more.length} more`, more.join('\n'))] : []),
    ...(rest > 0 ? [`… and ${rest} more in \`drift.json\`.`] : []),
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
