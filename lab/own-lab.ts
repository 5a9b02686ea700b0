// Runs a script inside a lab of its own, beside whatever runs, and ends the lab with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnInLab, startLab, stopLab } from './cluster/lab.ts';

const root = join(import.meta.dirname, '..');

/** `args` are node's: the script and its options. Answers its exit code; its output is passed on. */
export async function runInOwnLab(args: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-lab-'));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    const lab = await startLab({ dir: join(folder, 'lab'), log: console.error, signal: stop.signal });
    const dist = process.env['LAB_DIST'];
    const environment = dist === undefined ? {} : { LAB_DIST: dist };
    const running = spawnInLab(lab.path, process.execPath, [...args], { folder: root, environment });
    running.child.stdout?.pipe(process.stdout);
    running.child.stderr?.pipe(process.stderr);
    stop.signal.addEventListener('abort', () => void running.kill('SIGTERM'));
    return (await running.ended).code ?? 1;
  } finally {
    await stopLab(join(folder, 'lab'));
    rmSync(folder, { recursive: true, force: true });
  }
}
