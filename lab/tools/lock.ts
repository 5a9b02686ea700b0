// One builder at a time: two labs that start on a bare machine must not build the same tools side by side.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './progress.ts';

/** Runs `work` while this process holds the lock file; waits for another holder as long as that one lives. */
export async function withLock<T>(
  file: string,
  log: Log,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!taken(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !alive(holder)) {
      removeStale(file);
      continue;
    }
    if (!told) {
      log(`waiting for process ${holder ?? '?'}, which builds the same tools`);
      told = true;
    }
    await sleep(500, undefined, signal ? { signal } : {});
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function taken(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function holderOf(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

// Renaming first means that only one of several waiters removes the dead holder's file.
function removeStale(file: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
    rmSync(aside, { force: true });
  } catch {
    // Another waiter was faster.
  }
}
