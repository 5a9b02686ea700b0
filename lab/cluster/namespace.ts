// Runs commands inside a lab's namespaces, and brings signals to them.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from './environment.ts';
import { runningLab } from './folder.ts';
import { childOf } from './process-table.ts';
import { plainEnvironment } from './processes.ts';

export interface InLabOptions {
  readonly folder?: string;
  /** Put over the lab's environment; undefined takes a name away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Ran {
  /** Exit code; 128 + the signal's number, where a signal ended the command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** nsenter, whose standard streams are the command's. */
  readonly child: ChildProcess;
  /** Sends a signal to the command itself. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when the command has ended and its streams are closed. */
  readonly ended: Promise<Ran>;
}

/** Runs a command in the lab that is up in `dir`, to its end. */
export async function inLab(
  dir: string | undefined,
  command: string,
  args: readonly string[] = [],
  options: InLabOptions = {},
): Promise<Ran> {
  return spawnInLab(dir, command, args, options).ended;
}

/** Starts a command in the lab and hands it over, so that signals can be sent. */
export function spawnInLab(
  dir: string | undefined,
  command: string,
  args: readonly string[] = [],
  options: InLabOptions = {},
): Running {
  const child = enter(dir, command, args, options, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a group of its own nsenter gets no signal that is meant for the command, or for the caller.
    detached: true,
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));

  const kill = (signal: NodeJS.Signals): Promise<void> => signalInside(child, signal);
  const abort = (): void => void kill('SIGKILL');
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(abort, options.timeoutMs);
  options.signal?.addEventListener('abort', abort, { once: true });
  const ended = new Promise<Ran>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      done({
        code: exitCode(code, signal),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
  return { child, kill, ended };
}

/** Runs a command in the lab on this terminal, passing signals on; the answer is its exit code. */
export async function execInLab(
  dir: string | undefined,
  command: string,
  args: readonly string[],
): Promise<number> {
  // On a terminal Ctrl-C reaches the command by itself, and job control needs the same session.
  const terminal = process.stdin.isTTY === true;
  const child = enter(dir, command, args, {}, { stdio: 'inherit', detached: !terminal }, terminal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
  for (const signal of signals) {
    process.on(signal, () => {
      if (!terminal || signal !== 'SIGINT') void signalInside(child, signal);
    });
  }
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done(exitCode(code, signal)));
  });
}

function enter(
  dir: string | undefined,
  command: string,
  args: readonly string[],
  options: InLabOptions,
  spawning: SpawnOptions,
  keepSignalsOff = false,
): ChildProcess {
  const { folder, record } = runningLab(dir);
  const host = plainEnvironment();
  const environment: NodeJS.ProcessEnv = {
    ...host,
    ...readEnvironment(folder),
    PATH: `${folder.file('bin')}:${host['PATH'] ?? ''}`,
    ...options.environment,
  };
  const line = [
    ...['nsenter', '--target', String(record.initPid), '--preserve-credentials'],
    ...['--user', '--net', '--mount', '--pid', '--'],
    // nsenter comes out in the root folder, and a shell above may have had signals ignored.
    ...['env', '--default-signal=INT,TERM,HUP,QUIT', `--chdir=${options.folder ?? process.cwd()}`, '--'],
    ...[command, ...args],
  ];
  // On a terminal nsenter itself must not die of Ctrl-C before the command has ended in its own way.
  const [program = '', ...rest] = keepSignalsOff
    ? ['sh', '-c', 'trap "" INT TERM HUP QUIT; exec "$@"', 'sh', ...line]
    : line;
  return spawn(program, rest, { ...spawning, env: environment });
}

// nsenter forks to enter the process namespace: the command is its child.
async function signalInside(nsenter: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (nsenter.pid === undefined || nsenter.exitCode !== null || nsenter.signalCode !== null) return;
    const inside = childOf(nsenter.pid);
    if (inside !== undefined) {
      try {
        process.kill(inside, signal);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
      }
      return;
    }
    await sleep(10);
  }
}

const NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
};

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (NUMBERS[signal ?? ''] ?? 1);
}
