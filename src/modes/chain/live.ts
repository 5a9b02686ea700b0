// After everything is applied: which hosts the routes publish, and the wait until each of them is live.
import pLimit from 'p-limit';
import { dnsAnswers } from '../../aws/dns-answers.ts';
import { loadBalancers } from '../../aws/load-balancers.ts';
import { textMap } from '../../bundle/field.ts';
import type { Bundle, KubernetesObject, Sourced } from '../../bundle/object.ts';
import { refOf } from '../../bundle/object.ts';
import { kinds } from '../../chain/cluster.ts';
import { gatewayApiVersion, observeCrds, wantedCrds } from '../../chain/crds.ts';
import { foundGateway, observeGateway } from '../../chain/gateway.ts';
import type { HostChain } from '../../chain/link.ts';
import { Nudges, nudgeRefused } from '../../chain/nudge.ts';
import { observeRelease } from '../../chain/release.ts';
import { sharedReader } from '../../chain/shared-reader.ts';
import { type WaitedHost, waitForHosts } from '../../chain/wait.ts';
import { Watches } from '../../chain/watches.ts';
import {
  byHost,
  type HostRoutes,
  hostless,
  hostsOf,
  isRedirected,
  type PublishedHost,
} from '../../gateway/hosts.ts';
import { followsListenerSets } from '../../gateway/lbc-settings.ts';
import { probeAnnotations, probeOf } from '../../gateway/probe.ts';
import { probeFindings, redirectOnly, withoutHostname } from '../../gateway/route-findings.ts';
import { isOfListenerSet, parentRefsOf } from '../../gateway/shapes.ts';
import { createProber } from '../../https/probe.ts';
import { clusterReader } from '../../kube/reader.ts';
import { createToucher } from '../../kube/touch.ts';
import { clusterWatcher } from '../../kube/watch.ts';
import { lintDuplicates } from '../../lint/routes.ts';
import type { Outcome, ReportedHost } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { authorityOf, zonesOf } from '../access/zones.ts';
import { certificatesPort } from './gateway-certificates.ts';
import { type Alone, chainAlone, gatewayNameOf, gatewaysAlone, reportedAlone } from './gateways-alone.ts';
import { linksOf } from './links.ts';
import { controllers, type HostWant, type Ports } from './want.ts';

export interface Applied {
  readonly signedIn: SignedIn;
  readonly cluster: Cluster;
  readonly bundle: Bundle;
  /** Of the repository and of its charts. */
  readonly routes: readonly Sourced[];
  /** What else they hold: Gateways and classes of them that no host needs are judged as well. */
  readonly objects?: readonly Sourced[];
  /** When this run began to write, by the API server's clock: older complaints of controllers count for nothing. */
  readonly since: Date;
  /** Generation of what this run changed, by `refOf`. */
  readonly generations: ReadonlyMap<string, number>;
  /** Nothing may be written, not even an annotation. */
  readonly readOnly?: boolean;
  /** Domain whose standing wildcard record serves every host. */
  readonly wildcard?: string;
}

/** Milliseconds between two rounds of a host, and the age up to which its observations of the cluster are shared. */
const interval = 1_000;
const maxAge = 800;

/** One connection carries 100 streams, and up to 64 of them are requests (kube/limiter.ts). */
const mostWatches = 30;
/** What changes while a host comes alive. Definitions and namespaces hardly do, and few roles may list all of them. */
const watchedKinds: ReadonlySet<string> = new Set(
  [
    kinds.gatewayClass,
    kinds.gateway,
    kinds.loadBalancerConfiguration,
    kinds.httpRoute,
    kinds.grpcRoute,
    kinds.deployment,
    kinds.service,
    kinds.pod,
    kinds.event,
    kinds.endpointSlice,
    kinds.targetGroupBinding,
  ].map(({ plural }) => plural),
);

export async function waitUntilLive(run: Run, applied: Applied): Promise<Outcome> {
  const watching = new AbortController();
  try {
    const watches = watchesOf(run, applied, AbortSignal.any([run.signal, watching.signal]));
    return await waitFor(run, applied, openPorts(run, applied, watches));
  } finally {
    watching.abort();
  }
}

function watchesOf({ runner }: Run, { cluster }: Applied, signal: AbortSignal): Watches {
  return new Watches({
    watcher: clusterWatcher(cluster.kube),
    most: mostWatches,
    kinds: watchedKinds,
    onDenied: (permission) =>
      runner.info(
        `What the role may not watch is looked at every second instead (${permission} is missing).`,
      ),
    signal,
  });
}

async function waitFor(run: Run, applied: Applied, ports: Ports): Promise<Outcome> {
  const { draft, runner, clock, inputs, signal } = run;
  const published = await hostsToWaitFor(run, applied, ports);
  lookAhead(published, ports, signal);
  await tellVersions(run, ports, applied);
  const alone = await gatewaysAlone(run, applied, published, ports);
  if (published.length === 0 && alone.length === 0) {
    runner.info('The repository publishes no hostname: there is nothing to wait for.');
    return 'live';
  }
  const certificates = await certificatesPort(run, applied.signedIn, alone.length > 0, ports);
  const chains = [
    ...published.map((each) => chainOf(run, applied, each, ports)),
    ...alone.map((each) => chainAlone(applied, each, ports, certificates)),
  ];
  const report = reporter(run, published, alone);
  const latest = new Map<string, WaitedHost>();
  const waited = await waitForHosts(chains, {
    clock,
    deadline: clock.monotonic() + inputs.waitTimeout * 1000,
    interval,
    random: Math.random,
    signal,
    changes: ports.cluster.changes,
    onChange: (host, result) => {
      latest.set(host, result);
      report([...latest.values()]);
      runner.info(line(result));
    },
    onTick: (results) => {
      for (const result of results) if (result.end === undefined) runner.info(`… ${line(result)}`);
    },
  }).finally(() => certificates.close());
  report(waited);
  draft.loadBalancers(await loadBalancersOf(published, alone, ports, signal));
  await tellZone(run, published, ports);
  signal.throwIfAborted();
  return waited.every(({ live }) => live) ? 'live' : 'not-live';
}

/** Those that the repository publishes, but for what it only leads from http to https. */
async function hostsToWaitFor(run: Run, applied: Applied, ports: Ports): Promise<readonly HostRoutes[]> {
  const { draft, inputs } = run;
  const every = await publishedHosts(run, applied, ports);
  // The first to match answers, so the host comes alive: that the other never will, no link shows.
  draft.findings(lintDuplicates({ routes: applied.routes, namespace: inputs.namespace }));
  const redirected = every.filter(isRedirected);
  draft.findings(redirected.map(({ first }) => redirectOnly(first.host, first.route)));
  return every.filter((each) => !isRedirected(each));
}

function reporter(
  { draft }: Run,
  published: readonly HostRoutes[],
  alone: readonly Alone[],
): (waited: readonly WaitedHost[]) => void {
  const sources = new Map(published.map(({ first }) => [first.host, first]));
  return (waited) => {
    const hosts = waited.filter(({ host }) => sources.has(host));
    draft.hosts(hosts.map((each) => reported(each, sources.get(each.host))));
    draft.gateways(
      reportedAlone(
        waited.filter((each) => !hosts.includes(each)),
        alone,
      ),
    );
  };
}

async function tellZone(
  { draft, signal }: Run,
  [published]: readonly HostRoutes[],
  { zones }: Ports,
): Promise<void> {
  if (published === undefined) return;
  const seen = await zones.zones(published.first.host, signal);
  const zone = 'value' in seen ? seen.value.find((each) => !each.private) : undefined;
  if (zone !== undefined) draft.zone(zone.name);
}

/** Finding the zone takes more requests than any link: begun early, the answer is there when `record` asks for it. */
function lookAhead([published]: readonly HostRoutes[], { zones }: Ports, signal: AbortSignal): void {
  if (published !== undefined) zones.zones(published.first.host, signal).catch(() => undefined);
}

export function openPorts(
  run: Run,
  { signedIn, cluster, readOnly = false }: Applied,
  watches?: Watches,
): Ports {
  const { inputs, signal } = run;
  // What the chain sees is judged against times that the cluster wrote.
  const { clock } = cluster.kube;
  const prober = createProber({ limit: pLimit(16) });
  const zones = zonesOf({ inputs, clock }, signedIn);
  return {
    cluster: sharedReader(clusterReader(cluster.kube), clock, maxAge, signal, watches),
    zones,
    authority: inputs.testDnsAnswer
      ? dnsAnswers({ aws: signedIn.aws, credentials: signedIn.dns, zones, clock })
      : authorityOf(run),
    tls: prober,
    https: prober,
    loadBalancers: loadBalancers({ aws: signedIn.aws, credentials: signedIn.cluster, clock, signal }),
    nudges: nudgesOf(run, cluster, readOnly),
    clock,
  };
}

function nudgesOf({ runner, draft, clock }: Run, cluster: Cluster, readOnly: boolean): Nudges {
  return new Nudges({
    ...(!readOnly && { toucher: createToucher(cluster.kube) }),
    clock,
    onTouched: ({ kind = 'Gateway', namespace, name }) =>
      runner.info(
        `${kind} ${namespace}/${name} touched, so that its controller looks at it again: what it complains of may have been mended.`,
      ),
    // Of a TargetGroupBinding the verdict itself says how to touch it.
    onRefused: (sleeper, why) =>
      draft.findings(sleeper.kind === kinds.targetGroupBinding.kind ? [] : [nudgeRefused(sleeper, why)]),
  });
}

/** One entry a hostname, with all routes that share it. */
export async function publishedHosts(
  { draft, inputs, signal }: Run,
  { routes }: Applied,
  { cluster }: Ports,
): Promise<readonly HostRoutes[]> {
  const [gateways, namespaces] = await Promise.all([
    cluster.list(kinds.gateway, undefined, signal),
    cluster.list(kinds.namespace, undefined, signal),
  ]);
  const labels = new Map(
    ('value' in namespaces ? namespaces.value : []).map((each) => [
      each.metadata.name,
      textMap(each, 'metadata', 'labels'),
    ]),
  );
  const known: readonly KubernetesObject[] = 'value' in gateways ? gateways.value : [];
  const listenerSets = await followedSets(routes, cluster, signal);
  const context = { namespace: inputs.namespace, labelsOf: (name: string) => labels.get(name), listenerSets };
  draft.findings(hostless(routes, known, context).map(withoutHostname));
  return byHost(hostsOf(routes, known, context));
}

/** Those of the cluster, where a route names one and the controller follows them. */
async function followedSets(
  routes: readonly Sourced[],
  cluster: Ports['cluster'],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  if (!routes.some(({ object }) => parentRefsOf(object).some(isOfListenerSet))) return [];
  const { lbc } = await controllers(cluster, signal);
  if (lbc === undefined || !followsListenerSets(lbc.deployment, lbc.version)) return [];
  const seen = await cluster.list(kinds.listenerSet, undefined, signal);
  return 'value' in seen ? seen.value : [];
}

export function chainOf(
  run: Run,
  applied: Applied,
  { first: published, others }: HostRoutes,
  ports: Ports,
): HostChain {
  const { inputs, draft } = run;
  const { object } = published.route;
  const probe = probeOf(object);
  const ref = refOf(object);
  const annotated = textMap(object, 'metadata', 'annotations')[probeAnnotations.path] !== undefined;
  const path = annotated ? probe.path : (inputs.https.path ?? probe.path);
  draft.findings(
    probeFindings(published.route, probe, path === probe.path && !annotated ? published.host : undefined),
  );
  const header = probe.header ?? inputs.https.header;
  const want: HostWant = {
    published,
    others,
    crds: { crds: wantedCrds(applied.bundle.crds, [...applied.routes.map((route) => route.object)]) },
    freshness: { since: applied.since },
    generationOf: (route) => applied.generations.get(refOf(route)),
    namespace: inputs.namespace,
    zoneAccount: applied.signedIn.accounts.dns,
    probe: { path, method: probe.method, headers: probe.headers },
    statuses: probe.statuses ?? inputs.https.status,
    ...(header && { header }),
    streak: inputs.https.successes,
    ...(applied.wildcard !== undefined && { wildcard: applied.wildcard }),
  };
  return { host: published.host, ref, links: linksOf(want, ports) };
}

export async function tellVersions(
  { draft, signal }: Run,
  { cluster }: Ports,
  { bundle, routes }: Applied,
): Promise<void> {
  const release = await observeRelease(cluster, signal);
  if ('value' in release) {
    const { lbc, externalDns } = release.value.controllers;
    if (lbc?.version !== undefined) draft.version('lbc', lbc.standIn ? 'stand-in' : lbc.version);
    if (externalDns?.version !== undefined) draft.version('externalDns', externalDns.version);
  }
  const wanted = wantedCrds(
    bundle.crds,
    routes.map(({ object }) => object),
  );
  const gatewayApi = gatewayApiVersion(await observeCrds(cluster, { crds: wanted }, signal));
  if (gatewayApi !== undefined) draft.version('gatewayApi', gatewayApi);
}

async function loadBalancersOf(
  published: readonly HostRoutes[],
  alone: readonly Alone[],
  { cluster }: Ports,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (signal.aborted) return [];
  const parents = [
    ...published.flatMap(({ first }) => first.parents),
    ...alone.flatMap(({ object }) => gatewayNameOf(object) ?? []),
  ];
  const names = new Map(parents.map((parent) => [`${parent.namespace}/${parent.name}`, parent]));
  const found = await Promise.all(
    [...names.values()].map(async (parent) => foundGateway(await observeGateway(cluster, parent, signal))),
  );
  return found.flatMap(({ loadBalancer }) => loadBalancer ?? []);
}

const marks = { ok: '✓', waiting: '…', broken: '✗', unknown: '?', skipped: '-' } as const;

/** `sample-app.example.com  ✓ crds  ✓ release … record: The record does not exist yet.` */
function line({ host, ref, links, live, firstNotOk }: WaitedHost): string {
  if (live && host !== ref) return `${host}  live`;
  const passed = links.filter(({ state }) => state === 'ok').map(({ id }) => id);
  const stuck = firstNotOk ?? links.find(({ state }) => state !== 'ok' && !(live && state === 'skipped'));
  const where = stuck === undefined ? '' : `${marks[stuck.state]} ${stuck.id}: ${stuck.message}`;
  return `${host}  ${passed.map((id) => `✓ ${id}`).join(' ')}${passed.length > 0 ? '  ' : ''}${where}`;
}

export function reported(
  { host, ref, live, links }: WaitedHost,
  published: PublishedHost | undefined,
): ReportedHost {
  const source = published?.route.source;
  return {
    host,
    live,
    ref,
    ...(source && { source }),
    url: `https://${published?.probeHost ?? host}/`,
    links,
  };
}
