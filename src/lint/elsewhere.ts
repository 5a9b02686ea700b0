// What else brings objects into a cluster that the repository does not show: of those nothing can be said to be missing.
import type { KubernetesObject } from '../bundle/object.ts';
import type { LintInput } from './input.ts';

/** Objects that a controller makes others from: Flux, Argo CD, the Helm controller of k3s, Knative. */
const makers: readonly (readonly [RegExp, RegExp])[] = [
  [/^helm\.toolkit\.fluxcd\.io\//, /^HelmRelease$/],
  [/^kustomize\.toolkit\.fluxcd\.io\//, /^Kustomization$/],
  [/^argoproj\.io\//, /^Application(Set)?$/],
  [/^helm\.cattle\.io\//, /^HelmChart$/],
  [/^serving\.knative\.dev\//, /^Service$/],
];

const isMaker = ({ apiVersion, kind }: KubernetesObject): boolean =>
  makers.some(([group, kinds]) => group.test(apiVersion) && kinds.test(kind));

/** Whether objects come from elsewhere too: charts that could not be rendered, and what controllers deploy. */
export const comesFromElsewhere = ({ objects, unread = false }: LintInput): boolean =>
  unread || objects.some(({ object }) => isMaker(object));
