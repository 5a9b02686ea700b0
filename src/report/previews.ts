// What a sweep came by, as a sentence and as a table.
import { code, plain, sentence, table } from './markdown.ts';
import type { SweptPreview } from './report.ts';

const rowsShown = 200;

const marks: Readonly<Record<SweptPreview['state'], string>> = {
  kept: '✅ kept',
  stale: '🧹 would be removed',
  removed: '🧹 removed',
  left: '❌ not removed',
};

const order: readonly SweptPreview['state'][] = ['left', 'stale', 'removed', 'kept'];

const count = (all: readonly SweptPreview[], state: SweptPreview['state']): number =>
  all.filter((each) => each.state === state).length;

/** `undefined` where nothing was swept, or something could not be removed. */
export const sweepVerdict = (all: readonly SweptPreview[] | undefined): string | undefined => {
  if (all === undefined || count(all, 'left') > 0) return undefined;
  const say = (number: number): string => `${number} ${number === 1 ? 'preview' : 'previews'}`;
  const [stale, removed] = [count(all, 'stale'), count(all, 'removed')];
  if (stale > 0) return `${say(stale)} of ${all.length} would be removed; this was a dry run.`;
  return removed > 0
    ? `${say(removed)} of ${all.length} removed.`
    : `Nothing to sweep: ${say(all.length)} needed.`;
};

export function previewTable(all: readonly SweptPreview[]): string {
  if (all.length === 0) return '';
  const sorted = all.toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  const rows = sorted
    .slice(0, rowsShown)
    .map(({ name, repository, number, state, why }) => [
      code(name),
      plain(`${repository}#${number}`),
      marks[state],
      sentence(why),
    ]);
  const rest = all.length - rows.length;
  return (
    table(['Preview', 'Pull request', '', 'Why'], rows) +
    (rest > 0 ? `\n\n… and ${rest} more in \`report.json\`.` : '')
  );
}
