// Reads one file of the workspace again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `undefined` where it cannot be read: it only serves to say more. */
export async function readAgain(workspace: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(join(workspace, path), 'utf8');
  } catch {
    return undefined;
  }
}
