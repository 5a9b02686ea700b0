// How many requests are in flight, as the API server keeps up or does not.
import { describe, expect, test } from '@jest/globals';
import { adaptiveLimiter } from '../../../src/kube/limiter.ts';

const good = async (): Promise<string> => 'good';
const bad = async (): Promise<string> => 'bad';
const overloaded = (result: string): boolean => result === 'bad';

describe('the width', () => {
  test('grows by one after each full width of good answers, up to the most', async () => {
    const limiter = adaptiveLimiter({ least: 1, start: 2, most: 4 });
    for (let count = 0; count < 2; count += 1) await limiter.run(good, overloaded);
    expect(limiter.width()).toBe(3);
    for (let count = 0; count < 50; count += 1) await limiter.run(good, overloaded);
    expect(limiter.width()).toBe(4);
  });

  test('halves once for all requests that were in flight together, down to the least', async () => {
    const limiter = adaptiveLimiter({ least: 1, start: 16, most: 16 });
    await Promise.all(Array.from({ length: 16 }, () => limiter.run(bad, overloaded)));
    expect(limiter.width()).toBe(8);
    for (let count = 0; count < 10; count += 1) await limiter.run(bad, overloaded);
    expect(limiter.width()).toBe(1);
  });

  test('bounds what is in flight', async () => {
    const limiter = adaptiveLimiter({ least: 1, start: 3, most: 3 });
    let flying = 0;
    let busiest = 0;
    const work = async (): Promise<string> => {
      flying += 1;
      busiest = Math.max(busiest, flying);
      await new Promise((resolve) => setTimeout(resolve, 5));
      flying -= 1;
      return 'good';
    };
    await Promise.all(Array.from({ length: 12 }, () => limiter.run(work, overloaded)));
    expect(busiest).toBe(3);
  });
});
