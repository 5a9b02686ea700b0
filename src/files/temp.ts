// Private folders for what must not be read by others: made under the runner's temp folder, removed at the end.
import { lstat, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writePrivateFile } from './write.ts';

const prefix = 'eks-gateway-';

/** `parent` is RUNNER_TEMP, made where it is missing. mkdtemp makes the folder with mode 0700. */
export const createPrivateFolder = async (parent: string): Promise<string> => {
  await mkdir(parent, { recursive: true });
  return await mkdtemp(join(await realpath(parent), prefix));
};

/**
 * Removes a folder that `createPrivateFolder` made under `parent`, and nothing else: `post` learns the path from
 * the runner's state, which is no place to trust with a recursive delete. Does nothing where it is gone already.
 */
export const removePrivateFolder = async (folder: string, parent: string): Promise<void> => {
  if (
    dirname(folder) !== (await realpath(parent).catch(() => undefined)) ||
    !basename(folder).startsWith(prefix)
  )
    return;
  const found = await lstat(folder).catch(() => undefined);
  if (!found?.isDirectory()) return;
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
};

/** The three together, for those who take them as a port (helm/kubeconfig.ts). */
export const privateFiles = (parent: string) => ({
  createFolder: () => createPrivateFolder(parent),
  write: writePrivateFile,
  remove: (folder: string) => removePrivateFolder(folder, parent),
});
