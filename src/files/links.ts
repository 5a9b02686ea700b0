// Links in a folder that other programs will follow: none may lead out of the workspace.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export interface Link {
  /** Relative to the workspace. */
  readonly path: string;
  readonly target: string;
}

/**
 * The first link in the folder, or in a folder that its links lead to, whose target is outside.
 * @param workspace its real path
 */
export async function linkOutside(
  workspace: string,
  folder: string,
  signal: AbortSignal,
  seen = new Set<string>(),
): Promise<Link | undefined> {
  signal.throwIfAborted();
  if (seen.has(folder)) return undefined;
  seen.add(folder);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // A link that leads nowhere brings nothing.
    const real = entry.isSymbolicLink() ? await realpath(path).catch(() => undefined) : path;
    if (real === undefined) continue;
    if (real !== workspace && !real.startsWith(workspace + sep))
      return { path: relative(workspace, path).split(sep).join('/'), target: real };
    if (!entry.isDirectory() && !(entry.isSymbolicLink() && (await stat(real)).isDirectory())) continue;
    const inner = await linkOutside(workspace, real, signal, seen);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
