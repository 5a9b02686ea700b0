// `npm test`: everything, in the order in which failures are cheapest to find. Last line: `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inLab, spawnInLab, startLab, stopLab } from '../lab/cluster/lab.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

interface Count extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-test-'));
const counts: Count[] = [];

async function timed(name: string, body: () => Promise<Outcome> | Outcome): Promise<void> {
  console.log(`\n=== ${name}`);
  const since = performance.now();
  counts.push({ name, ...(await body()), seconds: (performance.now() - since) / 1000 });
}

/** A command that either holds or does not: one test. */
const command = (name: string, tool: string, ...args: string[]): Promise<void> =>
  timed(name, () => {
    const { status } = spawnSync(tool, args, { cwd: root, stdio: 'inherit' });
    return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  });

/** `unit` runs here; everything else inside the lab, where its names and addresses lead somewhere. */
const jest = (project: string, lab?: string): Promise<void> =>
  timed(`${project} tests`, async () => {
    const file = join(scratch, `${project}.json`);
    const script = [
      '--experimental-vm-modules',
      '--no-warnings',
      join(root, 'node_modules/jest/bin/jest.js'),
    ];
    const args = [...script, '--rootDir', root, '--selectProjects', project, '--json', '--outputFile', file];
    if (lab === undefined) {
      spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    } else {
      const running = spawnInLab(lab, process.execPath, [...args, '--runInBand'], { folder: root });
      running.child.stderr?.pipe(process.stderr);
      await running.ended;
    }
    return jestCount(file);
  });

function jestCount(file: string): Outcome {
  try {
    const result: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = result as Record<
      string,
      number
    >;
    // A suite that could not even be loaded has no failed test of its own; a skipped test is a defect here.
    const broken = Math.max(numFailedTests ?? 0, numFailedTestSuites ?? 0) + (numPendingTests ?? 0);
    return { passed: numPassedTests ?? 0, failed: broken };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** Python's unittest, with the interpreter that the lab runs on. */
const python = (lab: string): Promise<void> =>
  timed('cloud tests', async () => {
    const args = ['-c', 'exec "$LAB_PYTHON" -m unittest discover -s lab/cloud -t .'];
    const { code, stderr } = await inLab(lab, 'sh', args, { folder: root });
    process.stderr.write(stderr);
    const ran = Number(/Ran (\d+) tests?/.exec(stderr)?.[1] ?? 0);
    const bad = [...stderr.matchAll(/(?:failures|errors|skipped)=(\d+)/g)];
    const named = bad.reduce((sum, match) => sum + Number(match[1]), 0);
    const failed = code === 0 && ran > 0 ? named : Math.max(1, named);
    return { passed: Math.max(0, ran - failed), failed };
  });

async function all(): Promise<void> {
  await command('types', 'tsc', '--noEmit');
  await command('lint', 'biome', 'check', '--error-on-warnings', '.');
  await command('generated files', process.execPath, 'scripts/generate.ts', '--check');
  await jest('unit');
  const lab = await startLab({ log: (line) => console.log(line) });
  try {
    await python(lab.path);
    for (const project of ['lab', 'dist', 'workflows']) await jest(project, lab.path);
  } finally {
    await stopLab(lab.path);
  }
}

try {
  await all();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  counts.push({ name: 'test run', passed: 0, failed: 1, seconds: 0 });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log('');
for (const { name, passed, failed, seconds } of counts) {
  console.log(
    `${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)`,
  );
}
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`\n${counts.reduce((sum, count) => sum + count.passed, 0)} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
