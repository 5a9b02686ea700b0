// Hosts whose links say, look after look, what a test has written down; and the wait over them.
import type { Found, HostChain, Link, Look } from '../../../src/chain/link.ts';
import { type WaitedHost, type WaitOptions, waitForHosts } from '../../../src/chain/wait.ts';
import {
  broken,
  type LinkId,
  ok,
  skipped,
  unknown,
  type Verdict,
  waiting,
} from '../../../src/verdict/verdict.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export const said = (message: string) => ({ message, evidence: [{ from: 'there', saw: message }] });
export const verdicts = {
  ok: ok('fine'),
  no: waiting('https/status', said('503')),
  stale: waiting('nameservers/not-served', said('ns-2 says NXDOMAIN')),
  wrong: broken('certificate/wrong-name', said('for default.example.test')),
  refused: broken('route/not-accepted', said('refused')),
  other: broken('route/hostname-outside-listener', said('outside')),
  unseen: unknown('look/denied', said('route53:ListResourceRecordSets')),
  unprobed: skipped('https/grpc-not-probed', said('gRPC')),
} as const satisfies Record<string, Verdict>;
export type Name = keyof typeof verdicts;

export interface Looked {
  readonly id: LinkId;
  readonly from: number;
  readonly to: number;
  readonly verdict: Verdict;
}

/** A host whose links say one word of their script after the other, the last one for ever. */
export const scripted = (
  clock: SimulatedClock,
  script: readonly (readonly [id: LinkId, words: readonly Name[], streak?: number])[],
  delay: () => number = () => 10,
  host = 'app.example.test',
): { chain: HostChain; log: Looked[] } => {
  const log: Looked[] = [];
  const links = script.map(([id, words, streak = 1]): Link => {
    let count = 0;
    return {
      id,
      streak,
      look: async (_found: Found, signal: AbortSignal): Promise<Look> => {
        const from = clock.monotonic();
        const verdict = verdicts[words[Math.min(count++, words.length - 1)] ?? 'ok'];
        await clock.sleep(delay(), signal);
        log.push({ id, from, to: clock.monotonic(), verdict });
        return { verdict };
      },
    };
  });
  return { chain: { host, ref: 'HTTPRoute apps/app', links }, log };
};

export const minute = 60_000;

export const waitOn = (
  clock: SimulatedClock,
  chains: readonly HostChain[],
  options: Partial<WaitOptions> = {},
): Promise<readonly WaitedHost[]> =>
  clock.run(
    waitForHosts(chains, {
      clock,
      deadline: clock.monotonic() + 10 * minute,
      interval: 2000,
      random: () => 0.5,
      signal: new AbortController().signal,
      ...options,
    }),
  );

export const waitOne = async (...args: Parameters<typeof waitOn>): Promise<WaitedHost> => {
  const [host] = await waitOn(...args);
  if (host === undefined) throw new Error('no host');
  return host;
};

export const state = (host: WaitedHost, id: LinkId) => host.links.find((link) => link.id === id);
