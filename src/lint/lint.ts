// What can be said against a bundle without a cluster: every rule once, each finding with its file:line.
import { isOfMesh, namespaceOf } from '../gateway/shapes.ts';
import type { Finding } from '../verdict/finding.ts';
import { lintAnnotations } from './annotations.ts';
import { lintBackends } from './backends.ts';
import { withoutForeign } from './classes.ts';
import { lintControllers } from './controllers.ts';
import type { LintInput } from './input.ts';
import { lintBudgets, lintCertificates, lintPlain, lintWildcards } from './listeners.ts';
import { lintNames } from './names.ts';
import { lintRedirects } from './redirects.ts';
import { lintReferences } from './references.ts';
import { lintRoutes } from './routes.ts';
import { lintSelectors } from './selectors.ts';
import { lintSpelling } from './spelling.ts';
import { lintGrants, lintTargetTypes } from './targets.ts';

const rules: readonly ((input: LintInput) => readonly Finding[])[] = [
  lintRoutes,
  lintBackends,
  lintSelectors,
  lintReferences,
  lintSpelling,
  lintNames,
  lintAnnotations,
  lintRedirects,
  lintWildcards,
  lintPlain,
  lintCertificates,
  lintBudgets,
  lintTargetTypes,
  lintGrants,
  lintControllers,
];

/** Findings in the order of the files. Errors are what the controllers will refuse or drop; warnings are likely slips. */
export const lint = (input: LintInput): readonly Finding[] => {
  const gateways = {
    ...input,
    routes: input.routes.filter(({ object }) => !isOfMesh(object, namespaceOf(object, input.namespace))),
  };
  const { routes, findings } = withoutForeign(gateways);
  const served = { ...gateways, routes };
  return [...findings, ...rules.flatMap((rule) => rule(served))].toSorted((one, other) => {
    const [a, b] = [one.source, other.source];
    return (a?.file ?? '').localeCompare(b?.file ?? '') || (a?.line ?? 0) - (b?.line ?? 0);
  });
};
