// The API server's clock out of its answers: close to it, and never ahead.
import { expect, test } from '@jest/globals';
import type { Clock } from '../../../src/clock.ts';
import { serverClock } from '../../../src/kube/server-clock.ts';
import { systemClock } from '../../../src/system-clock.ts';

const noon = Date.UTC(2026, 10, 25, 12);

/** A runner whose clock is ahead of the API server's, both moved by hand. */
const world = (ahead: number) => {
  let passed = 0;
  const runner: Clock = {
    ...systemClock,
    monotonic: () => 5_000 + passed,
    now: () => new Date(noon + passed + ahead),
  };
  const { clock, heard } = serverClock(runner);
  return {
    clock,
    runner,
    pass: (ms: number) => {
      passed += ms;
    },
    /** One request of 40 ms, answered at half time by a server whose clock is off by `off`. */
    ask: (off = 0) => {
      const sent = runner.monotonic();
      passed += 20;
      const date = new Date(noon + passed + off).toUTCString();
      passed += 20;
      heard(date, sent, runner.monotonic());
    },
    truth: () => noon + passed,
  };
};

test.each([600_000, -600_000, 1_500, 0])(
  'a runner that is %d ms ahead reads the API server’s time, a second late at most',
  (ahead) => {
    const { clock, ask, pass, truth } = world(ahead);
    pass(730);
    ask();
    expect(truth() - clock.now().getTime()).toBeGreaterThanOrEqual(0);
    expect(truth() - clock.now().getTime()).toBeLessThan(1_100);
    pass(3_600_000);
    expect(truth() - clock.now().getTime()).toBeLessThan(1_100);
  },
);

test('each answer narrows it; it never runs ahead', () => {
  const { clock, ask, pass, truth } = world(90_000);
  let late = Number.POSITIVE_INFINITY;
  for (let each = 0; each < 12; each += 1) {
    pass(130);
    ask();
    const now = truth() - clock.now().getTime();
    expect(now).toBeGreaterThanOrEqual(0);
    expect(now).toBeLessThanOrEqual(late);
    late = now;
  }
  expect(late).toBeLessThan(200);
});

test('until the server has answered it is the runner’s own; a header that is no date changes nothing', () => {
  const runner: Clock = { ...systemClock, now: () => new Date(noon) };
  const { clock, heard } = serverClock(runner);
  heard('soon', 0, 1);
  expect(clock.now()).toEqual(new Date(noon));
});

test('another server behind the same address, with another clock, counts from its first answer on', () => {
  const { clock, ask, pass, truth } = world(0);
  for (let each = 0; each < 5; each += 1) {
    ask();
    pass(210);
  }
  ask(30_000);
  const behind = truth() + 30_000 - clock.now().getTime();
  expect(behind).toBeGreaterThanOrEqual(0);
  expect(behind).toBeLessThan(1_100);
});
