// How fast the built action starts: whoever watches a job, or cancels it, should not wait for the loading. No lab is needed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const script = join(process.env['LAB_DIST'] ?? join(import.meta.dirname, '../../dist'), 'index.js');

interface Started {
  /** Of the processor, in all its threads, from the start of the process to its first output: on a busy machine it only waits. */
  readonly milliseconds: number;
  /** Resident at that moment. */
  readonly megabytes: number;
}

/** Nanoseconds that a thread ran: the first number of its schedstat. */
const ranIn = (process: string): number =>
  readdirSync(`${process}/task`)
    .map((thread) => Number(readFileSync(`${process}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, each) => sum + each, 0);

/** Undefined where the process was gone before it could be read. */
const start = (args: readonly string[], temp: string): Promise<Started | undefined> =>
  new Promise((done, failed) => {
    const child = spawn(process.execPath, args, {
      env: { RUNNER_TEMP: temp },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.on('error', failed);
    child.stdout.once('data', () => {
      const read = (): Started | undefined => {
        try {
          const path = `/proc/${child.pid}`;
          const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`${path}/status`, 'utf8'))?.[1];
          if (resident === undefined) return undefined;
          return { milliseconds: ranIn(path) / 1e6, megabytes: Number(resident) / 1024 };
        } catch {
          return undefined;
        }
      };
      const started = read();
      child.once('close', () => done(started));
    });
  });

const total = (of: readonly Started[]): number => of.reduce((sum, { milliseconds }) => sum + milliseconds, 0);

test('the first line of the log comes within ten times of a bare node', async () => {
  const temp = mkdtempSync(join(tmpdir(), 'eks-gateway-start-'));
  const bare: Started[] = [];
  const ours: Started[] = [];
  const ratio = (): number => total(ours) / total(bare);
  try {
    // In turn, so that both feel the same load.
    for (let round = 0; round < 40 && (ours.length < 5 || ratio() >= 10); round += 1) {
      const pair = [
        await start(['-e', 'console.log(0); setTimeout(() => {}, 100)'], temp),
        await start([script], temp),
      ] as const;
      if (pair[0] === undefined || pair[1] === undefined) continue;
      bare.push(pair[0]);
      ours.push(pair[1]);
    }
  } finally {
    rmSync(temp, { recursive: true });
  }
  expect(ours.length).toBeGreaterThanOrEqual(5);
  expect(ratio()).toBeLessThan(10);
  expect(Math.max(...ours.map(({ megabytes }) => megabytes))).toBeLessThan(150);
});
