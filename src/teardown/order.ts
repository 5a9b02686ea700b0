// In which order a deploy is taken down: what others refer to, and whoever has to clean up behind them, goes last.
import { ranked, stageOf } from '../apply/stages.ts';
import { text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { gatewayGroup } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Named } from './ours.ts';

/**
 * Each step is gone before the next one begins. Routes first, so that ExternalDNS removes their records while it and
 * the Gateway, whose address it needs, are there; then the Gateways, whose finalizers are the controller's time to
 * remove what it made in AWS; then classes, which hold their configurations, and the configurations; then the rest,
 * which may be the controllers themselves.
 */
export interface Steps {
  readonly routes: readonly Named[];
  readonly gateways: readonly Named[];
  readonly classes: readonly Named[];
  readonly configurations: readonly Named[];
  /** Manifests only: the rest of a release goes with `helm uninstall`. Groups, each gone before the next. */
  readonly rest: readonly (readonly Named[])[];
}

const isGateway = ({ object }: Named): boolean =>
  object.apiVersion.startsWith(`${gatewayGroup}/`) && /^(Gateway|ListenerSet)$/.test(object.kind);

const isClass = ({ object }: Named): boolean =>
  object.apiVersion.startsWith(`${gatewayGroup}/`) && object.kind === 'GatewayClass';

/** Namespaces carry everything in them along, definitions everything of their kind: both stay. */
const stays = ({ kind }: Pick<KubernetesObject, 'kind'>): boolean =>
  kind === 'Namespace' || stageOf({ kind }) === 'crds';

export const stepsOf = (all: readonly Named[]): Steps => {
  const named = all.filter(({ object }) => !stays(object));
  const routes = named.filter(({ object }) => stageOf(object) === 'routes');
  const gateways = named.filter(isGateway);
  const classes = named.filter(isClass);
  const configurations = named.filter(
    (each) => each.object.apiVersion.startsWith('gateway.k8s.aws/') && stageOf(each.object) === 'classes',
  );
  const first = new Set([...routes, ...gateways, ...classes, ...configurations]);
  const rest = named.filter((each) => !first.has(each) && each.release === undefined);
  return { routes, gateways, classes, configurations, rest: ranked(rest).toReversed() as Named[][] };
};

/** `helm.sh/resource-policy: keep` (helm pkg/action/resource_policy.go). */
const isKept = (object: KubernetesObject): boolean =>
  (text(object, 'metadata', 'annotations', 'helm.sh/resource-policy') ?? '').trim().toLowerCase() === 'keep';

/** What `helm uninstall` would delete although it is to stay: definitions and namespaces among the templates. */
export const doomedByHelm = (release: readonly Named[]): readonly KubernetesObject[] =>
  release
    .map(({ object }) => object)
    .filter(
      (object) =>
        (object.kind === 'CustomResourceDefinition' || object.kind === 'Namespace') && !isKept(object),
    );

/** What of a release would not survive its removal, said before anything is removed. */
export const wouldNotStay = (objects: readonly Named[], release: string): readonly Finding[] =>
  doomedByHelm(objects).map((object) => {
    const ref = `${object.kind} ${object.metadata.name}`;
    return finding(
      'error',
      'teardown/would-not-stay',
      `${ref} stands in a template of release ${release}: helm uninstall would delete it, with all that is in it.`,
      {
        ref,
        hint: 'Nothing was removed. Give it the annotation `helm.sh/resource-policy: keep` in the chart, deploy once more, and run again.',
      },
    );
  });
