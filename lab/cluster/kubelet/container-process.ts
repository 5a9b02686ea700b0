// One container that runs as a process: started, probed, started again with back-off, ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerLog } from './container-logs.ts';
import type { Container } from './pod.ts';
import { probe } from './readiness.ts';

export interface Ending {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: 'Completed' | 'Error';
  readonly startedAt: string;
  readonly finishedAt: string;
}

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: string }
  | ({ readonly kind: 'terminated' } & Ending);

export interface StartCommand {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
}

// The kubelet's: at once, then 10 s, 20 s … 5 min, and anew after 10 good minutes.
const BACK_OFF_FIRST_S = 10;
const BACK_OFF_MOST_S = 300;
const GOOD_AFTER_MS = 600_000;
// Until it is ready a container is asked often: what the lab has to wait for here, it waits for nothing.
const PROBE_STARTING_MS = 200;

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGINT: 2,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGABRT: 6,
};

export class ContainerProcess {
  readonly container: Container;
  state: ContainerState = { kind: 'waiting', reason: 'ContainerCreating' };
  lastEnding: Ending | undefined;
  restarts = 0;
  ready = false;

  readonly #probed: boolean;
  readonly #restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly #prepare: () => Promise<StartCommand>;
  readonly #log: ContainerLog;
  readonly #address: string;
  readonly #changed: (event?: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly container: Container;
    readonly probed: boolean;
    readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
    readonly prepare: () => Promise<StartCommand>;
    readonly log: ContainerLog;
    readonly address: string;
    readonly changed: (event?: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void;
  }) {
    this.container = options.container;
    this.#probed = options.probed;
    this.#restartPolicy = options.restartPolicy;
    this.#prepare = options.prepare;
    this.#log = options.log;
    this.#address = options.address;
    this.#changed = options.changed;
  }

  start(): void {
    this.#done = this.#live();
  }

  /** SIGTERM, and SIGKILL for what is still there after the grace period. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child) {
      child.kill(graceSeconds > 0 ? 'SIGTERM' : 'SIGKILL');
      const harder = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1000);
      await this.#done;
      clearTimeout(harder);
    }
    await this.#done;
  }

  async #live(): Promise<void> {
    let backOff = 0;
    while (!this.#stopping.signal.aborted) {
      const ending = await this.#runOnce();
      this.ready = false;
      if (this.#stopping.signal.aborted || !this.#restartsAfter(ending)) {
        this.state = { kind: 'terminated', ...ending };
        this.#changed();
        return;
      }
      this.lastEnding = ending;
      if (Date.parse(ending.finishedAt) - Date.parse(ending.startedAt) > GOOD_AFTER_MS) backOff = 0;
      if (backOff > 0) {
        const message = `back-off ${backOff}s restarting failed container=${this.container.name}`;
        this.state = { kind: 'waiting', reason: 'CrashLoopBackOff', message };
        this.#changed({ type: 'Warning', reason: 'BackOff', message });
        await sleep(backOff * 1000, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
      backOff = backOff === 0 ? BACK_OFF_FIRST_S : Math.min(backOff * 2, BACK_OFF_MOST_S);
      this.restarts += 1;
    }
  }

  #restartsAfter(ending: Ending): boolean {
    return this.#restartPolicy === 'Always' || (this.#restartPolicy === 'OnFailure' && ending.exitCode !== 0);
  }

  async #runOnce(): Promise<Ending> {
    const startedAt = seconds(new Date());
    const ended = (exitCode: number, signal?: number): Ending => ({
      exitCode,
      ...(signal === undefined ? {} : { signal }),
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt,
      finishedAt: seconds(new Date()),
    });
    try {
      const start = await this.#prepare();
      if (this.#stopping.signal.aborted) return ended(0);
      const [program = '', ...args] = start.command;
      this.#log.begin();
      const child = spawn(program, args, {
        cwd: start.folder,
        env: { ...start.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#child = child;
      this.#log.collect(child.stdout);
      this.#log.collect(child.stderr);
      const ending = new Promise<Ending>((done) => {
        child.once('error', () => done(ended(128)));
        child.once('close', (code, signal) => {
          const number = signal === null ? undefined : (SIGNAL_NUMBERS[signal] ?? 1);
          done(ended(code ?? 128 + (number ?? 0), number));
        });
      });
      this.state = { kind: 'running', startedAt };
      this.#changed({
        type: 'Normal',
        reason: 'Started',
        message: `Started container ${this.container.name}`,
      });
      await Promise.race([ending, this.#probeWhileAlive(child)]);
      return await ending;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#changed({ type: 'Warning', reason: 'Failed', message });
      return ended(128);
    } finally {
      this.#child = undefined;
    }
  }

  // Ends when the process does; until then it keeps `ready` true to what the probe says.
  async #probeWhileAlive(child: ChildProcess): Promise<void> {
    const wanted = this.#probed ? this.container.readinessProbe : undefined;
    let failures = 0;
    while (child.exitCode === null && child.signalCode === null) {
      const good = wanted === undefined || (await probe(this.container, wanted, this.#address));
      if (child.exitCode !== null || child.signalCode !== null) return;
      failures = good ? 0 : failures + 1;
      const ready = good || (this.ready && failures < (wanted?.failureThreshold ?? 3));
      if (ready !== this.ready) {
        this.ready = ready;
        this.#changed(
          ready ? undefined : { type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed' },
        );
      }
      if (!wanted) return;
      const pause = this.ready ? (wanted.periodSeconds ?? 10) * 1000 : PROBE_STARTING_MS;
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
    }
  }
}

/** Kubernetes' times have no fractions of a second. */
export function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
