// The kustomizations of the bundle, built with a home of their own in a private folder.
import { realpath } from 'node:fs/promises';
import type { Kustomized, TextFile } from '../../bundle/collect.ts';
import { planKustomize } from '../../bundle/kustomize-plan.ts';
import type { Sourced } from '../../bundle/object.ts';
import { createPrivateFolder, removePrivateFolder } from '../../files/temp.ts';
import { buildKustomization } from '../../kustomize/build.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';

export interface KustomizedBundle extends Kustomized {
  readonly findings: readonly Finding[];
}

/** @throws Problem `bundle/kustomize-missing`. */
export async function kustomize(
  { inputs, environment, runner, signal }: Run,
  files: readonly TextFile[],
  folder: string,
): Promise<KustomizedBundle> {
  const { builds, claimed, findings } = planKustomize(files, inputs.globs, folder);
  if (builds.length === 0 || findings.length > 0) return { objects: [], claimed, findings };
  const workspace = await realpath(environment.workspace);
  const home = await createPrivateFolder(environment.temp);
  try {
    const objects: Sourced[] = [];
    const wrong: Finding[] = [];
    for (const build of builds) {
      const options = { path: environment.child['PATH'] ?? '', home: await realpath(home) };
      const built = await buildKustomization(workspace, build, options, signal);
      runner.info(`Kustomization ${build.folder}: ${built.objects.length} objects`);
      objects.push(...built.objects);
      wrong.push(...built.findings);
    }
    return { objects, claimed, findings: wrong };
  } finally {
    await removePrivateFolder(home, environment.temp);
  }
}
