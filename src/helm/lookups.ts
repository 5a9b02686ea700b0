// Whether a chart's templates may look into the cluster (`lookup`): rendered without one they find nothing there.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unzipped = promisify(gunzip);
const largest = 256 * 1024 * 1024;

/** What cannot be read may hold anything. */
const mayHold = async (path: string): Promise<boolean> => {
  try {
    const bytes = await readFile(path);
    const text = path.endsWith('.tgz') ? await unzipped(bytes, { maxOutputLength: largest }) : bytes;
    return text.includes('lookup');
  } catch {
    return true;
  }
};

const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.flatMap((each) => (each.isDirectory() ? [] : join(each.parentPath, each.name)));
};

/**
 * By the word alone, in the chart's templates and subcharts and in values, which a template may hand to `tpl`: a comment
 * that has it costs no more than a second rendering.
 * @param workspace to which values files are relative
 */
export const mayLookUp = async (
  workspace: string,
  { chartPath, values }: { readonly chartPath: string; readonly values: readonly string[] },
): Promise<boolean> => {
  const inChart = await Promise.all(['templates', 'charts'].map((each) => filesIn(join(chartPath, each))));
  const given = [join(chartPath, 'values.yaml'), ...values.map((file) => resolve(workspace, file))];
  for (const path of inChart.flat()) if (await mayHold(path)) return true;
  for (const path of given)
    if ((await readFile(path, 'utf8').catch(() => '')).includes('lookup')) return true;
  return false;
};
