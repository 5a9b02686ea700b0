// Runs one slow command and keeps saying that it is alive: a line at the start, every 15 s and at the end.

import { spawn } from 'node:child_process';
import { LabFailure } from './failure.ts';

export type Log = (line: string) => void;

export interface SlowCommand {
  readonly title: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const EVERY_MS = 15_000;
const TAIL_LINES = 20;

export async function runSlowly(work: SlowCommand, log: Log): Promise<void> {
  const started = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`;
  const tail: string[] = [];

  log(`${work.title} …`);
  const child = spawn(work.command, [...work.arguments], {
    cwd: work.folder,
    env: { ...process.env, ...work.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(work.signal ? { signal: work.signal } : {}),
  });
  const keep = (chunk: Buffer): void => {
    tail.push(
      ...chunk
        .toString()
        .split('\n')
        .filter((line) => line.trim() !== ''),
    );
    tail.splice(0, tail.length - TAIL_LINES);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ticking = setInterval(() => {
    const latest = tail.at(-1)?.slice(0, 80);
    log(`${work.title}: ${seconds()}${latest ? ` (${latest})` : ''}`);
  }, EVERY_MS);

  try {
    const code = await new Promise<number | null>((done, failed) => {
      child.once('error', failed);
      child.once('close', done);
    });
    if (code !== 0) {
      throw new LabFailure(`${work.title} failed after ${seconds()}:\n${tail.join('\n')}`);
    }
  } finally {
    clearInterval(ticking);
  }
  log(`${work.title}: done in ${seconds()}`);
}
