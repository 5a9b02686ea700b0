// Builds dist/ from src/: tsc to build/, ncc to one file, swc to a small one. Reproducible; a test compares the result with what is committed.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { minifySync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'dist'));
const run = (cwd: string, ...command: string[]): void => {
  const [tool = '', ...args] = command;
  execFileSync(join(root, 'node_modules', '.bin', tool), args, { cwd, stdio: 'inherit' });
};

// Inside the repository, where node_modules is found; apart for each target, so that two builds do not meet.
const emitted = join(root, 'build', basename(out));
rmSync(emitted, { recursive: true, force: true });
run(root, 'tsc', '-p', 'tsconfig.build.json', '--outDir', emitted);
rmSync(out, { recursive: true, force: true });
run(
  // The bundler names modules by their path from where it runs: from here it is the same for every target.
  emitted,
  'ncc',
  'build',
  'index.js',
  '-C',
  '-q',
  '--target',
  'es2024',
  '--license',
  'licenses.txt',
  '-o',
  out,
);

// What `ncc -m` has terser do, names of functions and classes kept, in seconds instead of a minute.
const file = join(out, 'index.js');
const { code } = minifySync(readFileSync(file, 'utf8'), {
  module: true,
  compress: false,
  mangle: { keep_classnames: true, keep_fnames: true },
  format: { comments: 'some' },
});
writeFileSync(file, code);
