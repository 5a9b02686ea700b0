// Runs a program as a child process: no shell, a given environment, bounded output, and an end when told to stop.
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';

export interface ChildOptions {
  readonly cwd: string;
  /** The whole environment of the child: nothing of ours goes to it that is not in here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told each line as it comes. Data from outside: made harmless by whoever prints it. */
  readonly onLine?: (line: string) => void;
  /** Bytes kept of each stream (default 64 MiB); what comes after is dropped and `cut` is set. */
  readonly most?: number;
  /** Milliseconds between SIGINT and SIGKILL on abort (default 3 s). */
  readonly grace?: number;
}

export interface ChildEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether some output was dropped. */
  readonly cut: boolean;
}

const longestLine = 16 * 1024;

/** Keeps a stream's text up to a limit, and hands on its lines. */
class Capture {
  readonly #parts: string[] = [];
  readonly #most: number;
  readonly #onLine: ((line: string) => void) | undefined;
  #size = 0;
  #rest = '';
  cut = false;

  constructor(most: number, onLine: ((line: string) => void) | undefined) {
    this.#most = most;
    this.#onLine = onLine;
  }

  take(text: string): void {
    if (this.#size + text.length > this.#most) this.cut = true;
    else this.#parts.push(text);
    this.#size += text.length;
    if (!this.#onLine) return;
    const lines = `${this.#rest}${text}`.split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) this.#onLine(line);
  }

  end(): string {
    if (this.#rest !== '') this.#onLine?.(this.#rest);
    this.#rest = '';
    return this.#parts.join('');
  }
}

/** The child leads a process group of its own, so that what it started ends with it. */
const signalGroup = (child: ChildProcess, name: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
};

/**
 * @throws the signal's reason, after the child has ended, when it aborts; the error of spawn (`code: 'ENOENT'` where
 * there is no such program).
 */
export const runChild = async (
  command: string,
  args: readonly string[],
  options: ChildOptions,
  signal: AbortSignal,
): Promise<ChildEnd> => {
  signal.throwIfAborted();
  const most = options.most ?? 64 * 1024 * 1024;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const out = new Capture(most, options.onLine);
  const err = new Capture(most, options.onLine);
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.take(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.take(text));

  const { promise, resolve, reject } = Promise.withResolvers<ChildEnd>();
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(child, 'SIGINT');
    killer = setTimeout(() => signalGroup(child, 'SIGKILL'), options.grace ?? 3_000);
  };
  // A second Ctrl-C ends us at once: the child must not live on alone.
  const leave = (): void => signalGroup(child, 'SIGKILL');
  const settled = (): void => {
    clearTimeout(killer);
    signal.removeEventListener('abort', stop);
    process.off('exit', leave);
  };
  signal.addEventListener('abort', stop, { once: true });
  process.on('exit', leave);
  child.on('error', (error) => {
    settled();
    reject(error);
  });
  child.on('close', (code) => {
    settled();
    const end = { code, stdout: out.end(), stderr: err.end(), cut: out.cut || err.cut };
    if (signal.aborted) reject(signal.reason);
    else resolve(end);
  });
  return promise;
};
