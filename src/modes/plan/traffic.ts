// What a deploy would do outside the cluster: rules of load balancers, records, and what would break.
import { loadBalancers } from '../../aws/load-balancers.ts';
import { text, textMap } from '../../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
import { type Kind, kinds } from '../../chain/cluster.ts';
import { addressOf, foundIn } from '../../chain/gateway.ts';
import { judgeRecord, observeRecordSets, type RecordWant } from '../../chain/record.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import { excludedBy } from '../../externaldns/excludes.ts';
import { clusterReader } from '../../kube/reader.ts';
import { hostsGone, judgeBreaks } from '../../plan/breaks.ts';
import { judgeBudgets, type LiveRules, planLoadBalancers } from '../../plan/load-balancers.ts';
import type { Planned } from '../../plan/objects.ts';
import { planRecords } from '../../plan/records.ts';
import { afterSteps, isRoute, type Publication, publications, type World } from '../../plan/world.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { type Workload, workloadsOf } from '../../preflight/workloads.ts';
import type { PlannedLoadBalancer, PlannedRecord } from '../../report/plan.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding, type Source } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';
import { liveRules } from '../chain/live-rules.ts';

export interface Traffic {
  readonly records: readonly PlannedRecord[];
  readonly loadBalancers: readonly PlannedLoadBalancer[];
  /** Hosts that go offline. */
  readonly offline: readonly string[];
  readonly findings: readonly Finding[];
}

export interface TrafficWant {
  readonly signedIn: SignedIn;
  readonly cluster: Cluster;
  readonly planned: readonly Planned[];
  /** Of the charts, with their namespaces. */
  readonly rendered: readonly Sourced[];
}

/** Asks the cluster, ELBv2 and Route 53; writes nothing. */
export async function planTraffic(run: Run, want: TrafficWant): Promise<Traffic> {
  const look = await lookAround(run, want);
  const { before, findings } = look;
  if (before === undefined) return { records: [], loadBalancers: [], offline: [], findings };
  const after = afterSteps(before, want.planned);
  const lbc = look.workloads.find(({ controller }) => controller === 'lbc');
  const rules = { ...(lbc?.version !== undefined && { version: lbc.version }) };
  const sources = new Map<string, Source>(
    want.planned.flatMap(({ planned: { ref, source } }) => (source ? [[ref, source] as const] : [])),
  );
  const sourceOf = (object: KubernetesObject): Source | undefined => sources.get(refOf(object));
  const breaks = judgeBreaks({ before, after, steps: want.planned, sourceOf, rules });
  const balancers = await planBalancers(run, want, before, after, rules);
  const dns = await planDns(run, want, before, after, look.workloads, sourceOf);
  return {
    records: dns.records,
    loadBalancers: balancers.loadBalancers,
    offline: [...hostsGone(before, after).keys()],
    findings: [...findings, ...breaks, ...balancers.findings, ...dns.findings],
  };
}

interface LookedAround {
  /** Absent: Gateways or routes may not be read, and nothing can be said. */
  readonly before?: World;
  readonly workloads: readonly Workload[];
  readonly findings: readonly Finding[];
}

async function lookAround({ inputs, signal }: Run, want: TrafficWant): Promise<LookedAround> {
  const reader = clusterReader(want.cluster.kube);
  const findings: Finding[] = [];
  const all = async (kind: Kind, what: string): Promise<readonly KubernetesObject[] | undefined> => {
    const seen = await reader.list(kind, undefined, signal);
    if ('value' in seen) return seen.value;
    findings.push(notSeen(seen, what, inputs.role));
    return undefined;
  };
  const gateways = await all(kinds.gateway, 'What becomes of Gateways');
  const classes = await all(kinds.gatewayClass, 'Whose Gateways they are');
  const http = await all(kinds.httpRoute, 'What becomes of routes');
  const grpc = await all(kinds.grpcRoute, 'What becomes of GRPCRoutes');
  const services = await all(kinds.service, 'Whether each backend exists');
  const namespaces = await all(kinds.namespace, 'Which namespaces a listener admits');
  const deployments = await all(kinds.deployment, 'What ExternalDNS does to records');
  const labels = new Map(
    (namespaces ?? []).map((each) => [each.metadata.name, textMap(each, 'metadata', 'labels')]),
  );
  const workloads = workloadsOf(deployments ?? [], want.rendered).coming;
  if (gateways === undefined || http === undefined) return { workloads, findings };
  return {
    before: {
      gateways,
      ...(classes && { classes }),
      routes: [...http, ...(grpc ?? [])],
      ...(services && { services }),
      labelsOf: (name) => labels.get(name),
    },
    workloads,
    findings,
  };
}

async function planBalancers(
  { inputs, clock, signal }: Run,
  { signedIn }: TrafficWant,
  before: World,
  after: World,
  rules: { readonly version?: string },
): Promise<Pick<Traffic, 'loadBalancers' | 'findings'>> {
  const port = loadBalancers({ aws: signedIn.aws, credentials: signedIn.cluster, clock, signal });
  const findings: Finding[] = [];
  const live = new Map<string, LiveRules>();
  const first = planLoadBalancers(before, after, rules, () => ({}));
  for (const { gateway } of first) {
    const arn = foundIn(before.gateways.find((each) => refOf(each) === gateway)).loadBalancerArn;
    const seen = arn === undefined ? undefined : await liveRules(port, arn, signal);
    if (seen === undefined) continue;
    if ('value' in seen && seen.value !== undefined) live.set(gateway, seen.value);
    if (!('value' in seen))
      findings.push(notSeen(seen, `How full the load balancer of ${gateway} is`, inputs.role));
  }
  const planned = planLoadBalancers(before, after, rules, (gateway) => {
    const name = addressOf(gateway);
    const now = live.get(refOf(gateway));
    return { ...(name !== undefined && { loadBalancer: name }), ...(now && { live: now }) };
  });
  return { loadBalancers: planned, findings: [...findings, ...judgeBudgets(planned)] };
}

/** Hosts of the routes that are planned, and those that appear or vanish with a Gateway. */
function hostsConcerned(
  planned: readonly Planned[],
  before: ReadonlyMap<string, readonly Publication[]>,
  after: ReadonlyMap<string, readonly Publication[]>,
): ReadonlySet<string> {
  const ours = new Set(
    planned.flatMap((each) =>
      [each.before, each.after].flatMap((object) => (object && isRoute(object) ? refOf(object) : [])),
    ),
  );
  const all = new Set([...before.keys(), ...after.keys()]);
  return new Set(
    [...all].filter((host) => {
      const routes = [...(before.get(host) ?? []), ...(after.get(host) ?? [])];
      return before.has(host) !== after.has(host) || routes.some(({ route }) => ours.has(refOf(route)));
    }),
  );
}

async function planDns(
  run: Run,
  { signedIn, planned }: TrafficWant,
  before: World,
  after: World,
  workloads: readonly Workload[],
  sourceOf: (object: KubernetesObject) => Source | undefined,
): Promise<Pick<Traffic, 'records' | 'findings'>> {
  const { inputs, signal, draft } = run;
  const externalDns = workloads.find(({ settings }) => settings !== undefined);
  const now = publications(after);
  const hosts = hostsConcerned(planned, publications(before), now);
  if (hosts.size === 0) return { records: [], findings: [] };
  if (externalDns?.settings === undefined) return { records: [], findings: [noExternalDns(hosts)] };
  const zones = zonesOf(run, signedIn);
  const { deployment, settings, version } = externalDns;
  const by = { deployment, settings, ...(version !== undefined && { version }) };
  const found = { ...by, namespace: externalDns.namespace, name: deployment.metadata.name };
  const records: PlannedRecord[] = [];
  const findings: Finding[] = [];
  for (const host of hosts) {
    const looked = await planHost(zones, { host, published: now.get(host) ?? [], found }, signal);
    if ('unread' in looked) {
      findings.push(notSeen(looked.unread, 'What becomes of the records', inputs.dnsRole ?? inputs.role));
      break;
    }
    if (looked.zone !== undefined) draft.zone(looked.zone);
    records.push(...looked.records);
    findings.push(...looked.broken(sourceOf));
  }
  return { records, findings };
}

const noExternalDns = (hosts: ReadonlySet<string>): Finding =>
  finding(
    'warning',
    'release/controller-missing',
    `ExternalDNS was found neither in the cluster nor in the charts: nothing is known to write the records of ${[...hosts].slice(0, 5).join(', ')}.`,
    { hint: "It is found by its image's name. Install it, as the umbrella chart of the example does." },
  );

interface HostWant {
  readonly host: string;
  readonly published: readonly Publication[];
  readonly found: NonNullable<RecordWant['externalDns']>;
}

async function planHost(zones: ZoneReader, { host, published, found }: HostWant, signal: AbortSignal) {
  const seen = await observeRecordSets(zones, { host, externalDns: found }, signal);
  if (!('value' in seen)) return { unread: seen };
  const { zone, records, ownership } = seen.value;
  const { settings } = found;
  const reasons = published.map(({ route, gateways }) =>
    excludedBy(settings, { host, route, gateways, ...(zone && { zone }) }),
  );
  const kept = published.filter((_, index) => reasons[index] === undefined);
  const targets = kept.flatMap(({ gateways }) =>
    gateways.map(
      (gateway) =>
        text(gateway, 'metadata', 'annotations', `${settings.annotationPrefix}target`) ??
        addressOf(gateway) ??
        '',
    ),
  );
  const excluded = kept.length === 0 ? reasons[0] : undefined;
  const of = { host, records, ownership, targets: [...new Set(targets)], ...(excluded && { excluded }) };
  const [first] = published;
  /** What the chain would say of the record: only what waiting cannot mend. */
  const broken = (sourceOf: (object: KubernetesObject) => Source | undefined): readonly Finding[] => {
    if (first === undefined) return [];
    const target = targets.find((each) => each !== '');
    const { route, gateways } = first;
    const want: RecordWant = {
      host,
      ...(target !== undefined && { loadBalancer: target }),
      route,
      gateways,
      externalDns: found,
      since: new Date(0),
    };
    const verdict = judgeRecord(want, seen);
    if (verdict.state !== 'broken') return [];
    const { code, message, hint, evidence } = verdict;
    const source = sourceOf(route);
    return [
      finding('error', code, message, { ref: refOf(route), hint, evidence, ...(source && { source }) }),
    ];
  };
  return {
    zone: zone?.name,
    records: planRecords(of, found),
    broken,
  };
}
