// Receives one answer whole, within its limits of time and size.
import type { Dispatcher } from 'undici';
import { Problem } from '../verdict/problem.ts';
import type { Limits, Received } from './transport.ts';

/**
 * undici's own `request` makes a stream of each answer, and its limits an abort signal and a timer: a seventh of what a PATCH
 * costs this process.
 */
class Answer implements Dispatcher.DispatchHandler {
  readonly #path: string;
  readonly #limits: Limits;
  readonly #signal: AbortSignal;
  readonly #resolve: (received: Received) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #parts: Buffer[] = [];
  #size = 0;
  #status = 0;
  #headers: Received['headers'] = {};
  #controller: Dispatcher.DispatchController | undefined;
  #stopped: { readonly reason: unknown } | undefined;

  constructor(
    path: string,
    limits: Limits,
    signal: AbortSignal,
    resolve: (received: Received) => void,
    reject: (error: unknown) => void,
  ) {
    this.#path = path;
    this.#limits = limits;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(this.#late, limits.request);
    signal.addEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => this.#stop(this.#signal.reason);

  readonly #late = (): void => {
    const message = `no whole answer within ${this.#limits.request} ms`;
    this.#stop(new DOMException(message, 'TimeoutError'));
  };

  /** A request that still waits for its connection has no controller yet: it is stopped when it begins. */
  #stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#end();
    this.#reject(reason);
    this.#controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stopped) this.#stop(this.#stopped.reason);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Received['headers'],
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, part: Buffer): void {
    this.#size += part.byteLength;
    const { answer } = this.#limits;
    if (this.#size <= answer) this.#parts.push(part);
    else
      this.#stop(
        new Problem(
          'look/failed',
          `The API server's answer to ${this.#path} is larger than ${answer} bytes.`,
        ),
      );
  }

  onResponseEnd(): void {
    this.#end();
    const [first, ...more] = this.#parts;
    const whole = first === undefined || more.length > 0 ? Buffer.concat(this.#parts) : first;
    this.#resolve({ status: this.#status, headers: this.#headers, text: whole.toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end();
    this.#reject(error);
  }
}

/**
 * @throws Problem `look/failed` where the answer is too large; a `TimeoutError` where it is late; undici's errors; the
 * signal's reason on abort
 */
export const receive = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: Limits,
  signal: AbortSignal,
): Promise<Received> =>
  new Promise((resolve, reject) => {
    // The limit of the whole answer is ours: undici need not time its parts.
    const timed = { ...request, headersTimeout: 0, bodyTimeout: 0 };
    dispatcher.dispatch(timed, new Answer(request.path, limits, signal, resolve, reject));
  });
