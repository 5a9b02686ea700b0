// Objects that stand in the repository more than once: the same text twice is once, two that differ are a choice.
import { equal } from '../compare/equal.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { groupOf, type Ignored, refOf, type Sourced } from './object.ts';

export interface Settled {
  /** Those that stay, each once. */
  readonly kept: ReadonlySet<Sourced>;
  readonly ignored: readonly Ignored[];
  readonly findings: readonly Finding[];
}

interface Clash {
  readonly again: Sourced;
  readonly before: Sourced;
}

const keyOf = ({ object: { apiVersion, kind, metadata } }: Sourced): string => {
  return [groupOf(apiVersion), kind, metadata.namespace ?? '', metadata.name].join('\n');
};

const place = ({ source }: Sourced): string => `${source.file}:${source.line}`;

/** Environments that stand beside each other have many objects in common: one finding for each pair of files. */
const clashFinding = (clashes: readonly Clash[]): readonly Finding[] => {
  const [first] = clashes;
  if (first === undefined) return [];
  const { again, before } = first;
  const ref = refOf(again.object);
  const more = clashes.length - 1;
  const all = more === 0 ? `${ref} stands` : `${ref} and ${more} more of the same file stand`;
  return [
    finding(
      'error',
      'bundle/duplicate-object',
      `${all} twice in the repository: ${place(before)} and ${place(again)}.`,
      {
        source: again.source,
        ref,
        hint: 'Remove or rename one of them; which one would win is chance. Where they are for different environments, name the one to deploy with `working-directory` or the globs.',
      },
    ),
  ];
};

/** Namespace and name as written: a namespace that is left out is one by itself. */
export const settleDuplicates = (objects: readonly Sourced[]): Settled => {
  const kept = new Map<string, Sourced>();
  const ignored: Ignored[] = [];
  const clashes: Clash[] = [];
  for (const again of objects) {
    const key = keyOf(again);
    const before = kept.get(key);
    if (before === undefined) kept.set(key, again);
    else if (equal(before.object, again.object))
      ignored.push({ file: again.source.file, why: `${refOf(again.object)} is the one of ${place(before)}` });
    else clashes.push({ again, before });
  }
  const pairs = Map.groupBy(clashes, ({ again, before }) => `${before.source.file}\n${again.source.file}`);
  return { kept: new Set(kept.values()), ignored, findings: [...pairs.values()].flatMap(clashFinding) };
};
