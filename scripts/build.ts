// Builds dist/ from src/: tsc to build/, ncc to one file. Reproducible; a test compares the result with what is committed.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const out = process.argv[2] ?? join(root, 'dist');
const run = (...command: string[]): void => {
  const [tool = '', ...args] = command;
  execFileSync(join(root, 'node_modules', '.bin', tool), args, { cwd: root, stdio: 'inherit' });
};

// Inside the repository, where node_modules is found; apart for each target, so that two builds do not meet.
const emitted = join(root, 'build', basename(out));
rmSync(emitted, { recursive: true, force: true });
run('tsc', '-p', 'tsconfig.build.json', '--outDir', emitted);
rmSync(out, { recursive: true, force: true });
run(
  'ncc',
  'build',
  join(emitted, 'index.js'),
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
