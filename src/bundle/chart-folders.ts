// Which folders are charts, and which files are theirs.

export const folderOf = (path: string): string =>
  path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A path as the user sees it from the working directory. */
const insideOf = (path: string, root: string): string => (root === '.' ? path : path.slice(root.length + 1));

export const isHidden = (path: string, root: string): boolean =>
  insideOf(path, root)
    .split('/')
    .some((part) => part.startsWith('.'));

/**
 * A file under a chart's folder belongs to the chart. A chart in the root of the working directory claims only Helm's
 * own folders and the files beside Chart.yaml, for everything else of a repository stands under it too.
 */
export const belongsToChart = (path: string, chart: string, root: string): boolean => {
  if (chart !== root) return path.startsWith(`${chart}/`);
  return /^((templates|charts|crds|ci)\/|values[^/]*$|Chart\.(yaml|lock)$|requirements\.(yaml|lock)$)/.test(
    insideOf(path, root),
  );
};

/** The outermost folders with a Chart.yaml: what stands under a chart, sub-charts too, is the chart's. */
export const chartFolders = (
  files: readonly { readonly path: string }[],
  root: string,
): ReadonlySet<string> => {
  const folders = files
    .filter((file) => nameOf(file.path) === 'Chart.yaml' && !isHidden(file.path, root))
    .map((file) => folderOf(file.path))
    .toSorted((a, b) => a.length - b.length);
  const outermost = new Set<string>();
  for (const folder of folders)
    if (![...outermost].some((outer) => belongsToChart(`${folder}/Chart.yaml`, outer, root)))
      outermost.add(folder);
  return outermost;
};
