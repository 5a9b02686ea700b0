// A copy of a chart in which its dependencies are fetched: helm writes charts/ and Chart.lock, and the checkout stays as it is.
import { cp } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Chart } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';

/** Not a chart's: a chart in the root of a repository would take them along. */
const skipped = new Set(['.git', 'node_modules']);

const copyFolder = (from: string, to: string): Promise<void> =>
  cp(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => path === from || !skipped.has(basename(path)),
  });

/** The folder of a `file://` dependency. @throws Problem `bundle/outside-workspace`. */
const localFolder = (workspace: string, chart: Chart, repository: string): string | undefined => {
  const path = /^file:\/\/(.+)$/.exec(repository)?.[1];
  if (path === undefined) return undefined;
  const folder = isAbsolute(path) ? path : resolve(workspace, chart.folder, path);
  if (folder !== workspace && !folder.startsWith(workspace + sep)) {
    throw new Problem(
      'bundle/outside-workspace',
      `A dependency of ${chart.folder} leads out of the workspace: ${repository}.`,
      { hint: 'Files are read from the repository alone: copy the chart into it.' },
    );
  }
  return folder;
};

/**
 * Copies the chart, and the charts of the repository that it depends on (`file://../common`), to the same places below
 * `to`. Returns the copy's folder.
 * @throws Problem `bundle/outside-workspace`.
 */
export const copyChart = async (workspace: string, chart: Chart, to: string): Promise<string> => {
  const own = resolve(workspace, chart.folder);
  const needed = chart.dependencies.flatMap(
    ({ repository }) => localFolder(workspace, chart, repository) ?? [],
  );
  for (const folder of new Set([own, ...needed])) {
    await copyFolder(folder, join(to, relative(workspace, folder)));
  }
  return join(to, chart.folder);
};
