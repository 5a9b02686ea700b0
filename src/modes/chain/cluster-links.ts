// The links that the cluster's objects tell: definitions, controllers, class, Gateway, route.
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import { type ClassWant, judgeClass, observeClass } from '../../chain/class.ts';
import { kinds } from '../../chain/cluster.ts';
import { judgeCrds, observeCrds, wantedByBoth } from '../../chain/crds.ts';
import { judgeGate, observeGate } from '../../chain/gate.ts';
import { foundGateway, judgeGateway, observeGateway } from '../../chain/gateway.ts';
import type { Found, Link, Look } from '../../chain/link.ts';
import type { GatewayName, Nudges } from '../../chain/nudge.ts';
import { judgeRelease, observeRelease } from '../../chain/release.ts';
import { judgeRoute, observeRoute, type RouteWant } from '../../chain/route.ts';
import type { SharedReader } from '../../chain/shared-reader.ts';
import type { PublishedHost } from '../../gateway/hosts.ts';
import { definitionsNeededBy } from '../../gateway/lbc-definitions.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import { type LbcRules, rulesFor } from '../../gateway/versions.ts';
import { ok, type State, skipped, type Verdict } from '../../verdict/verdict.ts';
import { controllers, type HostWant, inNamespace, once, type Ports } from './want.ts';

export const inCluster = (id: Link['id'], look: Link['look']): Link => ({
  ...once(id, look),
  inCluster: true,
});

export const clusterLinks = (want: HostWant, ports: Ports): Link[] => [
  inCluster('crds', (_found, signal) => lookAtDefinitions(want, ports, signal)),
  inCluster('release', async (_found, signal) => ({
    verdict: judgeRelease({}, await observeRelease(ports.cluster, signal)),
  })),
  inCluster('class', (_found, signal) =>
    perGateway(want, (gateway) => lookAtClass(want, gateway, ports, signal)),
  ),
  inCluster('gateway', (_found, signal) =>
    perGateway(want, (gateway) => lookAtGateway(want, gateway, ports, signal, sectionsOf(want, gateway))),
  ),
  inCluster('route', async (_found, signal) => {
    const routes = [want.published, ...want.others];
    return together(await Promise.all(routes.map((route) => lookAtRoute(want, route, ports, signal))));
  }),
];

type ClusterPorts = Pick<Ports, 'cluster' | 'nudges' | 'clock'>;

export async function lookAtDefinitions(
  want: Pick<HostWant, 'crds'>,
  { cluster }: Pick<Ports, 'cluster'>,
  signal: AbortSignal,
): Promise<Look> {
  const { lbc } = await controllers(cluster, signal);
  const by = `AWS Load Balancer Controller ${lbc?.version ?? ''}`;
  const wanted = { crds: wantedByBoth(want.crds.crds, definitionsNeededBy(lbc?.version), by) };
  return { verdict: judgeCrds(wanted, await observeCrds(cluster, wanted, signal)) };
}

/** @param of the Gateway whose class it is, and the class's name where there is no Gateway */
export async function lookAtClass(
  { freshness }: Pick<HostWant, 'freshness'>,
  of: GatewayName & Pick<ClassWant, 'className'>,
  { cluster, clock }: Pick<Ports, 'cluster' | 'clock'>,
  signal: AbortSignal,
): Promise<Look> {
  const { className, ...gateway } = of;
  const wanted = { gateway, ...freshness, ...(className !== undefined && { className }) };
  const seen = await observeClass(cluster, wanted, signal);
  return awake(judgeClass(wanted, seen, clock.now(), await rules(cluster, signal)), cluster, signal);
}

/** @param sections the listeners that matter; default all */
export async function lookAtGateway(
  want: Pick<HostWant, 'freshness' | 'generationOf'>,
  gateway: GatewayName,
  { cluster, nudges, clock }: ClusterPorts,
  signal: AbortSignal,
  sections: { readonly sections?: readonly string[] } = {},
): Promise<Look> {
  const generation = want.generationOf(gatewayNamed(gateway));
  const wanted = {
    ...gateway,
    ...nudges.freshness(gateway, want.freshness),
    ...(generation !== undefined && { appliedGeneration: generation }),
    ...sections,
  };
  const seen = await observeGateway(cluster, wanted, signal);
  const verdict = judgeGateway(wanted, seen, clock.now(), await rules(cluster, signal));
  if (isAsleep(verdict)) await nudges.touch(gateway, signal);
  return { ...(await awake(verdict, cluster, signal)), found: foundGateway(seen) };
}

async function lookAtRoute(
  want: HostWant,
  published: PublishedHost,
  { cluster, nudges, clock }: Ports,
  signal: AbortSignal,
): Promise<Look> {
  const wanted = routeWant(want, published, nudges);
  const seen = await observeRoute(cluster, wanted, signal);
  const verdict = judgeRoute(wanted, seen, clock.now(), await rules(cluster, signal));
  if (isAsleep(verdict)) await Promise.all(published.parents.map((parent) => nudges.touch(parent, signal)));
  return { verdict };
}

const rules = async (cluster: SharedReader, signal: AbortSignal): Promise<LbcRules> =>
  rulesFor((await controllers(cluster, signal)).lbc?.version);

/** What nobody has looked at may be of a controller that switched itself off. */
async function awake(verdict: Verdict, cluster: SharedReader, signal: AbortSignal): Promise<Look> {
  const untouched = verdict.state === 'waiting' && /^(class|gateway)\/pending$/.test(verdict.code);
  return { verdict: (untouched ? judgeGate(await observeGate(cluster, signal)) : undefined) ?? verdict };
}

/** Each Gateway that is a parent of the host's route, once. */
async function perGateway(
  { published }: HostWant,
  judge: (gateway: GatewayName) => Promise<Look>,
): Promise<Look> {
  const names = published.parents.map(({ namespace, name }) => ({ namespace, name }));
  const gateways = [...new Map(names.map((each) => [`${each.namespace}/${each.name}`, each])).values()];
  const looks = await Promise.all(gateways.map(judge));
  const verdict =
    worst(looks)?.verdict ??
    skipped('look/not-used', {
      message: `${refOf(published.route.object)} names no Gateway as its parent.`,
    });
  return { verdict, found: Object.assign({}, ...looks.map(({ found }) => found)) as Found };
}

const severity: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

/** Of several parents the worst speaks for the link. */
const worst = (looks: readonly Look[]): Look | undefined =>
  looks.toSorted(
    (one, other) => severity.indexOf(one.verdict.state) - severity.indexOf(other.verdict.state),
  )[0];

/** The worst of several; where all are ok, what each of them saw. */
const together = (looks: readonly Look[]): Look => {
  const [first] = looks;
  const bad = worst(looks);
  if (first === undefined || bad === undefined) throw new Error('nothing was looked at');
  if (bad.verdict.state !== 'ok' || looks.length === 1) return bad;
  return {
    verdict: ok(
      looks.map(({ verdict }) => verdict.message).join(' '),
      looks.flatMap(({ verdict }) => verdict.evidence),
    ),
  };
};

/** Enough of a Gateway to find it by `refOf` among what this run applied. */
const gatewayNamed = ({ namespace, name }: GatewayName): KubernetesObject => ({
  apiVersion: kinds.gateway.apiVersion,
  kind: kinds.gateway.kind,
  metadata: { namespace, name },
});

/** The listeners that the host's routes name; all where one of them names none. */
const sectionsOf = (
  { published, others }: HostWant,
  gateway: GatewayName,
): { readonly sections?: readonly string[] } => {
  const parents = [published, ...others]
    .flatMap((each) => each.parents)
    .filter(({ namespace, name }) => namespace === gateway.namespace && name === gateway.name);
  // Those of a ListenerSet are told of at the ListenerSet.
  const own = parents.filter(({ set }) => set === undefined);
  const sections = own.flatMap(({ sectionName }) => sectionName ?? []);
  return sections.length === own.length ? { sections } : {};
};

/** Only a complaint from before this run is in the way: its controller has to be woken before it can be believed. */
const isAsleep = (verdict: Verdict): boolean => verdict.state === 'waiting' && verdict.old === true;

function routeWant(
  { freshness, namespace, generationOf }: HostWant,
  published: PublishedHost,
  nudges: Nudges,
): RouteWant {
  const route = published.route.object;
  const generation = generationOf(inNamespace(route, namespace));
  const [parent] = published.parents;
  return {
    ...(parent === undefined ? freshness : nudges.freshness(parent, freshness)),
    kind: published.kind === 'GRPC' ? 'GRPCRoute' : 'HTTPRoute',
    namespace: namespaceOf(route, namespace),
    name: route.metadata.name,
    parents: published.parents,
    host: published.host,
    ...(generation !== undefined && { appliedGeneration: generation }),
  };
}
