// The chain's port to Route 53 in the DNS account.
import type { Seen } from '../verdict/seen.ts';

export interface HostedZone {
  /** Without the `/hostedzone/` prefix. */
  readonly id: string;
  /** Lower case, without a trailing dot. */
  readonly name: string;
  readonly private: boolean;
  /** Host names of the delegation set, lower case, without a trailing dot; empty for a private zone. */
  readonly nameServers: readonly string[];
}

export interface RecordSet {
  /** Lower case, no trailing dot, `\052` decoded to `*`. */
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly alias?: { readonly target: string; readonly zoneId: string };
  /** Values as stored (TXT keeps its quotes). */
  readonly values: readonly string[];
}

export interface ZoneReader {
  /**
   * Zones that could hold the host, longest name first, public and private: those of every suffix of it.
   * With a zone id given by input: that zone alone.
   */
  zones(host: string, signal: AbortSignal): Promise<Seen<readonly HostedZone[]>>;
  /** The record sets with exactly these names (any type). Reads the zone at most once in 5 s, shared between hosts. */
  records(zoneId: string, names: readonly string[], signal: AbortSignal): Promise<Seen<readonly RecordSet[]>>;
}

/** A reader of zones that can read all of one, for whoever looks for what nobody asked for. */
export interface WholeZoneReader extends ZoneReader {
  all(zoneId: string, signal: AbortSignal): Promise<Seen<readonly RecordSet[]>>;
}
