// A fleet as a table of the job summary: what is broken first.
import { code, folded, plain, sentence, table } from '../report/markdown.ts';
import type { FleetRow } from '../report/report.ts';
import { isGood } from './fold.ts';

const mark = (row: FleetRow): string => {
  if (isGood(row)) return '✅';
  return row.outcome === 'not-started' ? '➖' : '❌';
};

const order = ['❌', '➖', '✅'];

/** As many as fit beside the rest of a summary. */
const rowsShown = 500;
/** From here on those that are live are folded. */
const unfolded = 20;

const targetCell = (row: FleetRow): string =>
  [
    `${mark(row)} ${plain(row.name)}`,
    ...(row.cluster === undefined ? [] : [`${code(row.cluster)} ${plain(row.region ?? '')}`]),
  ].join('<br>');

/** Whoever is live needs no sentence. */
const stateCell = (row: FleetRow): string => {
  const hosts = row.hostsTotal === 0 ? '' : `${row.hostsLive}&nbsp;of&nbsp;${row.hostsTotal}&nbsp;live`;
  return [hosts, isGood(row) ? '' : sentence(row.verdict)].filter((part) => part !== '').join('<br>');
};

function rowsOf(rows: readonly FleetRow[]): string {
  const cells = rows.slice(0, rowsShown).map((row) => [String(row.wave), targetCell(row), stateCell(row)]);
  const rest = rows.length > rowsShown ? `\n\n… and ${rows.length - rowsShown} more in \`report.json\`.` : '';
  return table(['Wave', 'Target', 'Hostnames'], cells) + rest;
}

export function fleetTable(rows: readonly FleetRow[]): string {
  if (rows.length === 0) return '';
  const sorted = rows.toSorted((one, other) => order.indexOf(mark(one)) - order.indexOf(mark(other)));
  if (rows.length <= unfolded) return rowsOf(sorted);
  const groups = [
    { rows: sorted.filter((row) => mark(row) === '❌'), title: '' },
    { rows: sorted.filter((row) => mark(row) === '➖'), title: 'were not started' },
    { rows: sorted.filter(isGood), title: 'are live' },
  ].filter((group) => group.rows.length > 0);
  return groups
    .map((group) =>
      group.title === ''
        ? rowsOf(group.rows)
        : folded(`${group.rows.length} targets ${group.title}`, rowsOf(group.rows)),
    )
    .join('\n\n');
}
