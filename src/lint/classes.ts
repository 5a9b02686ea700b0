// Gateways of other controllers: whose they are, and the routes without them, for no rule of ALBs holds there.
import { isMap, list, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { judgeClassIdentity } from '../chain/class.ts';
import { isOfGateway, namespaceOf, type ParentRef, parentRefOf, sayParent } from '../gateway/shapes.ts';
import { albController } from '../gateway/versions.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { gatewayOf, gatewaysIn, type LintInput, ofKind } from './input.ts';

/** Classes that controllers make by themselves, under names of their own: no repository shows them. */
const selfMade: readonly (readonly [RegExp, string])[] = [
  [/^istio$/, 'istio.io/gateway-controller'],
  [/^istio-remote$/, 'istio.io/unmanaged-gateway'],
  [/^istio-waypoint$/, 'istio.io/mesh-controller'],
  [/^gke-/, 'networking.gke.io/gateway'],
  [/^cilium$/, 'io.cilium/gateway-controller'],
];

export const selfMadeClass = (name: string): KubernetesObject | undefined => {
  const [, controllerName] = selfMade.find(([form]) => form.test(name)) ?? [];
  return controllerName === undefined
    ? undefined
    : { apiVersion: 'v1', kind: 'GatewayClass', metadata: { name }, spec: { controllerName } };
};

/** Flux and Argo CD say the namespace that a Gateway leaves out: then its name has to do. */
const gatewayBehind = (input: LintInput, parent: ParentRef): KubernetesObject | undefined => {
  const found = gatewayOf(input, parent);
  if (found !== undefined || !isOfGateway(parent) || !comesFromElsewhere(input)) return found?.object;
  return gatewaysIn(input).find(
    ({ metadata }) => metadata.namespace === undefined && metadata.name === parent.name,
  );
};

/** The class of a Gateway where it is known to be another controller's. */
export const foreignClass = (
  input: Pick<LintInput, 'objects'>,
  gateway: KubernetesObject | undefined,
): KubernetesObject | undefined => {
  const name = text(gateway, 'spec', 'gatewayClassName');
  if (name === undefined) return undefined;
  const found = ofKind(input, 'GatewayClass').find(({ object }) => object.metadata.name === name)?.object;
  const known = found ?? selfMadeClass(name);
  return text(known, 'spec', 'controllerName') === albController ? undefined : known;
};

interface Sorted {
  /** The routes as AWS Load Balancer Controller has them; those that it never sees are left out. */
  readonly routes: readonly Sourced[];
  readonly findings: readonly Finding[];
}

/** A deploy would wait for a controller that never comes. */
const tell = (route: Sourced, parent: ParentRef, foreign: KubernetesObject): readonly Finding[] => {
  const verdict = judgeClassIdentity(foreign.metadata.name, foreign);
  if (verdict === undefined) return [];
  const ref = refOf(route.object);
  const message = `${ref} names ${sayParent(parent)} as its parent. ${verdict.message}`;
  return [finding('error', verdict.code, message, { source: route.source, ref, hint: verdict.hint })];
};

export const withoutForeign = (input: LintInput): Sorted => {
  const findings: Finding[] = [];
  const routes = input.routes.flatMap((route): readonly Sourced[] => {
    const { object } = route;
    const spec = object['spec'];
    const all = list(object, 'spec', 'parentRefs');
    const kept = all.filter((value) => {
      const parent = parentRefOf(value, namespaceOf(object, input.namespace));
      const foreign = foreignClass(input, gatewayBehind(input, parent));
      if (foreign !== undefined) findings.push(...tell(route, parent, foreign));
      return foreign === undefined;
    });
    if (kept.length === all.length) return [route];
    if (kept.length === 0 || !isMap(spec)) return [];
    return [{ ...route, object: { ...object, spec: { ...spec, parentRefs: kept } } }];
  });
  return { routes, findings };
};
