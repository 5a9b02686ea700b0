// What a result is a result of: the commit, and the bundle that ran.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export interface Stamp {
  /** The commit's hash, with a `+` where the files that are measured differ from it. */
  readonly commit: string;
  /** SHA-256 of the bundle's index.js, in hex. */
  readonly dist: string;
}

export function stamp(): Stamp {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'bench', 'lab', 'dist') === '' ? '' : '+';
  const bundle = join(process.env['LAB_DIST'] ?? join(root, 'dist'), 'index.js');
  const dist = createHash('sha256').update(readFileSync(bundle)).digest('hex');
  return { commit: `${git('rev-parse', 'HEAD')}${changed}`, dist };
}
