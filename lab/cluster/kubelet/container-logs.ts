// The log of one container: each line with its time, in a file that people may read, kept over one restart.

import { appendFileSync, existsSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

export interface LogRequest {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number | undefined;
  readonly since?: Date | undefined;
  readonly limitBytes?: number | undefined;
}

export class ContainerLog {
  readonly #file: string;
  readonly #previous: string;

  constructor(file: string) {
    this.#file = file;
    this.#previous = file.replace(/\.log$/, '.previous.log');
  }

  /** A new run of the container: its predecessor's lines become `--previous`. */
  begin(): void {
    if (existsSync(this.#file)) renameSync(this.#file, this.#previous);
    writeFileSync(this.#file, '');
  }

  /** Takes every line of a stream. */
  collect(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.#write(lines);
    });
    stream.once('end', () => {
      if (rest !== '') this.#write([rest]);
    });
  }

  #write(lines: readonly string[]): void {
    const at = new Date().toISOString();
    if (lines.length > 0) appendFileSync(this.#file, lines.map((line) => `${at} ${line}\n`).join(''));
  }

  /** Hands over what was asked for; goes on until `signal` when it is to follow. */
  async read(wanted: LogRequest, send: (text: string) => void, signal: AbortSignal): Promise<void> {
    const file = wanted.previous ? this.#previous : this.#file;
    if (!existsSync(file)) return;
    let left = wanted.limitBytes ?? Number.POSITIVE_INFINITY;
    const emit = (lines: readonly string[]): void => {
      const text = lines
        .map((line) => `${wanted.timestamps ? line : line.slice(line.indexOf(' ') + 1)}\n`)
        .join('');
      if (text !== '' && left > 0) send(text.slice(0, left));
      left -= text.length;
    };

    let content = readFileSync(file, 'utf8');
    let read = content.length;
    let lines = content.split('\n').slice(0, -1);
    const since = wanted.since?.toISOString();
    if (since !== undefined) lines = lines.filter((line) => line.slice(0, since.length) >= since);
    if (wanted.tailLines !== undefined) lines = lines.slice(Math.max(0, lines.length - wanted.tailLines));
    emit(lines);
    if (!wanted.follow || wanted.previous) return;

    const watcher = watch(file);
    const changed = (): void => {
      content = readFileSync(file, 'utf8');
      // Only whole lines are written, and only at the end, so what was read once does not change.
      emit(content.slice(read).split('\n').slice(0, -1));
      read = content.length;
    };
    await new Promise<void>((done) => {
      watcher.on('change', (kind) => {
        if (kind === 'rename') done();
        else changed();
      });
      watcher.on('error', () => done());
      if (signal.aborted) done();
      signal.addEventListener('abort', () => done(), { once: true });
    });
    watcher.close();
  }
}
