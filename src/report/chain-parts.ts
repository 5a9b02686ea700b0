// How the chain is shown: the mark of each state, and the parts into which the links fall.
import type { LinkId, State } from '../verdict/verdict.ts';

export const marks: Readonly<Record<State, string>> = {
  ok: '✅',
  waiting: '⏳',
  broken: '❌',
  unknown: '❔',
  skipped: '➖',
};

/** Twelve links in one line would be too small to read. */
export const chainParts: readonly { readonly title: string; readonly links: readonly LinkId[] }[] = [
  { title: 'Cluster', links: ['crds', 'release', 'class', 'gateway', 'route'] },
  { title: 'Load balancer', links: ['rule', 'workload', 'targets'] },
  { title: 'DNS', links: ['record', 'nameservers'] },
  { title: 'Answer', links: ['certificate', 'https'] },
];
