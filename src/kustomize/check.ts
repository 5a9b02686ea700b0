// What a kustomization would read, followed before kustomize runs: nothing from outside the repository, no charts.
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import {
  isRemote,
  type Kustomization,
  type KustomizeReference,
  kustomizationNames,
  pathOfReference,
  readKustomization,
} from '../bundle/kustomization.ts';
import { type Finding, finding } from '../verdict/finding.ts';

export interface Checked {
  readonly findings: readonly Finding[];
  /** Every reference that was followed, to find the line of what kustomize complains of. */
  readonly references: readonly KustomizeReference[];
}

const remote = ({ to, source }: KustomizeReference): Finding =>
  finding(
    'error',
    'bundle/kustomize-remote',
    `This kustomization reads ${to}, which is not in the repository.`,
    {
      source,
      hint: 'What is deployed has to stand in the commit: `kustomize localize` copies remote bases into the repository.',
    },
  );

const outside = ({ to, source }: KustomizeReference): Finding =>
  finding('error', 'bundle/outside-workspace', `${to} leads out of the workspace.`, {
    source,
    hint: 'Files are read from the repository alone: copy what is needed into it.',
  });

const charts = (source: Finding['source']): Finding =>
  finding(
    'error',
    'bundle/kustomize-failed',
    'This kustomization asks for Helm charts, which are not built here.',
    {
      ...(source && { source }),
      hint: 'Put the chart into a folder with a Chart.yaml (or make it a dependency of one): it is then installed with helm.',
    },
  );

/** A folder's kustomization, where it has one. */
async function kustomizationIn(workspace: string, folder: string) {
  for (const name of kustomizationNames) {
    const path = folder === '.' ? name : `${folder}/${name}`;
    const text = await readFile(join(workspace, path), 'utf8').catch(() => undefined);
    if (text !== undefined) return readKustomization(text, path);
  }
  return undefined;
}

/**
 * Follows every reference of a kustomization and of those that it builds on.
 * @param workspace its real path
 */
export async function checkKustomization(
  workspace: string,
  top: Kustomization,
  signal: AbortSignal,
): Promise<Checked> {
  const findings: Finding[] = [];
  const references: KustomizeReference[] = [];
  const seen = new Set<string>();

  const follow = async (from: Kustomization): Promise<void> => {
    signal.throwIfAborted();
    if (seen.has(from.folder)) return;
    seen.add(from.folder);
    references.push(...from.references);
    if (from.charts) findings.push(charts(from.charts));
    for (const reference of from.references) {
      if (isRemote(reference.to)) findings.push(remote(reference));
      else await followPath(from, reference);
    }
  };

  const followPath = async (from: Kustomization, reference: KustomizeReference): Promise<void> => {
    const path = pathOfReference(from.folder, reference.to);
    // What is not there kustomize complains of, in words that people know.
    const real =
      path === undefined ? undefined : await realpath(join(workspace, path)).catch(() => undefined);
    if (
      path === undefined ||
      (real !== undefined && real !== workspace && !real.startsWith(workspace + sep))
    ) {
      findings.push(outside(reference));
      return;
    }
    if (real === undefined || !(await stat(real)).isDirectory()) return;
    const inner = await kustomizationIn(workspace, relative(workspace, real) || '.');
    if (inner === undefined) return;
    if ('kustomization' in inner) await follow(inner.kustomization);
    else findings.push(...inner.findings);
  };

  await follow(top);
  return { findings, references };
}
