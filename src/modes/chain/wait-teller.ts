// Tells in the log what is waited for.
import type { Run } from '../../run.ts';

/** Milliseconds after which the same wait is told again. */
const between = 15_000;

/** Many objects wait for the same thing at the same time: it is told once. */
export const waitTeller = ({ runner, clock }: Pick<Run, 'runner' | 'clock'>): ((why: string) => void) => {
  const told = new Map<string, number>();
  return (why) => {
    const now = clock.monotonic();
    if (now - (told.get(why) ?? Number.NEGATIVE_INFINITY) < between) return;
    told.set(why, now);
    runner.info(`… waiting: ${why}`);
  };
};
