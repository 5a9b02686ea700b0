// Reads the reports that other runs of the same version left.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../report/report.ts';
import { Problem } from '../verdict/problem.ts';

/** A report of a thousand hosts is a few megabytes. */
const largest = 50_000_000;

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' &&
  value !== null &&
  'schemaVersion' in value &&
  value.schemaVersion === 1 &&
  'outcome' in value &&
  typeof value.outcome === 'string' &&
  'verdict' in value &&
  typeof value.verdict === 'string' &&
  'hosts' in value &&
  Array.isArray(value.hosts) &&
  value.hosts.every((host: unknown) => typeof host === 'object' && host !== null);

/**
 * `undefined` where there is none.
 * @param name of the target: a folder's name, checked by the caller
 * @throws Problem `fleet/no-report` where the file is no report of this version
 */
export async function readReport(
  workspace: string,
  folder: string,
  name: string,
): Promise<Report | undefined> {
  const path = join(folder, name, 'report.json');
  let value: unknown;
  try {
    await using file = await open(join(workspace, path));
    const { size } = await file.stat();
    if (size > largest) throw new Error(`it has ${size} bytes`);
    value = JSON.parse(await file.readFile('utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('fleet/no-report', `${path} cannot be read: ${why}.`, { cause: error });
  }
  if (isReport(value)) return value;
  throw new Problem('fleet/no-report', `${path} is no report of this version of the action.`, {
    hint: 'Deploy the targets and fold their reports with the same version of the action.',
  });
}
