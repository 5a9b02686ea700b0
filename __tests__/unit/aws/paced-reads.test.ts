// Reads that many share, on simulated time: how far apart they are, and for whom each is made.
import { describe, expect, test } from '@jest/globals';
import { type PacedReads, pacedReads } from '../../../src/aws/paced-reads.ts';
import type { Clock } from '../../../src/clock.ts';

interface Lab {
  readonly reads: PacedReads<string>;
  /** Names of each read, with the second at which it started. */
  readonly started: { readonly at: number; readonly names: readonly string[] }[];
  readonly until: (second: number) => Promise<void>;
}

const calm = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Time passes in steps of 10 ms, so that sleepers wake in their order. */
function lab(
  read: (
    number: number,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<{ all?: boolean; calls?: number }>,
): Lab {
  let now = 0;
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    monotonic: () => now,
    now: () => new Date(now),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = now + ms;
        const look = (): void => {
          if (now >= end) {
            sleepers.delete(look);
            resolve();
          }
        };
        sleepers.add(look);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const started: Lab['started'] = [];
  const reads = pacedReads<string>({
    clock,
    isThrottling: (error) => error instanceof Error && error.message === 'Throttling',
    read: async (names, signal) => {
      started.push({ at: now / 1_000, names });
      const { all = false, calls = 1 } = await read(started.length, names, signal);
      return { value: `read ${started.length}`, all, calls };
    },
  });
  const until = async (second: number): Promise<void> => {
    while (now < second * 1_000) {
      now += 10;
      for (const look of [...sleepers]) look();
      await calm();
    }
  };
  return { reads, started, until };
}

const never = new AbortController().signal;

describe('reads that many share', () => {
  test('looks that start together are one read of all their names', async () => {
    const { reads, started, until } = lab(async () => ({}));
    const both = Promise.all([reads.read(['a'], never), reads.read(['b', 'c'], never)]);
    await until(0.1);
    expect((await both).map(({ value }) => value)).toEqual(['read 1', 'read 1']);
    expect(started.map(({ names }) => names)).toEqual([['a', 'b', 'c']]);
  });

  test('the next is five seconds later, however often somebody asks', async () => {
    const { reads, started, until } = lab(async () => ({}));
    const first = reads.read(['a'], never);
    await until(0.1);
    await first;
    const others = [reads.read(['b'], never)];
    await until(2);
    others.push(reads.read(['c'], never));
    await until(6);
    await Promise.all(others);
    expect(started).toHaveLength(2);
    expect(started[1]?.names).toEqual(['b', 'c']);
    expect(started[1]?.at).toBeGreaterThanOrEqual(5);
  });

  test.each([
    ['a read of the same names is fresh for five seconds', false, ['a'], 1],
    ['a read of the whole zone serves other names as well', true, ['z'], 1],
    ['a read of some names does not', false, ['z'], 2],
  ])('%s', async (_name, all, asked, count) => {
    const { reads, started, until } = lab(async () => ({ all }));
    const first = reads.read(['a'], never);
    await until(0.1);
    await first;
    const second = reads.read(asked, never);
    await until(6);
    await second;
    expect(started).toHaveLength(count);
  });

  test('many calls make the distance longer: one a second on average', async () => {
    const { reads, started, until } = lab(async () => ({ calls: 12 }));
    for (let round = 0; round < 2; round += 1) {
      const pending = reads.read([`${round}`], never);
      await until((round + 1) * 12.5);
      await pending;
    }
    expect((started[1]?.at ?? 0) - (started[0]?.at ?? 0)).toBeGreaterThanOrEqual(12);
  });

  test('throttling doubles the distance, success takes it back', async () => {
    const { reads, started, until } = lab(async (number) => {
      if (number <= 2) throw new Error('Throttling');
      return {};
    });
    for (const end of [0.1, 10.2, 30.4, 36]) {
      const pending = reads.read([`${end}`], never).catch(() => undefined);
      await until(end);
      await pending;
    }
    expect(started.map(({ at }) => Math.floor(at))).toEqual([0, 10, 30, 35]);
  });

  test('one who leaves does not end the read of those who stay; when all have left it ends', async () => {
    const signals: AbortSignal[] = [];
    const { reads, until } = lab(async (_number, _names, signal) => {
      signals.push(signal);
      return await new Promise<never>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = reads.read(['a'], one.signal);
    const second = reads.read(['a'], two.signal);
    await until(0.1);
    one.abort(new Error('one left'));
    await expect(first).rejects.toThrow('one left');
    expect(signals[0]?.aborted).toBe(false);
    two.abort(new Error('two left'));
    await expect(second).rejects.toThrow('two left');
    expect(signals[0]?.aborted).toBe(true);
  });

  test('who comes after everybody left gets a read of its own', async () => {
    const { reads, started, until } = lab(async () => ({}));
    const leaver = new AbortController();
    const left = reads.read(['a'], leaver.signal);
    leaver.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await calm();
    const second = reads.read(['b'], never);
    await until(0.1);
    await expect(second).resolves.toMatchObject({ value: 'read 1' });
    expect(started.map(({ names }) => names)).toEqual([['b']]);
  });
});
