// The wait, on simulated time: nothing is green early, what is surely broken ends, and the deadline names its link.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Found, HostChain, Link, Look } from '../../../src/chain/link.ts';
import { firstNotOk, isLive } from '../../../src/chain/live.ts';
import { type WaitedHost, type WaitOptions, waitForHosts } from '../../../src/chain/wait.ts';
import { codes } from '../../../src/verdict/codes.ts';
import {
  broken,
  type LinkId,
  ok,
  skipped,
  unknown,
  type Verdict,
  waiting,
} from '../../../src/verdict/verdict.ts';
import { SimulatedClock } from './simulated-clock.ts';

const said = (message: string) => ({ message, evidence: [{ from: 'there', saw: message }] });
const verdicts = {
  ok: ok('fine'),
  no: waiting('https/status', said('503')),
  stale: waiting('nameservers/not-served', said('ns-2 says NXDOMAIN')),
  wrong: broken('certificate/wrong-name', said('for default.example.test')),
  refused: broken('route/not-accepted', said('refused')),
  other: broken('route/hostname-outside-listener', said('outside')),
  unseen: unknown('look/denied', said('route53:ListResourceRecordSets')),
  unprobed: skipped('https/grpc-not-probed', said('gRPC')),
} as const satisfies Record<string, Verdict>;
type Name = keyof typeof verdicts;

interface Looked {
  readonly id: LinkId;
  readonly from: number;
  readonly to: number;
  readonly verdict: Verdict;
}

/** A host whose links say one word of their script after the other, the last one for ever. */
const scripted = (
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

const minute = 60_000;

const waitOn = (
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

const waitOne = async (...args: Parameters<typeof waitOn>): Promise<WaitedHost> => {
  const [host] = await waitOn(...args);
  if (host === undefined) throw new Error('no host');
  return host;
};

const state = (host: WaitedHost, id: LinkId) => host.links.find((link) => link.id === id);

describe('streaks', () => {
  test('three rounds in a row in which all are ok, together and not one after the other', async () => {
    const clock = new SimulatedClock();
    const { chain, log } = scripted(clock, [
      ['route', ['ok']],
      ['nameservers', ['ok'], 3],
      ['certificate', ['ok'], 3],
      ['https', ['ok'], 3],
    ]);
    const host = await waitOne(clock, [chain]);
    expect(host).toMatchObject({ live: true, end: 'live' });
    expect(host).not.toHaveProperty('firstNotOk');
    expect(log).toHaveLength(12);
    // What has only to be repeated is asked for more often: two pauses of 0.8 s, and the looks.
    expect(clock.monotonic()).toBeLessThan(1_800);
  });

  test('200, 200, 503 is not live, and the count begins again', async () => {
    const clock = new SimulatedClock();
    const https: Name[] = ['ok', 'ok', 'no', 'ok', 'ok', 'ok'];
    const { chain, log } = scripted(clock, [
      ['nameservers', ['ok'], 3],
      ['certificate', ['ok'], 3],
      ['https', https, 3],
    ]);
    const shown: string[] = [];
    const codesShown = new Set<string | undefined>();
    const host = await waitOne(clock, [chain], {
      onChange: (_, { links }) => {
        shown.push(links.at(-1)?.message ?? '');
        codesShown.add(links.at(-1)?.code);
      },
    });
    expect(host.live).toBe(true);
    expect([...codesShown]).toEqual(['look/confirming', 'https/status', undefined]);
    expect(log.filter(({ id }) => id === 'https')).toHaveLength(6);
    expect(shown).toEqual([
      'fine (1 of 3 in a row)',
      'fine (2 of 3 in a row)',
      '503',
      'fine (1 of 3 in a row; before that: 503)',
      'fine (2 of 3 in a row; before that: 503)',
      'fine',
    ]);
  });

  test.each<[string, Name[], Name[]]>([
    ['a name server that goes back', ['ok', 'ok', 'stale', 'ok'], ['ok']],
    ['name servers that could not be asked once', ['ok', 'ok', 'unseen', 'ok'], ['ok']],
    ['a certificate that goes back', ['ok'], ['ok', 'ok', 'wrong', 'ok']],
  ])('%s sets all counts back: six rounds', async (_, nameservers, certificate) => {
    const clock = new SimulatedClock();
    const { chain, log } = scripted(clock, [
      ['nameservers', nameservers, 3],
      ['certificate', certificate, 3],
      ['https', ['ok'], 3],
    ]);
    expect(await waitOne(clock, [chain])).toMatchObject({ live: true });
    expect(log.filter(({ id }) => id === 'nameservers')).toHaveLength(6);
  });

  test('flapping without end is named at the deadline with the last trouble', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['nameservers', ['ok'], 3],
      ['certificate', ['ok'], 3],
      ['https', Array.from({ length: 999 }, (_, count): Name => (count % 3 === 2 ? 'no' : 'ok')), 3],
    ]);
    const host = await waitOne(clock, [chain]);
    expect(host).toMatchObject({
      live: false,
      end: 'deadline',
      firstNotOk: { id: 'https', state: 'waiting' },
    });
    expect(JSON.stringify(host.firstNotOk?.evidence)).toContain('503');
  });
});

describe('the walk', () => {
  test('stops at the first link that is in the way; those behind it are not looked at', async () => {
    const clock = new SimulatedClock();
    const { chain, log } = scripted(clock, [
      ['route', ['ok']],
      ['record', ['no']],
      ['nameservers', ['ok']],
      ['certificate', ['ok']],
      ['https', ['ok']],
    ]);
    const host = await waitOne(clock, [chain], { deadline: 30_000 });
    expect(host).toMatchObject({
      live: false,
      end: 'deadline',
      firstNotOk: { id: 'record', message: '503' },
    });
    expect(host.links.map(({ state }) => state)).toEqual(['ok', 'waiting', 'skipped', 'skipped', 'skipped']);
    expect(state(host, 'https')).toMatchObject({ code: 'look/not-reached' });
    expect(log.some(({ id }) => id === 'nameservers')).toBe(false);
  });

  test('passes by what could not be looked at', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['record', ['unseen']],
      ['nameservers', ['ok']],
      ['certificate', ['ok']],
      ['https', ['ok']],
    ]);
    expect(await waitOne(clock, [chain])).toMatchObject({
      live: true,
      links: [{ state: 'unknown' }, {}, {}, {}],
    });
  });

  test('hands on what was found in this very round', async () => {
    const clock = new SimulatedClock();
    let round = 0;
    const seen: (readonly string[] | undefined)[] = [];
    const chain: HostChain = {
      host: 'app.example.test',
      ref: 'HTTPRoute apps/app',
      links: [
        {
          id: 'nameservers',
          streak: 2,
          look: async () => {
            round += 1;
            return { verdict: verdicts.ok, ...(round === 1 && { found: { addresses: ['192.0.2.1'] } }) };
          },
        },
        {
          id: 'certificate',
          streak: 1,
          look: async ({ addresses }) => {
            seen.push(addresses);
            return { verdict: verdicts.ok };
          },
        },
        { id: 'https', streak: 1, look: async () => ({ verdict: verdicts.ok }) },
      ],
    };
    await waitOne(clock, [chain]);
    expect(seen).toEqual([['192.0.2.1'], undefined]);
  });

  test('a link that was passed and then fails takes the ones behind it back', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['nameservers', ['ok', 'stale']],
      ['certificate', ['ok']],
      ['https', ['no']],
    ]);
    const host = await waitOne(clock, [chain], { deadline: 10_000 });
    expect(host).toMatchObject({ firstNotOk: { id: 'nameservers' } });
    expect(state(host, 'certificate')).toMatchObject({ state: 'skipped', code: 'look/not-reached' });
  });
});

describe('broken', () => {
  const settle = codes['route/not-accepted'].settle;

  test('ends the host once it has held for its settle time, and not before', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [['route', ['refused']]]);
    const host = await waitOne(clock, [chain]);
    expect(host).toMatchObject({ live: false, end: 'broken', firstNotOk: { code: 'route/not-accepted' } });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(settle * 1000);
    expect(clock.monotonic()).toBeLessThan(settle * 1000 + 3000);
  });

  test('a wrong certificate is given longer', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [['certificate', ['wrong']]]);
    expect(await waitOne(clock, [chain])).toMatchObject({ end: 'broken' });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000);
  });

  test('what mends itself in time is live', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['route', ['refused', 'refused', 'refused', 'ok']],
      ['nameservers', ['ok']],
      ['certificate', ['ok']],
      ['https', ['ok']],
    ]);
    expect(await waitOne(clock, [chain])).toMatchObject({ live: true });
  });

  test.each<[string, Name]>([
    ['another code', 'other'],
    ['an ok', 'ok'],
    ['a wait', 'no'],
  ])('%s in between starts the settle time anew', async (_, between) => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['route', [...Array<Name>(8).fill('refused'), between, 'refused']],
      ['https', ['no']],
    ]);
    expect(await waitOne(clock, [chain])).toMatchObject({ end: 'broken' });
    expect(clock.monotonic()).toBeGreaterThan(settle * 1000 + 16_000);
  });

  test('does not end the others: the run goes on until each has an end', async () => {
    const clock = new SimulatedClock();
    const bad = scripted(clock, [['route', ['refused']]], () => 10, 'bad.example.test');
    const good = scripted(
      clock,
      [
        ['nameservers', [...Array<Name>(40).fill('stale'), 'ok']],
        ['certificate', ['ok']],
        ['https', ['ok']],
      ],
      () => 10,
      'good.example.test',
    );
    const hosts = await waitOn(clock, [bad.chain, good.chain]);
    expect(hosts).toMatchObject([{ end: 'broken' }, { end: 'live' }]);
    expect(bad.log.at(-1)?.to).toBeLessThan(25_000);
  });
});

describe('the end', () => {
  test('a look that hangs is cut off at the deadline; what was known before stands', async () => {
    const clock = new SimulatedClock();
    let looks = 0;
    const hanging: HostChain = {
      host: 'app.example.test',
      ref: 'HTTPRoute apps/app',
      links: [
        {
          id: 'nameservers',
          streak: 1,
          look: () => (looks++ === 0 ? Promise.resolve({ verdict: verdicts.stale }) : new Promise(() => {})),
        },
      ],
    };
    const host = await waitOne(clock, [hanging], { deadline: 30_000 });
    expect(host).toMatchObject({ end: 'deadline', firstNotOk: { message: 'ns-2 says NXDOMAIN' } });
    expect(clock.monotonic()).toBe(30_000);
  });

  test('a deadline that is past already: nothing is known, nothing is live', async () => {
    const clock = new SimulatedClock();
    const { chain } = scripted(clock, [
      ['nameservers', ['ok']],
      ['certificate', ['ok']],
      ['https', ['ok']],
    ]);
    expect(await waitOne(clock, [chain], { deadline: -1 })).toMatchObject({
      live: false,
      end: 'deadline',
      firstNotOk: { id: 'nameservers', state: 'skipped' },
    });
  });

  test('an abort gives what is known, at once', async () => {
    const clock = new SimulatedClock();
    const controller = new AbortController();
    const { chain } = scripted(
      clock,
      [
        ['route', ['ok']],
        ['record', ['no']],
        ['https', ['ok']],
      ],
      () => 700,
    );
    const aborting = clock
      .sleep(5000, controller.signal)
      .then(() => controller.abort(new Error('cancelled')));
    const host = await waitOne(clock, [chain], { signal: controller.signal });
    await aborting;
    expect(host).toMatchObject({
      live: false,
      end: 'aborted',
      links: [{ state: 'ok' }, { state: 'waiting' }, {}],
    });
    expect(clock.monotonic()).toBe(5000);
  });

  test('an abort before the start', async () => {
    const clock = new SimulatedClock();
    const { chain, log } = scripted(clock, [['route', ['ok']]]);
    expect(await waitOne(clock, [chain], { signal: AbortSignal.abort() })).toMatchObject({ end: 'aborted' });
    expect(log).toHaveLength(0);
  });

  test('no host at all', async () => {
    expect(await waitOn(new SimulatedClock(), [])).toEqual([]);
  });

  test('a look that throws is a bug and comes out as it is', async () => {
    const clock = new SimulatedClock();
    const bug = new TypeError('bug');
    const chain: HostChain = {
      host: 'a',
      ref: 'b',
      links: [{ id: 'route', streak: 1, look: () => Promise.reject(bug) }],
    };
    await expect(waitOne(clock, [chain])).rejects.toBe(bug);
  });
});

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
}, 60_000);

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
