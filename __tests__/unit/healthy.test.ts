// Healthy deploys on simulated time: no false alarm, none live early, and it is said soon. `npm run healthy` runs thousands.
import { expect, test } from '@jest/globals';
import { median, runHealthy } from '../healthy/run.ts';

/** `HEALTHY=full`: forty. */
const seeds = Array.from({ length: process.env['HEALTHY'] === 'full' ? 40 : 12 }, (_, index) => index + 1);

test('every healthy deploy is called live, none early, and half of them within 2 s', async () => {
  const runs = [];
  for (const seed of seeds) runs.push(await runHealthy(seed));
  expect(runs.filter(({ live, broken }) => !live || broken.length > 0)).toEqual([]);
  expect(runs.filter(({ saidAt, trueAt }) => saidAt < trueAt)).toEqual([]);
  expect(median(runs.map(({ saidAt, trueAt }) => saidAt - trueAt))).toBeLessThan(2_000);
});
