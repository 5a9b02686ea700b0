// The nudge: a Gateway of whose failure only an old complaint tells is touched once, for its controller may be asleep.
import type { Freshness } from '../gateway/conditions.ts';
import type { Seen } from '../verdict/seen.ts';

export interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** Makes the controller look at a Gateway again, by a change that means nothing else. */
export interface GatewayToucher {
  /** When it was touched, by the API server's clock. Never throws but for the signal's abort. */
  touch(gateway: GatewayName, signal: AbortSignal): Promise<Seen<Date>>;
}

export interface NudgeSettings {
  readonly toucher: GatewayToucher;
  /** Told once a Gateway. */
  readonly onTouched?: (gateway: GatewayName) => void;
  /** Told once a Gateway; the permission that is missing, or why it failed. */
  readonly onRefused?: (gateway: GatewayName, why: string) => void;
}

/** What is believed of each Gateway: complaints since this run began or, once it has been touched, since then. */
export class Nudges {
  readonly #settings: NudgeSettings;
  readonly #touched = new Map<string, Promise<Date | undefined>>();
  readonly #since = new Map<string, Date>();

  constructor(settings: NudgeSettings) {
    this.#settings = settings;
  }

  freshness(gateway: GatewayName, base: Freshness): Freshness {
    const since = this.#since.get(nameOf(gateway));
    return since === undefined ? base : { ...base, since, nudged: true };
  }

  /** Touches the Gateway, unless it was or may not be touched in this run; many hosts share it. */
  async touch(gateway: GatewayName, signal: AbortSignal): Promise<void> {
    const name = nameOf(gateway);
    const touched = this.#touched.get(name) ?? this.#touch(gateway, signal);
    this.#touched.set(name, touched);
    const since = await touched;
    if (since !== undefined) this.#since.set(name, since);
  }

  async #touch(gateway: GatewayName, signal: AbortSignal): Promise<Date | undefined> {
    const { toucher, onTouched, onRefused } = this.#settings;
    const seen = await toucher.touch(gateway, signal);
    if ('value' in seen) {
      onTouched?.(gateway);
      return seen.value;
    }
    onRefused?.(gateway, 'denied' in seen ? seen.denied : seen.failed);
    return undefined;
  }
}

const nameOf = ({ namespace, name }: GatewayName): string => `${namespace}/${name}`;
