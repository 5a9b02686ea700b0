// A work queue with controller-runtime's manners: one run a key at a time, 5 ms … 1000 s back-off, and an event never waits for it.
export interface Requeue {
  afterMs: number;
}

export type Reconcile = (key: string) => Promise<Requeue | undefined>;

const FIRST_DELAY_MS = 5;
const LONGEST_DELAY_MS = 1_000_000;

export class WorkQueue {
  readonly #reconcile: Reconcile;
  readonly #failed: (key: string, error: unknown) => void;
  readonly #workers: number;
  readonly #ready: string[] = [];
  readonly #running = new Set<string>();
  /** Keys that were asked for while they ran. */
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();

  constructor(workers: number, reconcile: Reconcile, failed: (key: string, error: unknown) => void) {
    this.#workers = workers;
    this.#reconcile = reconcile;
    this.#failed = failed;
  }

  add(key: string): void {
    if (this.#running.has(key)) this.#again.add(key);
    else if (!this.#ready.includes(key)) this.#ready.push(key);
    queueMicrotask(() => this.#start());
  }

  addAfter(key: string, delayMs: number): void {
    const at = Date.now() + delayMs;
    const waiting = this.#timers.get(key);
    if (waiting && waiting.at <= at) return;
    clearTimeout(waiting?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, delayMs);
    this.#timers.set(key, { at, timer });
  }

  #start(): void {
    while (this.#running.size < this.#workers) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const requeue = await this.#reconcile(key);
      this.#failures.delete(key);
      if (requeue) this.addAfter(key, requeue.afterMs);
    } catch (error) {
      this.#failed(key, error);
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      this.addAfter(key, Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS));
    }
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
    this.#start();
  }
}
