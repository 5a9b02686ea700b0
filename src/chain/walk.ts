// One walk along a host's chain: each link is looked at until one is in the way.
import { skipped, type Verdict } from '../verdict/verdict.ts';
import type { Found, Link, Look } from './link.ts';

/** What a link that was not looked at shows. */
export const notReached = (inTheWay?: Verdict): Verdict =>
  skipped('look/not-reached', {
    message: inTheWay === undefined ? 'Not looked at yet.' : 'Not looked at: an earlier link is not ok.',
  });

/** Rejects with the signal's reason as soon as it aborts, even where the promise does not heed the signal. */
const untilAborted = async <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/**
 * Looks from the first link to the first that is `waiting` or `broken`; `unknown` and `skipped` are passed by. Hands each
 * link what the earlier ones found in this same walk. Gives the number of links that were looked at.
 */
export const walk = async (
  links: readonly Link[],
  signal: AbortSignal,
  onLook: (index: number, look: Look) => void,
): Promise<number> => {
  let found: Found = {};
  for (const [index, link] of links.entries()) {
    signal.throwIfAborted();
    const look = await untilAborted(link.look(found, signal), signal);
    found = { ...found, ...look.found };
    onLook(index, look);
    if (look.verdict.state === 'waiting' || look.verdict.state === 'broken') return index + 1;
  }
  return links.length;
};
