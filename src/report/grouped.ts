// Notices that say the same of many objects, as one: each of them is in the report.
import type { Finding } from '../verdict/finding.ts';

/** From so many on. */
const many = 3;
const named = 5;

const merged = ([first, ...others]: readonly [Finding, ...Finding[]]): Finding => {
  const refs = others.flatMap(({ ref }) => ref ?? []);
  const rest = refs.length > named ? ` and ${refs.length - named} more` : '';
  return {
    ...first,
    message: `${first.message} The same is so of ${others.length} more: ${refs.slice(0, named).join(', ')}${rest}.`,
  };
};

/** In the order of the first of each; what is no notice, or about no object, stays by itself. */
export const grouped = (findings: readonly Finding[]): readonly Finding[] => {
  const groups = Map.groupBy(findings, (each) =>
    each.severity === 'notice' && each.ref !== undefined ? `${each.code} ${each.hint}` : each,
  );
  return [...groups.values()].flatMap((all) => {
    const [first, ...others] = all;
    return first === undefined || all.length < many ? all : [merged([first, ...others])];
  });
};
