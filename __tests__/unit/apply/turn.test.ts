// The Lease of a bundle on simulated time: who waits, who follows a run that died, who stops writing.
import { expect, test } from '@jest/globals';
import type { Lease, LeaseStore, Runner, StoredLease } from '../../../src/apply/lease.ts';
import { type Turn, takeTurn } from '../../../src/apply/turn.ts';
import type { Clock } from '../../../src/clock.ts';
import { Problem } from '../../../src/verdict/problem.ts';

const never = new AbortController().signal;
const epoch = Date.UTC(2026, 10, 25, 12);

/** Time passes only where somebody sleeps; the earliest sleeper wakes first. */
class World {
  time = 0;
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  stored: (Lease & { version: number }) | undefined;
  deletable = true;
  /** What the store answers instead, once each. */
  readonly faults: ('away' | 'lost answer')[] = [];

  readonly clock: Clock = {
    monotonic: () => this.time,
    now: () => new Date(epoch + this.time),
    sleep: (ms, signal) =>
      new Promise((wake, fail) => {
        if (signal.aborted) return fail(signal.reason);
        const sleeper = { until: this.time + ms, wake };
        this.#sleepers.push(sleeper);
        signal.addEventListener('abort', () => {
          const at = this.#sleepers.indexOf(sleeper);
          if (at >= 0) this.#sleepers.splice(at, 1);
          fail(signal.reason);
        });
      }),
  };

  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await new Promise((done) => setImmediate(done));
      const next = this.#sleepers.toSorted((one, other) => one.until - other.until)[0];
      if (next === undefined || next.until > end) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.time = next.until;
      next.wake();
    }
    this.time = end;
  }

  store(): LeaseStore {
    const write = (lease: Lease): { version: string } => {
      this.stored = { ...lease, version: (this.stored?.version ?? 0) + 1 };
      if (this.faults.shift() === 'lost answer') throw new Error('connection reset');
      return { version: String(this.stored.version) };
    };
    const mayBeAway = (): void => {
      if (this.faults[0] === 'away') {
        this.faults.shift();
        throw new Error('unreachable');
      }
    };
    return {
      clock: this.clock,
      read: async () => {
        const { stored } = this;
        return { lease: stored && ({ ...stored, version: String(stored.version) } satisfies StoredLease) };
      },
      create: async (lease) => (this.stored === undefined ? write(lease) : 'late'),
      replace: async (version, lease) => {
        mayBeAway();
        return String(this.stored?.version) === version ? write(lease) : 'late';
      },
      remove: async (version) => {
        if (!this.deletable || String(this.stored?.version) !== version) return false;
        this.stored = undefined;
        return true;
      },
    };
  }
}

const runner = (id: string, attempt = 1): Runner => ({
  identity: `org/shop run ${id} attempt ${attempt} (${Math.random()})`,
  run: { id, attempt },
  url: `https://github.com/org/shop/actions/runs/${id}`,
  actor: 'octocat',
});

const held = (turn: Awaited<ReturnType<typeof takeTurn>>): Turn => {
  if (turn === undefined || 'unguarded' in turn) throw new Error('no turn');
  return turn;
};

const patience = 600_000;
const take = (world: World, us: Runner, more: object = {}) =>
  takeTurn(world.store(), { us, patience, ...more }, never);

test('the second run waits for the first, says for whom, and writes when that has ended', async () => {
  const world = new World();
  const first = held(await take(world, runner('1')));
  const said: string[] = [];
  let second: Turn | undefined;
  const waiting = take(world, runner('2'), { onWait: (why: string) => said.push(why) }).then((turn) => {
    second = held(turn);
  });
  await world.pass(120_000);
  expect(second).toBeUndefined();
  expect(new Set(said)).toEqual(
    new Set([
      'https://github.com/org/shop/actions/runs/1 (started by octocat) deploys this bundle since 2026-11-25T12:00:00Z',
    ]),
  );
  await first.end();
  expect(world.stored?.holder).toBeUndefined();
  await world.pass(2_000);
  await waiting;
  expect(world.stored?.holder?.run?.id).toBe('2');
  expect(world.stored?.transitions).toBe(1);
  await second?.end();
});

test('who waits for too long is told who holds it, and since when', async () => {
  const world = new World();
  const first = held(await take(world, runner('1')));
  const refused = take(world, runner('2'), { patience: 60_000 }).catch((error: unknown) => error);
  await world.pass(60_000);
  const problem = await refused;
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({
    code: 'run/held-by-another',
    message:
      'https://github.com/org/shop/actions/runs/1 (started by octocat) deploys this bundle since 2026-11-25T12:00:00Z, and still did after 60 s: nothing was written by this run.',
  });
  await first.end();
});

test.each([
  ['at once, when its Lease ran out long ago', 3_600_000, 0],
  ['when its Lease runs out', 0, 32_000],
])('a run that died is followed %s', async (_, ago, after) => {
  const world = new World();
  const died = new Date(epoch - ago);
  world.stored = {
    holder: runner('1'),
    acquired: died,
    renewed: died,
    seconds: 30,
    transitions: 4,
    version: 7,
  };
  let got: Turn | undefined;
  void take(world, runner('2')).then((turn) => {
    got = held(turn);
  });
  await world.pass(Math.max(0, after - 1_000));
  expect(got !== undefined).toBe(after === 0);
  await world.pass(2_000);
  expect(world.stored?.holder?.run?.id).toBe('2');
  // What the dead run had begun in that time is known to be dead with it.
  expect(got?.abandoned).toEqual({ from: died, until: new Date(died.getTime() + 30_000) });
  await got?.end();
  const third = held(await take(world, runner('3')));
  expect(third.abandoned).toBeUndefined();
  await third.end();
});

test('a holder whose clock is an hour ahead is outlived all the same', async () => {
  const world = new World();
  const ahead = new Date(epoch + 3_600_000);
  world.stored = {
    holder: runner('1'),
    acquired: ahead,
    renewed: ahead,
    seconds: 30,
    transitions: 0,
    version: 1,
  };
  const taking = take(world, runner('2'));
  await world.pass(33_000);
  await held(await taking).end();
});

test('an earlier attempt of the same workflow run has ended; another job of the same attempt has not', async () => {
  const world = new World();
  const now = new Date(epoch);
  const stored = { acquired: now, renewed: now, seconds: 30, transitions: 0, version: 1 };
  world.stored = { ...stored, holder: runner('1', 1) };
  await held(await take(world, runner('1', 2))).end();
  world.stored = { ...stored, holder: runner('1', 2) };
  const other = take(world, runner('1', 2), { patience: 5_000 }).catch((error: unknown) => error);
  await world.pass(5_000);
  expect(await other).toMatchObject({ code: 'run/held-by-another' });
});

test('of ten that come at once each has it alone, one after the other', async () => {
  const world = new World();
  let inside = 0;
  let most = 0;
  let done = 0;
  const all = Array.from({ length: 10 }, async (_, index) => {
    const turn = held(await take(world, runner(String(index))));
    inside += 1;
    most = Math.max(most, inside);
    await world.clock.sleep(25_000, never);
    inside -= 1;
    done += 1;
    await turn.end();
  });
  await world.pass(400_000);
  await Promise.all(all);
  expect({ most, done }).toEqual({ most: 1, done: 10 });
});

test('it is renewed as long as it is held, over a lost answer and a moment without API server', async () => {
  const world = new World();
  const turn = held(await take(world, runner('1')));
  world.faults.push('lost answer');
  await world.pass(60_000);
  world.faults.push('away');
  await world.pass(60_000);
  expect(turn.lost.aborted).toBe(false);
  expect(world.time - ((world.stored?.renewed?.getTime() ?? 0) - epoch)).toBeLessThan(30_000);
  await turn.end();
  expect(world.stored?.holder).toBeUndefined();
});

test('whoever cannot renew it, or finds another in it, stops writing', async () => {
  const world = new World();
  const cutOff = held(await take(world, runner('1')));
  world.faults.push('away', 'away', 'away', 'away', 'away');
  await world.pass(45_000);
  expect(cutOff.lost.reason).toMatchObject({ code: 'run/turn-lost' });
  await cutOff.end();

  const other = new World();
  const robbed = held(await take(other, runner('1')));
  if (other.stored) other.stored = { ...other.stored, holder: runner('2'), version: 99 };
  await other.pass(11_000);
  expect(robbed.lost.reason).toMatchObject({ code: 'run/turn-lost' });
  await robbed.end();
  expect(other.stored?.holder?.run?.id).toBe('2');
});

test('a namespace that is not there yet, and a role that may not, are no errors', async () => {
  const world = new World();
  const store = { ...world.store(), create: async () => 'homeless' as const };
  expect(await takeTurn(store, { us: runner('1'), patience }, never)).toBeUndefined();
  const denied = { ...world.store(), read: async () => ({ denied: 'get leases' }) };
  expect(await takeTurn(denied, { us: runner('1'), patience }, never)).toEqual({
    unguarded: 'the role may not get leases',
    denied: 'get leases',
  });
});

test.each([true, false])('the last one takes the Lease away, where it may: %s', async (deletable) => {
  const world = new World();
  world.deletable = deletable;
  const last = held(await take(world, runner('1')));
  const waiting = take(world, runner('2'));
  await world.pass(10_000);
  await last.end('last');
  if (deletable) expect(world.stored).toBeUndefined();
  else expect(world.stored?.holder).toBeUndefined();
  // Whoever waited goes on all the same.
  await world.pass(4_000);
  held(await waiting);
  expect(world.stored?.holder?.run?.id).toBe('2');
});
