// What an upgrade changed in a release, as Markdown: whoever knows helm-diff knows it.
import { block, folded, htmlCode, plain } from './markdown.ts';
import type { ReleaseChange, ReportedRelease } from './report.ts';

const shown = 50;

const words: Readonly<Record<ReleaseChange['change'], string>> = {
  added: 'has been added',
  changed: 'has changed',
  removed: 'has been removed',
};

/** `infra, web, Deployment (apps) has changed:`, as helm-diff says it. */
export const changeTitle = ({ object, change }: ReleaseChange): string => `${object} ${words[change]}:`;

/** `1 to add, 2 to change, 0 to destroy`, as helm-diff sums up. */
export const changeCounts = (changes: readonly ReleaseChange[]): string => {
  const count = (wanted: ReleaseChange['change']): number =>
    changes.filter(({ change }) => change === wanted).length;
  return `${count('added')} to add, ${count('changed')} to change, ${count('removed')} to destroy`;
};

export function releasePart(release: ReportedRelease): string {
  const { name, namespace, chart, result, revision, changes } = release;
  const at = revision === undefined ? '' : `, revision ${revision}`;
  const head = `Release ${htmlCode(`${namespace}/${name}`)} (${plain(chart)}): ${result}${at}`;
  if (changes.length === 0) return head;
  // What is new stands in the chart: its name is enough.
  const body = changes
    .slice(0, shown)
    .map((each) =>
      each.change === 'changed'
        ? `${plain(changeTitle(each))}\n\n${block(each.diff.join('\n')).replace(/^(`+)\n/, '$1diff\n')}`
        : plain(changeTitle(each).slice(0, -1)),
    );
  const more = changes.length > shown ? [`… and ${changes.length - shown} more`] : [];
  return folded(`${head}; ${changeCounts(changes)}`, [...body, ...more].join('\n\n'));
}
