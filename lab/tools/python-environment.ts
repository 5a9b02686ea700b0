// The virtual environment with lab/requirements.txt in it; another one whenever that file or Python changes.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, repositoryRoot } from './locations.ts';
import type { Machine } from './preconditions.ts';
import { type Log, runSlowly } from './progress.ts';

const REQUIREMENTS = join(repositoryRoot, 'lab/requirements.txt');

function environmentFolder(machine: Machine): string {
  const key = createHash('sha256')
    .update(readFileSync(REQUIREMENTS))
    .update(machine.pythonVersion)
    .digest('hex');
  return join(cacheFolder(), `python-${key.slice(0, 12)}`);
}

/** Path of the environment's Python. */
export function pythonPath(machine: Machine): string {
  return join(environmentFolder(machine), 'bin', 'python');
}

export function hasPythonEnvironment(machine: Machine): boolean {
  return existsSync(join(environmentFolder(machine), 'complete'));
}

export async function makePythonEnvironment(machine: Machine, log: Log, signal?: AbortSignal): Promise<void> {
  if (hasPythonEnvironment(machine)) return;
  const folder = environmentFolder(machine);
  // An environment cannot be moved once it is made, so a mark at the end says that it is whole.
  rmSync(folder, { recursive: true, force: true });
  await runSlowly(
    {
      title: 'making a Python environment (about 5 s)',
      command: machine.python,
      arguments: ['-m', 'venv', folder],
      signal,
    },
    log,
  );
  await runSlowly(
    {
      title: 'downloading the Python packages of lab/requirements.txt (about 40 s)',
      command: pythonPath(machine),
      arguments: ['-m', 'pip', 'install', '--no-input', '--progress-bar', 'off', '-r', REQUIREMENTS],
      signal,
    },
    log,
  );
  writeFileSync(join(folder, 'complete'), '');
}
