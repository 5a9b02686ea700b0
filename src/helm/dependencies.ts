// Fetches the charts that a chart depends on.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chart } from '../bundle/object.ts';
import { type ChildEnd, runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';
import type { Helm } from './version.ts';
import { helmWords } from './words.ts';

export interface DependencyOptions {
  /** The folder that is written: a copy of the chart. */
  readonly path: string;
  /** Variables that say where credentials of registries are (environment.ts). */
  readonly registries?: Readonly<Record<string, string>>;
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
      hint: 'Check the repository addresses and versions in Chart.yaml, that Chart.lock belongs to it, and that the runner can reach the repositories. A private registry takes a `helm registry login` in a step before this one.',
    },
  );

/**
 * Fills `charts/` as Chart.lock says, or, without one, as Chart.yaml says (which writes a Chart.lock). With a lock,
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
  const cwd = options.path;
  const environment = { ...helm.environment, ...options.registries };
  const run = async (args: readonly string[]): Promise<void> => {
    const end = await runChild(
      'helm',
      args,
      { cwd, environment, ...(options.onLine && { onLine: options.onLine }) },
      signal,
    );
    if (end.code !== 0) throw failed(chart, args.slice(0, 2).join(' '), end);
  };

  if (!(await exists(join(cwd, 'Chart.lock')))) {
    await run(['dependency', 'update', '.']);
    return;
  }
  const addresses = new Set(
    chart.dependencies.map(({ repository }) => repository).filter((address) => /^https?:\/\//.test(address)),
  );
  for (const [index, address] of [...addresses].entries()) {
    await run(['repo', 'add', '--force-update', `dependency-${index}`, address]);
  }
  await run(['dependency', 'build', '--skip-refresh', '.']);
};
