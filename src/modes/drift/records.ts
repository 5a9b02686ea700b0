// The layer Route 53 of a drift check: every zone of the hosts read once, and judged as a whole.
import { textMap } from '../../bundle/field.ts';
import type { KubernetesObject } from '../../bundle/object.ts';
import { kinds } from '../../chain/cluster.ts';
import { foundGateway } from '../../chain/gateway.ts';
import { observeRelease } from '../../chain/release.ts';
import type { HostedZone, RecordSet } from '../../chain/zone.ts';
import type { Sighting } from '../../drift/item.ts';
import { annotatedHosts, isRefused, judgeRecords, resourceOf } from '../../drift/records.ts';
import { strangersAt } from '../../drift/zone-records.ts';
import type { HostWant, RecordsWant } from '../../drift/zone-view.ts';
import { type HostRoutes, hostsOf } from '../../gateway/hosts.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { DriftContext } from './context.ts';
import { distinct, type LayerSeen, notChecked } from './layer.ts';

type NotSeen = Exclude<Seen<unknown>, { readonly value: unknown }>;

/** What all routes of the cluster publish; absent where they may not all be read. */
const observePublished = async ({ ports, run }: DriftContext) => {
  const { signal, inputs } = run;
  const list = (kind: Parameters<typeof ports.cluster.list>[0]) =>
    ports.cluster.list(kind, undefined, signal);
  const [http, grpc, gateways, namespaces] = [
    await list(kinds.httpRoute),
    await list(kinds.grpcRoute),
    await list(kinds.gateway),
    await list(kinds.namespace),
  ];
  if (!('value' in http) || !('value' in grpc) || !('value' in gateways)) return undefined;
  const labels = new Map(
    ('value' in namespaces ? namespaces.value : []).map((each) => [
      each.metadata.name,
      textMap(each, 'metadata', 'labels'),
    ]),
  );
  const routes = [...http.value, ...grpc.value];
  const source = { file: '', line: 0 };
  const context = { namespace: inputs.namespace, labelsOf: (name: string) => labels.get(name) };
  const publishedBy = (some: readonly KubernetesObject[]): ReadonlySet<string> => {
    const sourced = some.map((object) => ({ object, source }));
    const hosts = hostsOf(sourced, gateways.value, context).map(({ host }) => host);
    return new Set([...hosts, ...some.flatMap(annotatedHosts)]);
  };
  return {
    published: publishedBy(routes),
    accepted: publishedBy(routes.filter((route) => !isRefused(route))),
    routes: new Map(routes.map((route) => [resourceOf(route), route])),
    gateways: gateways.value,
  };
};

const gatewaysOf = ({ first }: HostRoutes, all: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  first.parents.flatMap(
    ({ namespace, name }) =>
      all.find((each) => each.metadata.name === name && namespaceOf(each) === namespace) ?? [],
  );

const wantOf = (host: HostRoutes, all: readonly KubernetesObject[], at: Date): HostWant => {
  const gateways = gatewaysOf(host, all);
  return {
    host: host.first.host,
    loadBalancers: gateways.flatMap(
      (gateway) => foundGateway({ at, value: { gateway, events: [] } }).loadBalancer ?? [],
    ),
    route: host.first.route.object,
    others: host.others.map(({ route }) => route.object),
    source: host.first.route.source,
    gateways,
  };
};

/** The zone with the longest name, as ExternalDNS chooses it. */
const zoneOf = async (
  { ports, run }: DriftContext,
  host: string,
): Promise<HostedZone | undefined | NotSeen> => {
  const zones = await ports.zones.zones(host, run.signal);
  return 'value' in zones ? zones.value.find((each) => !each.private) : zones;
};

/** Asked only where the zone names servers that are not its own. */
async function delegatedOf(
  { ports, run }: DriftContext,
  zone: HostedZone,
  records: readonly RecordSet[],
): Promise<Pick<RecordsWant, 'delegated'>> {
  const apex = records.find(({ name, type }) => name === zone.name && type === 'NS');
  if (strangersAt(zone, apex?.values ?? []).length === 0 || ports.authority.overridden) return {};
  const delegation = await ports.authority.delegation(zone.name, run.signal);
  return 'failed' in delegation ? {} : { delegated: delegation.servers.map(({ name }) => name) };
}

export async function lookAtRecords(context: DriftContext): Promise<LayerSeen> {
  const { run, ports } = context;
  const hosts = await context.hosts();
  if (hosts.length === 0) return { sightings: [], unchecked: [] };
  const unchecked: Finding[] = [];
  const cluster = await observePublished(context);
  const release = await observeRelease(ports.cluster, run.signal);
  const externalDns = 'value' in release ? release.value.controllers.externalDns : undefined;
  if (!('value' in release)) unchecked.push(notChecked("ExternalDNS's Deployment", release));
  const at = run.clock.now();
  const byZone = new Map<string, { zone: HostedZone; hosts: HostWant[] }>();
  for (const host of hosts) {
    const zone = await zoneOf(context, host.first.host);
    if (zone === undefined || 'at' in zone) {
      const seen = zone ?? { at, failed: 'no public hosted zone that could hold it is to be seen' };
      unchecked.push(
        notChecked(zone === undefined ? `The record of ${host.first.host}` : 'The hosted zones', seen),
      );
      continue;
    }
    const entry = byZone.get(zone.id) ?? { zone, hosts: [] };
    entry.hosts.push(wantOf(host, cluster?.gateways ?? [], at));
    byZone.set(zone.id, entry);
  }
  const sightings: Sighting[] = [];
  for (const { zone, hosts: wanted } of byZone.values()) {
    const records = await ports.zones.all(zone.id, run.signal);
    if (!('value' in records)) {
      unchecked.push(notChecked(`The records of zone ${zone.name}`, records));
      continue;
    }
    run.draft.zone(zone.name);
    const want: RecordsWant = {
      hosts: wanted,
      zone,
      records: records.value,
      at,
      ...(await delegatedOf(context, zone, records.value)),
      ...(externalDns && { externalDns }),
      ...(cluster && {
        published: cluster.published,
        accepted: cluster.accepted,
        routes: cluster.routes,
      }),
    };
    sightings.push(...judgeRecords(want));
  }
  return { sightings, unchecked: distinct(unchecked) };
}
