// Walks the chains of all hosts, round after round, until each is live or surely broken, or the time is up.
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import type { ReportedLink } from '../report/report.ts';
import { type Code, codes } from '../verdict/codes.ts';
import { type LinkId, type Verdict, waiting } from '../verdict/verdict.ts';
import type { HostChain, Link } from './link.ts';
import { firstNotOk, isLive } from './live.ts';
import type { Changes } from './shared-reader.ts';
import { notReached, walk } from './walk.ts';

export interface WaitOptions {
  readonly clock: Clock;
  /** The monotonic moment in ms at which the run gives up. */
  readonly deadline: number;
  /** Milliseconds between two rounds of a host, give or take a fifth; the source of chance is `random` (0 ≤ x < 1). */
  readonly interval: number;
  /** The same while all that is missing is that good answers are repeated; default two fifths of `interval`. */
  readonly confirmInterval?: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Called after a round in which a link's state, code or message changed, and when the host ends. */
  readonly onChange?: (host: string, result: WaitedHost) => void;
  /** Called every `tick` ms (default 15000) with all hosts in their order. */
  readonly onTick?: (results: readonly WaitedHost[]) => void;
  readonly tick?: number;
  /** How many hosts are looked at simultaneously; default 16. */
  readonly concurrency?: number;
  /** What wakes the hosts that wait for something in the cluster; without it they look at `interval` alone. */
  readonly changes?: Changes;
}

export type WaitEnd = 'live' | 'broken' | 'deadline' | 'aborted';

export interface WaitedHost {
  readonly host: string;
  readonly ref: string;
  readonly live: boolean;
  readonly links: readonly ReportedLink[];
  /** The link to name when the host is not live. */
  readonly firstNotOk?: ReportedLink;
  /** How the wait for this host ended; absent while it goes on. */
  readonly end?: WaitEnd;
}

const shutOut: Code = 'https/shut-out';

/** A link as it stands: its last verdict, since when, and how often in a row it has been ok. */
class Standing {
  readonly link: Link;
  shown: Verdict = notReached();
  seconds = 0;
  private streak = 0;
  private lastTrouble: Verdict | undefined;

  constructor(link: Link) {
    this.link = link;
  }

  /** Takes the verdict of one look; what is shown differs from it while an ok has not been repeated often enough. */
  take(verdict: Verdict, seconds: number): boolean {
    this.streak = verdict.state === 'ok' ? this.streak + 1 : 0;
    if (verdict.state === 'waiting' || verdict.state === 'broken') this.lastTrouble = verdict;
    return this.show(this.streak < this.link.streak ? this.confirming(verdict) : verdict, seconds);
  }

  private confirming(verdict: Verdict): Verdict {
    if (verdict.state !== 'ok') return verdict;
    const before = this.lastTrouble;
    return waiting('look/confirming', {
      message: `${verdict.message} (${this.streak} of ${this.link.streak} in a row${before ? `; before that: ${before.message}` : ''})`,
      evidence: [...verdict.evidence, ...(before?.evidence ?? [])],
    });
  }

  private show(verdict: Verdict, seconds: number): boolean {
    const was = this.shown;
    const codeOf = (some: Verdict): string => (some.state === 'ok' ? '' : some.code);
    const turned = was.state !== verdict.state || codeOf(was) !== codeOf(verdict);
    if (turned) this.seconds = seconds;
    this.shown = verdict;
    return turned || was.message !== verdict.message;
  }

  reported(): ReportedLink {
    const { shown, seconds } = this;
    const { state, message, evidence } = shown;
    const trouble = shown.state === 'ok' ? {} : { code: shown.code, owner: shown.owner, hint: shown.hint };
    return { id: this.link.id, state, message, evidence, seconds, ...trouble };
  }
}

/** One host's wait. Its rounds follow each other: none begins before the one before has ended. */
class HostWait {
  private readonly chain: HostChain;
  private readonly options: WaitOptions;
  private readonly started: number;
  private readonly standings: readonly Standing[];
  /** Links that a later look has revised, and as what; kept while that look says so again. */
  private revised: ReadonlyMap<LinkId, Verdict> = new Map();
  private troubleSince: { readonly code: string; readonly at: number } | undefined;
  private end: WaitEnd | undefined;

  constructor(chain: HostChain, options: WaitOptions) {
    this.chain = chain;
    this.options = options;
    this.started = options.clock.monotonic();
    this.standings = chain.links.map((link) => new Standing(link));
  }

  get ended(): boolean {
    return this.end !== undefined;
  }

  /** Nothing is in the way but that some link has not been ok often enough. */
  get confirming(): boolean {
    const left = this.standings.filter(({ shown }) => shown.state === 'waiting' || shown.state === 'broken');
    return (
      left.length > 0 && left.every(({ shown }) => shown.state !== 'ok' && shown.code === 'look/confirming')
    );
  }

  /** The first link in the way looks at the cluster alone. */
  get inCluster(): boolean {
    const first = this.standings.find(({ shown }) => shown.state === 'waiting' || shown.state === 'broken');
    return first?.link.inCluster === true;
  }

  result(): WaitedHost {
    const links = this.standings.map((standing) => standing.reported());
    const live = this.isDone(links);
    const first = live ? undefined : firstNotOk(links);
    return {
      host: this.chain.host,
      ref: this.chain.ref,
      live,
      links,
      ...(first && { firstNotOk: first }),
      ...(this.end && { end: this.end }),
    };
  }

  /** Looks once from the first link to the first that is in the way. */
  async round(signal: AbortSignal): Promise<void> {
    let changed = false;
    const seen = new Map<LinkId, Verdict>();
    const revised = new Map<LinkId, Verdict>();
    const take = (id: LinkId, verdict: Verdict): void => {
      const standing = this.standings.find(({ link }) => link.id === id);
      changed = (standing?.take(verdict, this.seconds()) ?? false) || changed;
    };
    const reached = await walk(this.chain.links, signal, (index, { verdict, revises }) => {
      const id = this.chain.links[index]?.id;
      if (id === undefined) return;
      seen.set(id, verdict);
      if (revises !== undefined) revised.set(revises.id, revises.verdict);
      // What was revised in the round before waits for what this round says of it.
      if (!this.revised.has(id)) take(id, verdict);
    });
    for (const [id, verdict] of seen) {
      const revision = revised.get(id);
      if (revision !== undefined || this.revised.has(id)) take(id, revision ?? verdict);
    }
    this.revised = revised;
    const last = [...revised.values()][0] ?? [...seen.values()].at(-1);
    for (const standing of this.standings.slice(reached))
      changed = standing.take(notReached(last), this.seconds()) || changed;
    this.settle(last);
    if (this.end === undefined && this.isDone(this.standings.map((standing) => standing.reported())))
      this.end = 'live';
    if (changed || this.ended) this.options.onChange?.(this.chain.host, this.result());
  }

  finish(end: WaitEnd): void {
    if (this.ended) return;
    this.end = end;
    this.options.onChange?.(this.chain.host, this.result());
  }

  /**
   * A broken verdict ends the host once the same code has held for its settle time: controllers correct themselves. So does
   * a rule that shuts the runner out: it will be there tomorrow as well.
   */
  private settle(last: Verdict | undefined): void {
    if (last === undefined || last.state === 'ok' || !(last.state === 'broken' || last.code === shutOut)) {
      this.troubleSince = undefined;
      return;
    }
    const now = this.options.clock.monotonic();
    if (this.troubleSince?.code !== last.code) this.troubleSince = { code: last.code, at: now };
    if (now - this.troubleSince.at >= codes[last.code].settle * 1000) this.end = 'broken';
  }

  private isDone(links: readonly ReportedLink[]): boolean {
    return (this.chain.isDone ?? isLive)(links);
  }

  private seconds(): number {
    return Math.round(this.options.clock.monotonic() - this.started) / 1000;
  }
}

/** Milliseconds between two rounds of a host however often it is woken; more where many hosts are. */
const leastPause = (hosts: number): number => 100 + 2 * hosts;

/** Sleeps, but wakes after `least` ms where something has changed since the count was `seen`. */
const sleepUntilChange = async (
  { clock }: WaitOptions,
  changes: Changes,
  seen: number,
  { least, most }: { readonly least: number; readonly most: number },
  signal: AbortSignal,
): Promise<void> => {
  await clock.sleep(Math.min(least, most), signal);
  if (changes.count() !== seen || most <= least) return;
  const woken = new AbortController();
  const unsubscribe = changes.subscribe(() => woken.abort());
  try {
    await clock.sleep(most - least, AbortSignal.any([signal, woken.signal]));
  } catch (error) {
    if (signal.aborted) throw error;
  } finally {
    unsubscribe();
  }
};

/**
 * Waits until every host is live or has been broken for as long as its code's settle time, or until the deadline or the
 * signal's abort; then gives what is known. Looks under way at that moment are cut short and count for nothing.
 * Rejects only when a look throws, which is a bug.
 */
export const waitForHosts = async (
  chains: readonly HostChain[],
  options: WaitOptions,
): Promise<readonly WaitedHost[]> => {
  const { clock, deadline, interval, confirmInterval = 0.4 * interval, random, changes } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const hosts = chains.map((chain) => new HostWait(chain, options));
  const limit = pLimit(options.concurrency ?? 16);

  const follow = async (host: HostWait): Promise<void> => {
    for (;;) {
      let seen = 0;
      await limit(() => {
        seen = changes?.count() ?? 0;
        return host.round(signal);
      });
      if (host.ended) return;
      const most = (host.confirming ? confirmInterval : interval) * (0.8 + 0.4 * random());
      if (changes === undefined || !host.inCluster) await clock.sleep(most, signal);
      else await sleepUntilChange(options, changes, seen, { least: leastPause(hosts.length), most }, signal);
    }
  };
  const tick = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(options.tick ?? 15_000, signal);
      options.onTick?.(hosts.map((host) => host.result()));
    }
  };
  const followed = Promise.all(hosts.map(follow));
  const timed = clock.sleep(Math.max(0, deadline - clock.monotonic()), signal);
  try {
    await Promise.race([followed, timed, tick()]);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    over.abort();
    await Promise.allSettled([followed, timed]);
  }
  for (const host of hosts) host.finish(options.signal.aborted ? 'aborted' : 'deadline');
  return hosts.map((host) => host.result());
};
