// The wait, on simulated time: nothing is green early, what is surely broken ends, and the deadline names its link.
import { describe, expect, test } from '@jest/globals';
import type { HostChain } from '../../../src/chain/link.ts';
import { codes } from '../../../src/verdict/codes.ts';
import { type Name, scripted, state, verdicts, waitOn, waitOne } from './scripted-hosts.ts';
import { SimulatedClock } from './simulated-clock.ts';

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
