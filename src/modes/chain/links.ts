// The chain of one host: each link's observation bound to its judgement.

import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import { judgeShutOut, mayBeShutOut, observeBarriers } from '../../chain/admission.ts';
import { type CertificateReader, judgeCertificate, observeCertificate } from '../../chain/certificate.ts';
import { judgeClass, observeClass } from '../../chain/class.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import { type CrdsWant, judgeCrds, observeCrds, wantedByBoth } from '../../chain/crds.ts';
import { judgeGate, observeGate } from '../../chain/gate.ts';
import { foundGateway, judgeGateway, observeGateway } from '../../chain/gateway.ts';
import {
  grpcNotProbed,
  type HeaderWant,
  type HttpsProber,
  judgeHttps,
  observeHttps,
  type Probe,
  type StatusRange,
} from '../../chain/https.ts';
import type { Found, Link, Look } from '../../chain/link.ts';
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import {
  type Authority,
  judgeNameServers,
  observeNameServers,
  servedAddresses,
} from '../../chain/nameservers.ts';
import type { Nudges } from '../../chain/nudge.ts';
import { foundRecord, judgeRecord, mayBeNewer, observeRecord } from '../../chain/record.ts';
import { type Controllers, judgeRelease, observeRelease } from '../../chain/release.ts';
import { judgeRoute, observeRoute, type RouteWant } from '../../chain/route.ts';
import type { SharedReader } from '../../chain/shared-reader.ts';
import { judgeWildcard, observeWildcard } from '../../chain/wildcard.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import type { Clock } from '../../clock.ts';
import type { Freshness } from '../../gateway/conditions.ts';
import type { HostRoutes, PublishedHost } from '../../gateway/hosts.ts';
import { definitionsNeededBy } from '../../gateway/lbc-definitions.ts';
import type { ParentRef } from '../../gateway/shapes.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import { type LbcRules, rulesFor } from '../../gateway/versions.ts';
import { ok, type State, skipped, unknown, type Verdict } from '../../verdict/verdict.ts';
import { explained, trafficLinks } from './traffic-links.ts';

/** Systems that the links look at. */
export interface Ports {
  readonly cluster: SharedReader;
  readonly zones: ZoneReader;
  readonly authority: Authority;
  readonly tls: CertificateReader;
  readonly https: HttpsProber;
  readonly loadBalancers: LoadBalancers;
  readonly nudges: Nudges;
  readonly clock: Clock;
}

export interface HostWant {
  readonly published: PublishedHost;
  /** The other routes of the host. */
  readonly others: HostRoutes['others'];
  readonly crds: CrdsWant;
  readonly freshness: Freshness;
  /** A route's or Gateway's generation after this run's write, if it changed it. */
  readonly generationOf: (object: KubernetesObject) => number | undefined;
  readonly namespace: string;
  readonly zoneAccount: string;
  readonly probe: Omit<Probe, 'host'>;
  readonly statuses: readonly StatusRange[];
  readonly header?: HeaderWant;
  readonly streak: number;
  /** Domain whose standing wildcard record is to serve the host. */
  readonly wildcard?: string;
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

const once = (id: Link['id'], look: Link['look']): Link => ({ id, streak: 1, look });
const inCluster = (id: Link['id'], look: Link['look']): Link => ({ ...once(id, look), inCluster: true });

/** The links of a host in the order of the chain. */
export function linksOf(want: HostWant, ports: Ports): Link[] {
  return [
    ...clusterLinks(want, ports),
    ...trafficLinks(want, ports),
    recordLink(want, ports),
    ...proofLinks(want, ports),
  ];
}

const parentKey = (parent: ParentRef): string => `${parent.namespace}/${parent.name}`;

function clusterLinks(want: HostWant, { cluster, nudges, clock }: Ports): Link[] {
  const { published, freshness } = want;
  const gateways = [...new Map(published.parents.map((parent) => [parentKey(parent), parent])).values()];
  const rules = async (signal: AbortSignal): Promise<LbcRules> =>
    rulesFor((await controllers(cluster, signal)).lbc?.version);
  const perGateway = async (judge: (parent: ParentRef) => Promise<Look>): Promise<Look> => {
    const looks = await Promise.all(gateways.map(judge));
    const verdict =
      worst(looks)?.verdict ??
      skipped('look/not-used', {
        message: `${refOf(published.route.object)} names no Gateway as its parent.`,
      });
    return { verdict, found: Object.assign({}, ...looks.map(({ found }) => found)) as Found };
  };
  /** What nobody has looked at may be of a controller that switched itself off. */
  const awake = async (verdict: Verdict, signal: AbortSignal): Promise<Look> => {
    const untouched = verdict.state === 'waiting' && /^(class|gateway)\/pending$/.test(verdict.code);
    return { verdict: (untouched ? judgeGate(await observeGate(cluster, signal)) : undefined) ?? verdict };
  };
  return [
    inCluster('crds', async (_found, signal) => {
      const { lbc } = await controllers(cluster, signal);
      const by = `AWS Load Balancer Controller ${lbc?.version ?? ''}`;
      const wanted = { crds: wantedByBoth(want.crds.crds, definitionsNeededBy(lbc?.version), by) };
      return { verdict: judgeCrds(wanted, await observeCrds(cluster, wanted, signal)) };
    }),
    inCluster('release', async (_found, signal) => ({
      verdict: judgeRelease({}, await observeRelease(cluster, signal)),
    })),
    inCluster('class', (_found, signal) =>
      perGateway(async ({ namespace, name }) => {
        const wanted = { gateway: { namespace, name }, ...freshness };
        const seen = await observeClass(cluster, wanted, signal);
        return awake(judgeClass(wanted, seen, clock.now(), await rules(signal)), signal);
      }),
    ),
    inCluster('gateway', (_found, signal) =>
      perGateway(async ({ namespace, name }) => {
        const generation = want.generationOf(gatewayNamed(namespace, name));
        const wanted = {
          namespace,
          name,
          ...nudges.freshness({ namespace, name }, freshness),
          ...(generation !== undefined && { appliedGeneration: generation }),
          ...sectionsOf(want, { namespace, name }),
        };
        const seen = await observeGateway(cluster, wanted, signal);
        const verdict = judgeGateway(wanted, seen, clock.now(), await rules(signal));
        if (isAsleep(verdict)) await nudges.touch({ namespace, name }, signal);
        return { ...(await awake(verdict, signal)), found: foundGateway(seen) };
      }),
    ),
    inCluster('route', async (_found, signal) => {
      const looks = [published, ...want.others].map(async (each) => {
        const wanted = routeWant(want, each, nudges);
        const seen = await observeRoute(cluster, wanted, signal);
        const verdict = judgeRoute(wanted, seen, clock.now(), await rules(signal));
        if (isAsleep(verdict)) await Promise.all(each.parents.map((parent) => nudges.touch(parent, signal)));
        return { verdict };
      });
      return together(await Promise.all(looks));
    }),
  ];
}

/** Enough of a Gateway to find it by `refOf` among what this run applied. */
const gatewayNamed = (namespace: string, name: string): KubernetesObject => ({
  apiVersion: kinds.gateway.apiVersion,
  kind: kinds.gateway.kind,
  metadata: { namespace, name },
});

/** The listeners that the host's routes name; all where one of them names none. */
const sectionsOf = (
  { published, others }: HostWant,
  gateway: { readonly namespace: string; readonly name: string },
): { readonly sections?: readonly string[] } => {
  const parents = [published, ...others]
    .flatMap((each) => each.parents)
    .filter(({ namespace, name }) => namespace === gateway.namespace && name === gateway.name);
  const sections = parents.flatMap(({ sectionName }) => sectionName ?? []);
  return sections.length === parents.length && sections.length > 0 ? { sections } : {};
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

/** Where the repository names no namespace the route is in the run's. */
const inNamespace = (route: KubernetesObject, namespace: string): KubernetesObject => ({
  ...route,
  metadata: { ...route.metadata, namespace: namespaceOf(route, namespace) },
});

async function controllers(cluster: ClusterReader, signal: AbortSignal): Promise<Controllers> {
  const seen = await observeRelease(cluster, signal);
  return 'value' in seen ? seen.value.controllers : {};
}

async function gatewaysOf(
  { published }: HostWant,
  cluster: ClusterReader,
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const seen = await Promise.all(
    published.parents.map(({ namespace, name }) => cluster.get(kinds.gateway, namespace, name, signal)),
  );
  return seen.flatMap((each) => ('value' in each && each.value ? [each.value] : []));
}

function recordLink(want: HostWant, ports: Ports): Link {
  return want.wildcard === undefined ? ownRecordLink(want, ports) : wildcardLink(want, want.wildcard, ports);
}

function wildcardLink({ published }: HostWant, domain: string, { zones }: Ports): Link {
  return once('record', async ({ loadBalancer }, signal) => {
    const wanted = { host: published.host, domain, ...(loadBalancer !== undefined && { loadBalancer }) };
    const seen = await observeWildcard(zones, wanted, signal);
    const zone = 'value' in seen ? seen.value.zone : undefined;
    return { verdict: judgeWildcard(wanted, seen), found: { ...(zone && { zone }) } };
  });
}

function ownRecordLink(want: HostWant, { cluster, zones, authority, clock }: Ports): Link {
  return once('record', async ({ loadBalancer }, signal) => {
    const { externalDns } = await controllers(cluster, signal);
    const wanted = {
      host: want.published.host,
      ...(loadBalancer !== undefined && { loadBalancer }),
      route: inNamespace(want.published.route.object, want.namespace),
      gateways: await gatewaysOf(want, cluster, signal),
      ...(externalDns && { externalDns }),
      zoneAccount: want.zoneAccount,
      since: want.freshness.since,
    };
    const seen = await observeRecord(zones, cluster, wanted, signal);
    const [verdict, found] = [judgeRecord(wanted, seen), foundRecord(seen)];
    if (!mayBeNewer(seen, verdict) || authority.overridden) return { verdict, found };
    const asked = { host: want.published.probeHost, ...(found.zone && { zone: found.zone }) };
    const served = judgeNameServers(asked, await observeNameServers(asked, authority, clock, signal));
    if (served.state !== 'ok') return { verdict, found };
    return {
      verdict: ok(`${served.message} The zone's list, which is read once in 5 s, does not show it yet.`),
      found,
    };
  });
}

const notTold = (host: string, { name, id }: NonNullable<Found['privateZone']>): Verdict =>
  unknown('https/shut-out', {
    message: `https://${host} was not asked: its record stands in the private hosted zone ${name} (${id}) alone.`,
    hint: 'Run the job on a runner inside a VPC of the zone, or publish the host in a public zone.',
  });

/** What proves that the host is live: all three must be ok several rounds in a row. */
function proofLinks(want: HostWant, { cluster, authority, tls, https, clock }: Ports): Link[] {
  const host = want.published.probeHost;
  const proof = (id: Link['id'], look: Link['look']): Link => ({ id, streak: want.streak, look });
  /** What a rule of the load balancer explains is not broken: it is not known. */
  const judged = async (verdict: Verdict, signal: AbortSignal): Promise<Look> => {
    if (!mayBeShutOut(verdict)) return { verdict };
    return { verdict: judgeShutOut(verdict, await observeBarriers(cluster, want.published.parents, signal)) };
  };
  return [
    proof('nameservers', async (found, signal) => {
      const wanted = {
        host,
        ...(found.zone && { zone: found.zone }),
        ...(found.privateZone && { privateZone: found.privateZone }),
      };
      const seen = await observeNameServers(wanted, authority, clock, signal);
      return { verdict: judgeNameServers(wanted, seen), found: { addresses: servedAddresses(seen) } };
    }),
    proof('certificate', async (found, signal) => {
      const wanted = { host, addresses: found.addresses ?? [] };
      return judged(judgeCertificate(wanted, await observeCertificate(wanted, tls, clock, signal)), signal);
    }),
    proof('https', async (found, signal) => {
      if (want.published.kind === 'GRPC') return { verdict: grpcNotProbed(host) };
      const { addresses = [], privateZone } = found;
      if (addresses.length === 0 && privateZone !== undefined) return { verdict: notTold(host, privateZone) };
      const wanted = {
        probe: { host, ...want.probe },
        addresses,
        statuses: want.statuses,
        ...(want.header && { header: want.header }),
      };
      const verdict = judgeHttps(wanted, await observeHttps(wanted, https, clock, signal));
      return explained(await judged(verdict, signal), found);
    }),
  ];
}
