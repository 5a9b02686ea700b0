// What an upgrade of a release would install, and what its last revision did: nothing is written.
import type { Chart, Sourced } from '../bundle/object.ts';
import { type ChildEnd, runChild } from '../child.ts';
import { forbidden, type Release } from './release.ts';
import { objectsOf } from './render.ts';
import type { Helm } from './version.ts';
import { helmWords } from './words.ts';

export interface PreviewOptions {
  /** The workspace's absolute path. */
  readonly workspace: string;
  /** The chart's folder, which may be a copy. */
  readonly chartPath: string;
  readonly values: readonly string[];
}

/** `denied`: the missing permission. `failed`: helm's words. */
export type Previewed<Value> =
  | { readonly value: Value }
  | { readonly denied: string }
  | { readonly failed: string };

const permissionIn = (end: ChildEnd, release: Release): string | undefined =>
  / may not (.+)\.$/.exec(forbidden(end.stderr, release)?.message ?? '')?.[1];

const run = async (
  helm: Helm,
  release: Release,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Previewed<string>> => {
  const all = [...args, '--namespace', release.namespace];
  const end = await runChild('helm', all, { cwd, environment: helm.environment }, signal);
  if (end.code === 0 && !end.cut) return { value: end.stdout };
  const denied = permissionIn(end, release);
  return denied === undefined ? { failed: end.cut ? 'it printed too much' : helmWords(end) } : { denied };
};

/** The objects of the last revision, hooks left out; `undefined` where there is no release. */
export const deployedObjects = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  workspace: string,
  signal: AbortSignal,
): Promise<Previewed<readonly Sourced[] | undefined>> => {
  const got = await run(helm, release, ['get', 'manifest', release.name], workspace, signal);
  if ('value' in got) return { value: objectsOf(got.value, chart) };
  return 'failed' in got && /release: not found/.test(got.failed) ? { value: undefined } : got;
};

const manifestIn = (text: string): string | undefined => {
  const release: unknown = JSON.parse(text);
  const manifest =
    typeof release === 'object' && release !== null && 'manifest' in release ? release.manifest : undefined;
  return typeof manifest === 'string' ? manifest : undefined;
};

/**
 * What `helm upgrade --install` would send, rendered with what the cluster has (`lookup`): without it a chart that makes
 * its own certificates renders other ones each time. Of helm's output only the manifest is looked at: it has values too.
 */
export const upgradedObjects = async (
  helm: Helm,
  chart: Chart,
  release: Release,
  { workspace, chartPath, values }: PreviewOptions,
  signal: AbortSignal,
): Promise<Previewed<readonly Sourced[]>> => {
  const args = [
    'upgrade',
    '--install',
    release.name,
    chartPath,
    '--dry-run=server',
    '--skip-crds',
    '--output',
    'json',
    ...values.flatMap((file) => ['--values', file]),
  ];
  const got = await run(helm, release, args, workspace, signal);
  if (!('value' in got)) return got;
  const manifest = manifestIn(got.value);
  return manifest === undefined
    ? { failed: 'helm printed no manifest' }
    : { value: objectsOf(manifest, chart) };
};
