// Two manifests of one stage that are the same object.
import type { Sourced } from '../bundle/object.ts';
import type { Look, Refusal } from './applier.ts';
import { groupKindOf } from './inventory.ts';

const standsTwice = ({ source: { file, line } }: Sourced): Refusal => ({
  result: 'failed',
  message: `It stands twice in the repository: ${file}:${line} is the same object.`,
  hint: 'Remove or rename one of them; which one would win is chance.',
});

/**
 * The later of each two. Only by their looks is it known which objects that name no namespace land on one that does.
 * @param looks one for each object
 */
export const standTwice = (
  objects: readonly Sourced[],
  looks: readonly Look[],
): ReadonlyMap<Sourced, Refusal> => {
  const first = new Map<string, Sourced>();
  const refusals = new Map<Sourced, Refusal>();
  for (const [index, each] of objects.entries()) {
    const key = `${groupKindOf(each.object)} ${looks[index]?.ref}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, each);
    else refusals.set(each, standsTwice(before));
  }
  return refusals;
};
