// The API server's own clock, told from the Date headers of its answers: objects carry its times, and a runner's may be off.
import type { Clock } from '../clock.ts';

export interface ServerClock {
  /** `now` is the API server's time, a second late at most; the runner's own until the server has answered. */
  readonly clock: Clock;
  /**
   * An answer: its Date header (RFC 9110 section 6.6.1, whole seconds), and when, by the monotonic clock, its request was
   * sent and it came.
   */
  heard(date: string, sent: number, received: number): void;
}

/** Between which bounds the server's time lies, less the monotonic clock's. */
interface Bounds {
  readonly least: number;
  readonly most: number;
}

/**
 * Each answer narrows the bounds: the server wrote its header between sending and receiving, within the second that the
 * header names. An answer that does not fit is of a server with another clock, or of one that was set: it counts alone.
 */
export const serverClock = (clock: Clock): ServerClock => {
  let bounds: Bounds | undefined;
  return {
    clock: {
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      // The least, so that what was written after a moment never looks older than it.
      now: () => (bounds === undefined ? clock.now() : new Date(bounds.least + clock.monotonic())),
    },
    heard: (date, sent, received) => {
      const second = Date.parse(date);
      if (Number.isNaN(second)) return;
      const heard = { least: second - received, most: second + 1_000 - sent };
      const both = bounds && {
        least: Math.max(bounds.least, heard.least),
        most: Math.min(bounds.most, heard.most),
      };
      bounds = both === undefined || both.least > both.most ? heard : both;
    },
  };
};
