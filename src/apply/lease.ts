// The Lease that a run holds while it writes: who holds it, since when, and whether that run may still be at work.
import type { Clock } from '../clock.ts';

/** A run, as others are told of it. */
export interface Runner {
  /** Different for each process. */
  readonly identity: string;
  /** `GITHUB_RUN_ID`, `GITHUB_RUN_ATTEMPT`; absent outside of GitHub. */
  readonly run?: { readonly id: string; readonly attempt: number };
  readonly url?: string;
  readonly actor?: string;
}

/** A coordination.k8s.io/v1 Lease, as far as it is ours. */
export interface Lease {
  /** `undefined` where nobody holds it. */
  readonly holder?: Runner;
  readonly acquired?: Date;
  readonly renewed?: Date;
  /** For how long after `renewed` the holder is taken to be alive. */
  readonly seconds: number;
  /** How often it has changed hands. */
  readonly transitions: number;
}

/** A Lease as it was read; `version` is its resourceVersion. */
export interface StoredLease extends Lease {
  readonly version: string;
}

/** `late`: somebody else wrote it first. `homeless`: its namespace does not exist. Otherwise why it cannot be kept. */
export type LeaseWrite =
  | { readonly version: string }
  | 'late'
  | 'homeless'
  | { readonly denied: string }
  | { readonly failed: string };

export type LeaseRead =
  | { readonly lease: StoredLease | undefined }
  | { readonly denied: string }
  | { readonly failed: string };

/** The port to the one Lease of a bundle. Its clock is that of the API server, which all runs share. */
export interface LeaseStore {
  readonly clock: Clock;
  read(signal: AbortSignal): Promise<LeaseRead>;
  /** Makes it; `late` where it is there by now. */
  create(lease: Lease, signal: AbortSignal): Promise<LeaseWrite>;
  /** Writes it if it still has that version. */
  replace(version: string, lease: Lease, signal: AbortSignal): Promise<LeaseWrite>;
  /** Deletes it if it still has that version; false where it stays. */
  remove(version: string, signal: AbortSignal): Promise<boolean>;
}

/** Clocks are read from whole seconds, and requests take time. */
const margin = 2_000;

const endedBefore = ({ run: theirs }: Runner, { run: ours }: Runner): boolean =>
  theirs !== undefined && ours !== undefined && theirs.id === ours.id && theirs.attempt < ours.attempt;

/**
 * Milliseconds until the Lease is free for `us`, 0 where it is: nobody holds it; its holder has not renewed it in time; or
 * its holder is an earlier attempt of this workflow run, which GitHub starts again only when it has ended.
 * @param unchanged milliseconds for which we have seen it as it is: a holder with a clock of its own is outlived by that
 */
export const freeIn = (lease: Lease, us: Runner, now: Date, unchanged: number): number => {
  const { holder, renewed, seconds } = lease;
  if (holder === undefined || holder.identity === us.identity || endedBefore(holder, us)) return 0;
  const life = seconds * 1_000 + margin;
  const byTime = renewed === undefined ? 0 : renewed.getTime() + life - now.getTime();
  return Math.max(0, Math.min(byTime, life - unchanged));
};

/** `https://github.com/org/shop/actions/runs/7 (started by octocat)`. */
export const nameOf = ({ url, actor, identity }: Runner): string =>
  `${url ?? identity}${actor === undefined ? '' : ` (started by ${actor})`}`;

/** `2026-11-25T12:00:03Z`. */
export const moment = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
