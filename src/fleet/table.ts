// A fleet as a table of the job summary: what is broken first.
import { code, plain, sentence, table } from '../report/markdown.ts';
import { type FleetRow, isGood } from './fold.ts';

const mark = (row: FleetRow): string => {
  if (isGood(row)) return '✅';
  return row.outcome === 'not-started' ? '➖' : '❌';
};

const order = ['❌', '➖', '✅'];

/** As many as fit beside the rest of a summary. */
const rowsShown = 500;

export function fleetTable(rows: readonly FleetRow[]): string {
  if (rows.length === 0) return '';
  const sorted = rows.toSorted((one, other) => order.indexOf(mark(one)) - order.indexOf(mark(other)));
  const cells = sorted
    .slice(0, rowsShown)
    .map((row) => [
      String(row.wave),
      `${mark(row)} ${plain(row.name)}`,
      row.cluster === undefined ? '' : `${code(row.cluster)} ${plain(row.region ?? '')}`,
      `${row.hostsLive} of ${row.hostsTotal}`,
      sentence(row.verdict),
    ]);
  const rest = rows.length > rowsShown ? `\n\n… and ${rows.length - rowsShown} more in \`report.json\`.` : '';
  return table(['Wave', 'Target', 'Cluster', 'Live', ''], cells) + rest;
}
