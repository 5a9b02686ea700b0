// The nudge: a Gateway, or a TargetGroupBinding, of whose failure only an old complaint tells is touched once, for its controller may be asleep.
import type { Clock } from '../clock.ts';
import type { Freshness } from '../gateway/conditions.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';

export interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** What may be touched. */
export interface Sleeper extends GatewayName {
  /** `Gateway`, which it is where absent, or `TargetGroupBinding`. */
  readonly kind?: string;
}

/** Makes the controller look at an object again, by a change that means nothing else. */
export interface Toucher {
  /** When it was touched, by the API server's clock. Never throws but for the signal's abort. */
  touch(sleeper: Sleeper, signal: AbortSignal): Promise<Seen<Date>>;
}

export interface NudgeSettings {
  /** Absent in a run that may not write. */
  readonly toucher?: Toucher;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told at each touch. */
  readonly onTouched?: (sleeper: Sleeper) => void;
  /** Told once an object; the permission that is missing, or why it failed. */
  readonly onRefused?: (sleeper: Sleeper, why: string) => void;
}

/**
 * Milliseconds after which an object may be touched a second and last time: the controller keeps some of what it reads from
 * AWS for a minute, so that the first touch may find what was before the mend.
 */
const again = 55_000;

interface Touches {
  readonly count: number;
  /** Monotonic. */
  readonly at: number;
  readonly done: Promise<Date | undefined>;
}

/** What is believed of each object: complaints since this run began or, once it has been touched, since then. */
export class Nudges {
  readonly #settings: NudgeSettings;
  readonly #touches = new Map<string, Touches>();
  readonly #since = new Map<string, Date>();
  readonly #refused = new Set<string>();

  constructor(settings: NudgeSettings) {
    this.#settings = settings;
  }

  freshness(sleeper: Sleeper, base: Freshness): Freshness {
    const name = nameOf(sleeper);
    if (this.#settings.toucher === undefined || this.#refused.has(name)) return base;
    const since = this.#since.get(name);
    return { ...base, began: base.since, ...(since !== undefined && { since, nudged: true }) };
  }

  /** Touches the object, unless that was done (or refused) lately; many hosts share it. */
  async touch(sleeper: Sleeper, signal: AbortSignal): Promise<void> {
    const name = nameOf(sleeper);
    const before = this.#touches.get(name);
    const now = this.#settings.clock.monotonic();
    const due =
      before === undefined || (before.count < 2 && !this.#refused.has(name) && now - before.at >= again);
    const touches = due
      ? { count: (before?.count ?? 0) + 1, at: now, done: this.#touch(sleeper, signal) }
      : before;
    this.#touches.set(name, touches);
    const since = await touches.done;
    if (since !== undefined) this.#since.set(name, since);
  }

  async #touch(sleeper: Sleeper, signal: AbortSignal): Promise<Date | undefined> {
    const { toucher, onTouched, onRefused } = this.#settings;
    if (toucher === undefined) return undefined;
    const seen = await toucher.touch(sleeper, signal);
    if ('value' in seen) {
      onTouched?.(sleeper);
      return seen.value;
    }
    this.#refused.add(nameOf(sleeper));
    onRefused?.(sleeper, 'denied' in seen ? seen.denied : seen.failed);
    return undefined;
  }
}

const nameOf = ({ kind = 'Gateway', namespace, name }: Sleeper): string => `${kind} ${namespace}/${name}`;

/** @param why the missing permission, or what went wrong */
export const nudgeRefused = ({ namespace, name }: GatewayName, why: string): Finding => {
  const ref = `Gateway ${namespace}/${name}`;
  return finding(
    'warning',
    'gateway/nudge-refused',
    `${ref} could not be touched (${why}): the controller's complaint is older than this run, and it looks again when its back-off ends, after up to 16 min 40 s.`,
    {
      ref,
      hint: `Let the role patch gateways.gateway.networking.k8s.io in namespace ${namespace}, or touch it by hand: kubectl --namespace ${namespace} annotate gateway ${name} --overwrite touched=now`,
    },
  );
};
