// Faults of the definitions that the controller needs, whatever the repository holds.
import { kubectl, kubectlApply } from '../dist/lab-control.ts';
import type { Fault } from './fault.ts';

const kept = new Map<string, string>();

const definitionOf = (name: string): Record<string, unknown> =>
  JSON.parse(kubectl('get', 'crd', name, '-o', 'json', '--show-managed-fields=false')) as Record<
    string,
    unknown
  >;

/** Takes the definition away; nothing in the setting is of its kind. */
function remove(name: string): void {
  const { status: _status, ...definition } = definitionOf(name);
  const { labels, annotations } = definition['metadata'] as Record<string, unknown>;
  kept.set(name, JSON.stringify({ ...definition, metadata: { name, labels, annotations } }));
  kubectl('delete', 'crd', name);
}

function restore(name: string): void {
  kubectlApply(kept.get(name) ?? '');
  kubectl('wait', '--for=condition=Established', `crd/${name}`, '--timeout=60s');
}

function serve(name: string, version: string, served: boolean): void {
  const { versions } = definitionOf(name)['spec'] as {
    readonly versions: readonly { readonly name: string }[];
  };
  const index = versions.findIndex((each) => each.name === version);
  const patch = [{ op: 'replace', path: `/spec/versions/${index}/served`, value: served }];
  kubectl('patch', 'crd', name, '--type=json', '-p', JSON.stringify(patch));
}

const grpcRoutes = 'grpcroutes.gateway.networking.k8s.io';
const ruleConfigurations = 'listenerruleconfigurations.gateway.k8s.aws';
const targetConfigurations = 'targetgroupconfigurations.gateway.k8s.aws';

const missing = (name: string, what: string, definition: string): Fault => ({
  name,
  family: 'definitions',
  what,
  link: 'crds',
  code: 'crds/missing',
  names: () => [`CustomResourceDefinition ${definition}`, 'AWS Load Balancer Controller'],
  alone: true,
  inject: () => remove(definition),
  mend: () => restore(definition),
});

export const definitionFaults: readonly Fault[] = [
  missing(
    'definitions-gateway-api',
    'A definition of Gateway API is missing that the controller needs, and the repository does not',
    grpcRoutes,
  ),
  missing('definitions-own', "One of the controller's own definitions is missing", ruleConfigurations),
  {
    name: 'definitions-old',
    family: 'definitions',
    what: "The controller's own definitions are of an older release, and do not serve what it reads",
    link: 'crds',
    code: 'crds/version-not-served',
    names: () => [`CustomResourceDefinition ${targetConfigurations}`, 'does not serve v1', 'v1beta1'],
    alone: true,
    inject: () => serve(targetConfigurations, 'v1', false),
    mend: () => serve(targetConfigurations, 'v1', true),
  },
];
