// What can be said against a bundle without a cluster: every rule once, each finding with its file:line.
import type { Sourced } from '../bundle/object.ts';
import type { Finding } from '../verdict/finding.ts';
import { lintBackends } from './backends.ts';
import { lintNames } from './names.ts';
import { lintRoutes } from './routes.ts';

export interface LintInput {
  readonly routes: readonly Sourced[];
  /** All other objects: manifests, and what the charts render. */
  readonly objects: readonly Sourced[];
  /** Namespace of objects that name none. */
  readonly namespace: string;
}

/** Findings in the order of the files. Errors are what the controllers will refuse or drop; warnings are likely slips. */
export const lint = (input: LintInput): readonly Finding[] =>
  [...lintRoutes(input), ...lintBackends(input), ...lintNames(input)].toSorted((one, other) => {
    const [a, b] = [one.source, other.source];
    return (a?.file ?? '').localeCompare(b?.file ?? '') || (a?.line ?? 0) - (b?.line ?? 0);
  });
