// On the way of the wait: what is told, links that a later look revises, changes of the cluster; and properties of any course.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HostChain, Link } from '../../../src/chain/link.ts';
import { firstNotOk, isLive } from '../../../src/chain/live.ts';
import { codes } from '../../../src/verdict/codes.ts';
import { broken, type LinkId, skipped, type Verdict } from '../../../src/verdict/verdict.ts';
import { minute, type Name, said, scripted, state, verdicts, waitOn, waitOne } from './scripted-hosts.ts';
import { SimulatedClock } from './simulated-clock.ts';

describe('what is told on the way', () => {
  test('seconds say since when a link has been as it is', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(
      clock,
      [
        ['nameservers', ['stale', 'stale', 'ok']],
        ['certificate', ['ok']],
        ['https', ['no', 'ok']],
      ],
      () => 1000,
    );
    const host = await waitOne(clock, [chain]);
    // Rounds begin at 0, 3 and 6 s (1 s look, 2 s pause), then at 11 s; each look takes 1 s.
    expect(host.links.map(({ seconds }) => seconds)).toEqual([7, 8, 14]);
  });

  test('a change is told once, not every round', async () => {
    const clock = new SimulatedClock();
    const told: string[] = [];
    const { chain } = scripted(clock, [['record', ['no']]]);
    await waitOne(clock, [chain], {
      deadline: 60_000,
      onChange: (host, { end, firstNotOk: first }) => told.push(`${host} ${first?.code} ${end}`),
    });
    expect(told).toEqual([
      'app.example.test https/status undefined',
      'app.example.test https/status deadline',
    ]);
  });

  test('every 15 s all hosts are told', async () => {
    const clock = new SimulatedClock();
    const ticks: [number, string[]][] = [];
    const chains = ['a', 'b'].map((host) => scripted(clock, [['record', ['no']]], () => 10, host).chain);
    await waitOn(clock, chains, {
      deadline: 50_000,
      onTick: (hosts) => ticks.push([clock.monotonic(), hosts.map(({ host }) => host)]),
    });
    expect(ticks).toEqual([15_000, 30_000, 45_000].map((at) => [at, ['a', 'b']]));
  });

  test('at most so many hosts are looked at simultaneously', async () => {
    const clock = new SimulatedClock();
    let now = 0;
    let most = 0;
    const chains = Array.from(
      { length: 40 },
      (_, count): HostChain => ({
        host: `h${count}`,
        ref: 'r',
        links: [
          {
            id: 'record',
            streak: 1,
            look: async (_found, signal) => {
              most = Math.max(most, ++now);
              await clock.sleep(500, signal);
              now -= 1;
              return { verdict: verdicts.no };
            },
          },
        ],
      }),
    );
    await waitOn(clock, chains, { deadline: 20_000, concurrency: 8 });
    expect(most).toBe(8);
  });
});

const words = fc.constantFrom<Name>('ok', 'ok', 'ok', 'no', 'stale', 'wrong', 'refused', 'unseen');
const script = fc.array(words, { minLength: 1, maxLength: 12 });

test('property: whatever the scripts, delays and chances, no green is early and no rounds overlap', async () => {
  const hosts = fc.array(
    fc.record({ route: script, nameservers: script, certificate: script, https: script }),
    { minLength: 1, maxLength: 4 },
  );
  const chances = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(hosts, fc.integer({ min: 1, max: 4 }), chances, async (scripts, streak, chance) => {
      const clock = new SimulatedClock();
      const random = (): number => chance.next().value ?? 0;
      const made = scripts.map(({ route, nameservers, certificate, https }, index) =>
        scripted(
          clock,
          [
            ['route', route],
            ['nameservers', nameservers, streak],
            ['certificate', certificate, streak],
            ['https', https, streak],
          ],
          () => Math.floor(random() * 5000),
          `h${index}`,
        ),
      );
      const deadline = 3 * minute;
      const results = await waitOn(
        clock,
        made.map(({ chain }) => chain),
        { deadline, random, concurrency: 2 },
      );
      expect(clock.monotonic()).toBeLessThanOrEqual(deadline);
      for (const [index, result] of results.entries()) {
        const log = made[index]?.log ?? [];
        for (const [at, look] of log.entries())
          expect(look.from).toBeGreaterThanOrEqual(log[at - 1]?.to ?? 0);
        if (!result.live) {
          expect(result.firstNotOk).toBeDefined();
          continue;
        }
        // The last rounds, each from the route to https without a gap.
        const last = log.slice(-4 * streak);
        expect(last.map(({ id }) => id)).toEqual(
          Array.from({ length: streak }, () => ['route', 'nameservers', 'certificate', 'https']).flat(),
        );
        const proofs = last.filter(({ id }) => id !== 'route');
        expect(proofs.every(({ verdict }) => verdict.state === 'ok')).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

describe('live', () => {
  const proofs = ['nameservers', 'certificate', 'https'] as const;
  const links = (...states: Verdict[]) =>
    proofs.map((id, index) => ({ id, ...(states[index] ?? verdicts.ok) }));

  test.each<[string, Verdict[], boolean]>([
    ['all ok', [verdicts.ok, verdicts.ok, verdicts.ok], true],
    ['a gRPC host at its certificate', [verdicts.ok, verdicts.ok, verdicts.unprobed], true],
    ['https not reached', [verdicts.ok, verdicts.ok, skipped('look/not-reached', said(''))], false],
    ['name servers unknown', [verdicts.unseen, verdicts.ok, verdicts.ok], false],
    ['certificate waiting', [verdicts.ok, verdicts.no, verdicts.ok], false],
  ])('%s', (_, states, live) => {
    expect(isLive(links(...states))).toBe(live);
  });

  test('nothing before may be broken, but it may be unknown', () => {
    expect(isLive([{ id: 'route', ...verdicts.refused }, ...links()])).toBe(false);
    expect(isLive([{ id: 'route', ...verdicts.unseen }, ...links()])).toBe(true);
  });

  test('a chain without the proofs is not live', () => {
    expect(isLive([{ id: 'route', ...verdicts.ok }])).toBe(false);
    expect(isLive(links().slice(0, 2))).toBe(false);
  });

  test('the link to name is the first that is in the way, not one that could not be looked at', () => {
    const all = [{ id: 'record' as const, ...verdicts.unseen }, ...links(verdicts.ok, verdicts.wrong)];
    expect(firstNotOk(all)).toMatchObject({ id: 'certificate' });
    expect(
      firstNotOk([{ id: 'record' as const, ...verdicts.unseen }, ...links(verdicts.unseen)]),
    ).toMatchObject({
      id: 'nameservers',
    });
  });
});

describe('a link that a later look revises', () => {
  const suspect = broken('workload/port-mismatch', said('8080 against 80'));
  const revising = (words: readonly ('ok' | 'no' | 'revised')[]): HostChain => {
    let count = 0;
    const fine = (id: LinkId): Link => ({ id, streak: 1, look: async () => ({ verdict: verdicts.ok }) });
    const https: Link = {
      id: 'https',
      streak: 1,
      look: async () => {
        const word = words[Math.min(count++, words.length - 1)] ?? 'ok';
        if (word !== 'revised') return { verdict: verdicts[word] };
        return { verdict: verdicts.no, revises: { id: 'workload', verdict: suspect } };
      },
    };
    const links = [...(['route', 'workload', 'nameservers', 'certificate'] as const).map(fine), https];
    return { host: 'app.example.test', ref: 'HTTPRoute apps/app', links };
  };

  test('is named, and ends the wait after its own settle time', async () => {
    const clock = new SimulatedClock();
    const changes: string[] = [];
    const host = await waitOne(clock, [revising(['no', 'revised'])], {
      onChange: (_host, result) => changes.push(`${state(result, 'workload')?.state}`),
    });
    expect(host).toMatchObject({ end: 'broken', firstNotOk: { id: 'workload', state: 'broken' } });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(codes['workload/port-mismatch'].settle * 1000);
    // Told once, and not anew in every round in which the link itself looks well.
    expect(changes).toEqual(['ok', 'broken', 'broken']);
  });

  test('is as it looks again once the later link is well', async () => {
    const host = await waitOne(new SimulatedClock(), [revising(['revised', 'revised', 'ok'])]);
    expect(host).toMatchObject({ live: true, end: 'live' });
    expect(state(host, 'workload')).toMatchObject({ state: 'ok' });
  });
});

describe('changes of the cluster', () => {
  /** A count that the test raises, on simulated time. */
  const counted = () => {
    let total = 0;
    const wakes = new Set<() => void>();
    return {
      count: () => total,
      subscribe: (wake: () => void) => {
        wakes.add(wake);
        return () => wakes.delete(wake);
      },
      change: () => {
        total += 1;
        for (const wake of wakes) wake();
      },
      listening: () => wakes.size,
    };
  };
  const looksAt = async (
    id: LinkId,
    inCluster: boolean,
    changesAt: readonly number[],
  ): Promise<readonly number[]> => {
    const clock = new SimulatedClock();
    const changes = counted();
    const looks: number[] = [];
    const link: Link = {
      id,
      streak: 1,
      ...(inCluster && { inCluster: true }),
      look: async (_found, signal) => {
        looks.push(Math.round(clock.monotonic()));
        await clock.sleep(10, signal);
        return { verdict: looks.length < 4 ? verdicts.no : verdicts.ok };
      },
    };
    const { signal } = new AbortController();
    for (const at of changesAt) void clock.sleep(at, signal).then(changes.change);
    await waitOn(clock, [{ host: 'app.example.test', ref: 'r', links: [link] }], {
      interval: 60_000,
      deadline: 100_000,
      changes,
    });
    expect(changes.listening()).toBe(0);
    return looks;
  };

  test('wake a host that waits for the cluster at once', async () => {
    expect((await looksAt('gateway', true, [5_000, 5_050, 9_000])).slice(0, 4)).toEqual([
      0, 5_000, 5_112, 9_000,
    ]);
  });

  test('that come while it looks, or just after, are not lost', async () => {
    expect((await looksAt('gateway', true, [5, 300])).slice(0, 3)).toEqual([0, 112, 300]);
  });

  test('do not wake a host that waits for something else', async () => {
    expect((await looksAt('nameservers', false, [5_000, 6_000])).slice(0, 2)).toEqual([0, 60_010]);
  });
});
