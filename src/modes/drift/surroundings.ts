// What the cluster says of its load balancers: Gateways, classes, routes, configurations, bindings and endpoints.
import { text, textMap } from '../../bundle/field.ts';
import type { KubernetesObject } from '../../bundle/object.ts';
import { type Kind, kinds } from '../../chain/cluster.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { DriftContext } from './context.ts';

/** Objects of the cluster that say what AWS should have. */
export interface Surroundings {
  readonly gateways: readonly KubernetesObject[];
  readonly classes: readonly KubernetesObject[];
  readonly routes: readonly KubernetesObject[];
  readonly configurations: readonly KubernetesObject[];
  readonly targetConfigurations: readonly KubernetesObject[];
  readonly bindings: readonly KubernetesObject[];
  readonly slices: readonly KubernetesObject[];
  /** Whether listeners of others are attached to the Gateway; those that may not be read may be. */
  readonly hasListenerSets: (gateway: KubernetesObject) => boolean;
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined;
}

/** `undefined` where half of what is asked for could not be had: it would look like drift. */
export async function surroundings(
  context: DriftContext,
  known: <Value>(what: string, seen: Seen<Value>) => Value | undefined,
): Promise<Surroundings | undefined> {
  const { applied, ports, run } = context;
  const listed = async (what: string, kind: Kind): Promise<readonly KubernetesObject[] | undefined> =>
    known(what, await ports.cluster.list(kind, undefined, run.signal));
  const served = await applied.cluster.discovery.served(run.signal);
  const lbcKind = (kind: string): Kind | undefined =>
    served.find((each) => each.kind === kind && each.apiVersion.startsWith('gateway.k8s.aws/'));
  const optional = async (what: string, kind: Kind | undefined) =>
    kind === undefined ? [] : await listed(what, kind);
  const [gateways, classes, http, grpc, namespaces, bindings, slices, configurations, targets] =
    await Promise.all([
      listed('The Gateways', kinds.gateway),
      listed('The GatewayClasses', kinds.gatewayClass),
      listed('The HTTPRoutes', kinds.httpRoute),
      listed('The GRPCRoutes', kinds.grpcRoute),
      listed('The namespaces', kinds.namespace),
      listed('The TargetGroupBindings', kinds.targetGroupBinding),
      listed('The EndpointSlices', kinds.endpointSlice),
      optional('The LoadBalancerConfigurations', lbcKind('LoadBalancerConfiguration')),
      optional('The TargetGroupConfigurations', lbcKind('TargetGroupConfiguration')),
    ]);
  if (!gateways || !classes || !http || !grpc || !bindings || !configurations || !targets) return undefined;
  const labels = new Map(
    (namespaces ?? []).map((each) => [each.metadata.name, textMap(each, 'metadata', 'labels')]),
  );
  return {
    gateways,
    classes,
    routes: [...http, ...grpc],
    configurations,
    targetConfigurations: targets,
    bindings,
    slices: slices ?? [],
    hasListenerSets: await listenerSets(context, served),
    labelsOf: (namespace) => labels.get(namespace),
  };
}

/** Gateway API 1.5 has them as `ListenerSet`, before as an experiment in a group of its own. */
async function listenerSets(
  { ports, run }: DriftContext,
  served: readonly Kind[],
): Promise<Surroundings['hasListenerSets']> {
  const sets = served.filter(({ kind }) => kind === 'ListenerSet' || kind === 'XListenerSet');
  const seen = await Promise.all(sets.map((kind) => ports.cluster.list(kind, undefined, run.signal)));
  return (gateway) =>
    seen.some(
      (each) =>
        !('value' in each) ||
        each.value.some(
          (set) =>
            text(set, 'spec', 'parentRef', 'name') === gateway.metadata.name &&
            (text(set, 'spec', 'parentRef', 'namespace') ?? namespaceOf(set)) === namespaceOf(gateway),
        ),
    );
}
