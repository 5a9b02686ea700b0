// Builds dist/ from src/: tsc to build/, ncc to one file. Reproducible; a test compares the result with what is committed.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const out = process.argv[2] ?? join(root, 'dist');
const run = (...command: string[]): void => {
  const [tool = '', ...args] = command;
  execFileSync(join(root, 'node_modules', '.bin', tool), args, { cwd: root, stdio: 'inherit' });
};

rmSync(join(root, 'build'), { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
run('tsc', '-p', 'tsconfig.build.json');
run(
  'ncc',
  'build',
  'build/index.js',
  '-C',
  '-m',
  '-q',
  '--target',
  'es2024',
  '--license',
  'licenses.txt',
  '-o',
  out,
);
