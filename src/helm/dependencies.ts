// Fetches the charts that a chart depends on.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { list, text } from '../bundle/field.ts';
import type { Chart } from '../bundle/object.ts';
import { readYaml } from '../bundle/yaml.ts';
import { type ChildEnd, runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';
import { isKnown, type KnownRepository } from './repositories.ts';
import type { Helm } from './version.ts';
import { helmWords } from './words.ts';

export interface DependencyOptions {
  /** The folder that is written: a copy of the chart. */
  readonly path: string;
  /** Variables that say where credentials of registries are (environment.ts). */
  readonly registries?: Readonly<Record<string, string>>;
  /** Chart repositories that helm's own configuration holds already. */
  readonly known?: readonly KnownRepository[];
  readonly onLine?: (line: string) => void;
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Why a repository gave no index. Helm prints it in passing and then fails over a cache file that does not exist
 * (measured on 4.2.3 and 3.21.4), which helps nobody.
 */
const unreachable = ({ stdout }: ChildEnd): string =>
  [...stdout.matchAll(/Unable to get an update from the "[^"]*" chart repository[^:]*:\s+(.+)/g)]
    .map((match) => match[1] ?? '')
    .join('; ');

const failed = (chart: Chart, what: string, end: ChildEnd): Problem =>
  new Problem(
    'helm/dependency-failed',
    `helm ${what} failed for ${chart.folder}: ${unreachable(end) || helmWords(end)}`,
    {
      hint: 'Check the repository addresses and versions in Chart.yaml (or requirements.yaml), that the lock belongs to it, and that the runner can reach the repositories. A private registry takes a `helm registry login` in a step before this one, a private chart repository a `helm repo add NAME ADDRESS --username … --password-stdin`.',
    },
  );

type Run = (args: readonly string[]) => Promise<ChildEnd>;

const runIn =
  (helm: Helm, chart: Chart, { path, registries, onLine }: DependencyOptions, signal: AbortSignal): Run =>
  async (args) => {
    const environment = { ...helm.environment, ...registries };
    const options = { cwd: path, environment, ...(onLine && { onLine }) };
    const end = await runChild('helm', args, options, signal);
    if (end.code !== 0) throw failed(chart, args.slice(0, 2).join(' '), end);
    return end;
  };

/** Of apiVersion v1 and v2. Helm takes the first where both are there (pkg/chart/v2/loader/load.go, helm 4.2). */
const lockFiles = ['requirements.lock', 'Chart.lock'] as const;

const lockOf = async (path: string): Promise<string | undefined> => {
  for (const file of lockFiles) {
    const lock = await readFile(join(path, file), 'utf8').catch(() => undefined);
    if (lock !== undefined) return lock;
  }
  return undefined;
};

/** `charts/sub-1.2.3.tgz`, or `charts/sub/` at that version. */
const isVendored = async (path: string, name: string, version: string): Promise<boolean> => {
  if (await exists(join(path, 'charts', `${name}-${version}.tgz`))) return true;
  const body = await readFile(join(path, 'charts', name, 'Chart.yaml'), 'utf8').catch(() => undefined);
  return body !== undefined && text(readYaml(body)[0]?.value, 'version') === version;
};

/** Rows of `helm dependency list` end with the status (pkg/action/dependency.go, helm 4.2). */
const fine = /\t(?:ok|unpacked)[ \t]*$/gm;

/**
 * Whether `charts/` already holds all that the lock, or without one the chart, asks for: committed, then, to need no
 * network. A chart of the repository (`file://`) is packed anew each time, since it may have changed without a version.
 * @throws Problem `helm/dependency-failed`; the signal's reason on abort.
 */
export const hasDependencies = async (
  helm: Helm,
  chart: Chart,
  path: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const { dependencies } = chart;
  if (dependencies.length === 0) return true;
  if (dependencies.some(({ repository }) => repository.startsWith('file://'))) return false;
  if (!(await exists(join(path, 'charts')))) return false;
  const lock = await lockOf(path);
  if (lock === undefined) {
    const { stdout } = await runIn(helm, chart, { path }, signal)(['dependency', 'list', '.']);
    return stdout.match(fine)?.length === dependencies.length;
  }
  const locked = list(readYaml(lock)[0]?.value, 'dependencies');
  if (locked.length !== dependencies.length) return false;
  const found = await Promise.all(
    locked.map((each) => isVendored(path, text(each, 'name') ?? '', text(each, 'version') ?? '')),
  );
  return found.every(Boolean);
};

/**
 * Fills `charts/` as the lock says, or, without one, as the chart says (which writes a lock). With a lock,
 * helm wants every repository added by name first ("no repository definition for …", measured on 4.2.3 and 3.21.4),
 * although the name is never used; `repo add` reads the index, so `build` need not.
 * @throws Problem `helm/dependency-failed`; the signal's reason on abort.
 */
export const buildDependencies = async (
  helm: Helm,
  chart: Chart,
  options: DependencyOptions,
  signal: AbortSignal,
): Promise<void> => {
  if (chart.dependencies.length === 0) return;
  const { path, known = [] } = options;
  const run = runIn(helm, chart, options, signal);
  if ((await lockOf(path)) === undefined) {
    await run(['dependency', 'update', '.']);
    return;
  }
  const addresses = new Set(chart.dependencies.map(({ repository }) => repository));
  const strange = [...addresses].filter(
    (address) => /^https?:\/\//.test(address) && !isKnown(address, known),
  );
  for (const [index, address] of strange.entries()) {
    await run(['repo', 'add', '--force-update', `dependency-${index}`, address]);
  }
  const needed = known.filter((each) => [...addresses].some((address) => isKnown(address, [each])));
  if (needed.length > 0) await run(['repo', 'update', ...needed.map(({ name }) => name)]);
  await run(['dependency', 'build', '--skip-refresh', '.']);
};
