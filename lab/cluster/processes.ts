// Starts the lab's processes with a log file each, and knows which of them have ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabFailure } from '../tools/failure.ts';
import type { LabFolder } from './folder.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export interface ProcessState {
  readonly name: string;
  readonly state: 'running' | 'ended';
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
}

// Proxies are out of reach in a lab; a person's own AWS credentials and certificate bundles must stay out of it.
const LEFT_OUTSIDE = /^((https?|all|no)_proxy|AWS_.*|.*_CA_BUNDLE|SSL_CERT_DIR)$/i;

/** This process's environment without what belongs to the world outside the lab. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !LEFT_OUTSIDE.test(name)));
}

export class Processes {
  readonly #folder: LabFolder;
  readonly #states = new Map<string, ProcessState>();
  readonly #endings: Promise<never>[] = [];

  constructor(folder: LabFolder) {
    this.#folder = folder;
  }

  start(spec: ProcessSpec): ChildProcess {
    const log = openSync(this.#folder.log(spec.name), 'a');
    const child = spawn(spec.command, [...spec.arguments], {
      cwd: spec.folder ?? this.#folder.path,
      // A lab lives for minutes: what collects garbage less often takes a sixth less of the processor.
      env: { GOGC: '400', ...plainEnvironment(), ...spec.environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#set({ name: spec.name, state: 'running' });
    const ending = new Promise<never>((_, failed) => {
      child.once('error', (cause) => {
        this.#set({ name: spec.name, state: 'ended' });
        failed(new LabFailure(`${spec.name} cannot be started: ${cause.message}`, { cause }));
      });
      child.once('exit', (code, signal) => {
        this.#set({ name: spec.name, state: 'ended', code, signal });
        console.log(`${spec.name} ended with ${signal ?? code}`);
        failed(new LabFailure(`${spec.name} ended with ${signal ?? code}:\n${this.tail(spec.name)}`));
      });
    });
    // After start-up nobody waits for an ending any more; it is then only recorded.
    ending.catch(() => undefined);
    this.#endings.push(ending);
    return child;
  }

  /** Waits for `work`, but no longer than all processes live. */
  async whileAllLive<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, ...this.#endings]);
  }

  tail(name: string, lines = 20): string {
    return readFileSync(this.#folder.log(name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  #set(state: ProcessState): void {
    this.#states.set(state.name, state);
    writeFileSync(
      this.#folder.file('processes.json'),
      JSON.stringify([...this.#states.values()], undefined, 2),
    );
  }
}

/** Asks until the answer is not undefined; throws after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new LabFailure(`${what}: not so within ${seconds} s`);
    await sleep(everyMs);
  }
}

/** True when something accepts connections there. */
export function accepts(host: string, port: number): Promise<true | undefined> {
  return new Promise((done) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(undefined));
  });
}
