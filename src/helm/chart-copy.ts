// A copy of a chart in which its dependencies are fetched: helm writes charts/ and Chart.lock, and the checkout stays as it is.
import { cp, readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { readAnyChart, requirementsOf } from '../bundle/chart.ts';
import type { Chart } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';

export interface CopiedChart {
  readonly chart: Chart;
  /** The copy's folder. */
  readonly path: string;
}

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

/** `undefined` where there is no Chart.yaml: helm says so. @throws Problem `bundle/invalid-chart`. */
const chartIn = async (workspace: string, folder: string): Promise<Chart | undefined> => {
  const file = join(relative(workspace, folder), 'Chart.yaml');
  const [body, requirements] = await Promise.all(
    [file, requirementsOf(file)].map((path) =>
      readFile(join(workspace, path), 'utf8').catch(() => undefined),
    ),
  );
  if (body === undefined) return undefined;
  const read = readAnyChart(body, file, requirements);
  if ('chart' in read) return read.chart;
  const [wrong] = read.findings;
  throw new Problem(
    'bundle/invalid-chart',
    `${wrong?.source?.file ?? file}: ${wrong?.message ?? 'This Chart.yaml cannot be used.'}`,
    { hint: wrong?.hint ?? '' },
  );
};

/** The charts of the repository on which one depends, and on which those depend, each before those that need it. */
const neededBy = async (workspace: string, chart: Chart, seen: Set<string>): Promise<readonly Chart[]> => {
  const found: Chart[] = [];
  for (const { repository } of chart.dependencies) {
    const folder = localFolder(workspace, chart, repository);
    if (folder === undefined || seen.has(folder)) continue;
    seen.add(folder);
    const needed = await chartIn(workspace, folder);
    if (needed !== undefined) found.push(...(await neededBy(workspace, needed, seen)), needed);
  }
  return found;
};

/**
 * Copies the chart, and the charts of the repository that it depends on (`file://../common`), to the same places below
 * `to`. The chart itself comes last; helm packs a chart as it finds it, so each has to have its dependencies before.
 * @throws Problem `bundle/outside-workspace`, `bundle/invalid-chart`.
 */
export const copyChart = async (
  workspace: string,
  chart: Chart,
  to: string,
): Promise<readonly CopiedChart[]> => {
  const own = resolve(workspace, chart.folder);
  const all = [...(await neededBy(workspace, chart, new Set([own]))), chart];
  for (const { folder } of all) await copyFolder(resolve(workspace, folder), join(to, folder));
  return all.map((each) => ({ chart: each, path: join(to, each.folder) }));
};
