// Errors of the file system in words that say what to do about them.

const known: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota of the disk is used up',
};

/** `no space is left (ENOSPC)`; the error's own words where it is none of the file system. */
export const saySystemError = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return String(error);
  const words = known[code];
  return words === undefined ? code : `${words} (${code})`;
};
