// The controller's log: one JSON object a line, with the fields that the real controller's logger writes.
export class Log {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  #write(level: 'info' | 'error', message: string, fields: Record<string, unknown>): void {
    const ts = `${new Date().toISOString().slice(0, 19)}Z`;
    process.stdout.write(
      `${JSON.stringify({ level, ts, ...(this.#name && { logger: this.#name }), msg: message, ...fields })}\n`,
    );
  }

  info(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('info', message, fields);
  }

  error(message: string, error: unknown, fields: Record<string, unknown> = {}): void {
    this.#write('error', message, { ...fields, error: wordsOf(error) });
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
