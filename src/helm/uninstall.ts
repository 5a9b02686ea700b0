// What a release holds in the cluster, and its end.
import { join } from 'node:path';
import type { Chart, Sourced } from '../bundle/object.ts';
import { runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';
import type { Release } from './release.ts';
import { objectsOf } from './render.ts';
import { flagsOf, type Helm } from './version.ts';
import { helmWords } from './words.ts';

const notFound = /release: not found/;

/**
 * The objects of the release's last revision, as Helm keeps it: what is installed, not what the chart would render now.
 * `undefined` when there is no such release.
 * @throws Problem `helm/failed`; the signal's reason on abort.
 */
export const installedObjects = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly Sourced[] | undefined> => {
  const args = ['get', 'manifest', release.name, '--namespace', release.namespace];
  const end = await runChild('helm', args, { cwd: workspace, environment: helm.environment }, signal);
  if (end.code === 0) return objectsOf(end.stdout, chart);
  if (notFound.test(end.stderr)) return undefined;
  throw new Problem('helm/failed', `helm cannot read release ${release.name}: ${helmWords(end)}`, {
    hint: "The role needs to get and list Secrets in the release's namespace: Helm keeps its releases there.",
  });
};

export interface UninstallOptions {
  readonly workspace: string;
  /** Seconds. */
  readonly timeout: number;
  readonly onLine?: (line: string) => void;
}

/**
 * `helm uninstall`, which waits until what it deletes is gone; a release that is gone already is no error.
 * @throws Problem `helm/failed` with helm's words; the signal's reason on abort.
 */
export const uninstall = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  { workspace, timeout, onLine }: UninstallOptions,
  signal: AbortSignal,
): Promise<void> => {
  const { wait } = flagsOf(helm.version);
  const args = ['uninstall', release.name, '--namespace', release.namespace, '--ignore-not-found', ...wait];
  const end = await runChild(
    'helm',
    [...args, '--timeout', `${Math.max(1, Math.ceil(timeout))}s`],
    { cwd: join(workspace, chart.folder), environment: helm.environment, ...(onLine && { onLine }) },
    signal,
  );
  if (end.code === 0) return;
  const words = helmWords(end);
  throw new Problem('helm/failed', `helm uninstall failed: ${words.replace(/\.?$/, '.')}`, {
    hint: `Correct what helm names, and run again; kubectl --namespace ${release.namespace} get all -l app.kubernetes.io/instance=${release.name} shows what is left.`,
    evidence: [{ from: `helm uninstall ${release.name}`, saw: words }],
  });
};
