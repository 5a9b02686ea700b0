// doctor: a read-only look at AWS and the cluster before anything is applied; each finding with what mends it.
import { partitionOf } from '../access/arn.ts';
import { certificateStore } from '../aws/acm.ts';
import type { ClusterDescription } from '../aws/eks.ts';
import { type IamReader, iamReader } from '../aws/iam.ts';
import { type IdentityReader, identityReader } from '../aws/pod-identity.ts';
import type { Bundle } from '../bundle/object.ts';
import type { ClusterReader } from '../chain/cluster.ts';
import { controllersOf } from '../chain/release.ts';
import type { ZoneReader } from '../chain/zone.ts';
import { mayI } from '../kube/access.ts';
import { leases } from '../kube/lease.ts';
import { clusterReader } from '../kube/reader.ts';
import { judgeAccess, observeAccess } from '../preflight/access-entry.ts';
import { judgeAgent, observeAgent } from '../preflight/agent.ts';
import {
  type Association,
  foundAssociation,
  judgeAssociation,
  observeAssociation,
} from '../preflight/associations.ts';
import { judgeCertificates, observeCertificates } from '../preflight/certificates.ts';
import { judgeCluster } from '../preflight/cluster.ts';
import { judgeControllers } from '../preflight/controllers.ts';
import { judgeExternalDns } from '../preflight/external-dns.ts';
import { judgePermissions, observePermissions, wantedPermissions } from '../preflight/permissions.ts';
import { judgePods, observePods } from '../preflight/pods.ts';
import { judgeRenewals, observeProofs } from '../preflight/renewal.ts';
import type { Setting } from '../preflight/setting.ts';
import { judgeRoles, observeRoles } from '../preflight/trust.ts';
import { judgeTurns, type MayKeepLeases, observeTurns } from '../preflight/turns.ts';
import { controllerNames, identitiesOf, type Workload } from '../preflight/workloads.ts';
import { judgeZones, observeZones, type ZonesSeen, zoneIdsOf, zoneOf } from '../preflight/zones.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { type Finding, findingOf } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { type Cluster, connectCluster, lookUpCluster } from './access/reach-cluster.ts';
import { type SignedIn, signIn } from './access/sign-in.ts';
import { authorityOf, zonesOf } from './access/zones.ts';
import { findBundle } from './bundle/find.ts';
import { type RenderedChart, useHelm } from './charts/charts.ts';
import { lookAtLoadBalancers, type Say } from './doctor/load-balancers.ts';
import { previewFindings, previewHosts } from './doctor/previews.ts';
import { certificatesOf, lookAround, type Surroundings } from './doctor/surroundings.ts';
import { begin } from './steps.ts';

/** @throws Problem of the area `auth/`; the signal's reason on abort. */
export async function doctor(run: Run): Promise<Outcome> {
  const { inputs, draft, runner, signal } = run;
  const said: Finding[] = [];
  const say: Say = (check, findings) => {
    draft.findings(findings);
    said.push(...findings);
    runner.info(`${markOf(findings)} ${check}`);
  };
  /** Expected trouble is a finding like any other: the doctor goes on to what can still be seen. */
  const orSay = async <Value>(check: string, task: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await task();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem)) throw error;
      say(check, [findingOf(error)]);
      return undefined;
    }
  };

  begin(run, 'Find what is to be deployed');
  const bundle = await bundleOrNothing(run, say);
  if (bundle === undefined) return 'failed';
  begin(run, 'Assume the roles');
  const signedIn = await signIn(run);
  const { clusterName: cluster, region, namespace } = inputs;
  draft.target({ cluster, region, namespace, accounts: signedIn.accounts });
  begin(run, 'Reach the cluster');
  const description = await orSay('The cluster', () => lookUpCluster(run, signedIn));
  const reached =
    description && (await orSay('Its API server', () => connectCluster(run, signedIn, description)));
  if (reached !== undefined) draft.version('kubernetes', reached.version);
  try {
    const charts = reached && (await orSay('The charts', () => renderCharts(run, reached, bundle)));
    const given = { signedIn, description, cluster: reached, bundle, rendered: charts ?? [], said };
    await examine(run, given, say);
  } finally {
    await reached?.kube.close();
  }
  signal.throwIfAborted();
  return said.some(({ severity }) => severity === 'error') ? 'failed' : 'clean';
}

const markOf = (findings: readonly Finding[]): string => {
  if (findings.some(({ severity }) => severity === 'error')) return '✗';
  if (findings.some(({ severity }) => severity === 'warning')) return '!';
  return findings.some(({ code }) => code === 'look/denied') ? '?' : '✓';
};

/** Without a repository there are no hosts to ask for, but everything else can be looked at. */
async function bundleOrNothing(run: Run, say: Say): Promise<Bundle | undefined> {
  try {
    return await findBundle(run);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'bundle/nothing-found') throw error;
    say('The repository', [{ ...findingOf(error), severity: 'notice' }]);
    return { crds: [], charts: [], manifests: [], routes: [], ignored: [] };
  }
}

async function renderCharts(run: Run, cluster: Cluster, bundle: Bundle): Promise<readonly RenderedChart[]> {
  if (bundle.charts.length > 0) begin(run, 'Render the charts');
  const helm = await useHelm(run, cluster, bundle);
  try {
    return await helm.render();
  } finally {
    await helm.close();
  }
}

interface Given {
  readonly signedIn: SignedIn;
  /** Absent: the cluster could not be described. */
  readonly description: ClusterDescription | undefined;
  /** Absent: its API server was not reached. */
  readonly cluster: Cluster | undefined;
  readonly bundle: Bundle;
  readonly rendered: readonly RenderedChart[];
  /** What the doctor has found so far. */
  readonly said: readonly Finding[];
}

async function examine(run: Run, given: Given, say: Say): Promise<void> {
  const { inputs, clock, signal } = run;
  const { signedIn, description, cluster, bundle, rendered } = given;
  const setting = settingOf(run, signedIn, description);
  const reader = cluster && clusterReader(cluster.kube);
  const eks = { aws: signedIn.aws, credentials: signedIn.cluster, clock };
  const identity = identityReader({ ...eks, cluster: { name: setting.cluster, arn: setting.arn } });
  const roles = rolesOf(run, signedIn);
  const store = certificateStore(eks);
  try {
    begin(run, 'Look at the cluster');
    if (description !== undefined) say('The cluster', judgeCluster(setting, description));
    say('The access entry of this role', await accessFindings(run, given, setting, identity));
    if (cluster !== undefined)
      say("The Lease of the bundle's runs", await turnFindings(run, cluster, setting));
    const agent = await observeAgent(identity, reader, signal);
    say('The pod identity agent', judgeAgent(setting, description?.autoMode === true, agent));
    const around = await lookAround(
      {
        bundle,
        rendered,
        ...(reader && { reader }),
        apiVersions: (await cluster?.discovery.apiVersions(signal)) ?? [],
        namespace: inputs.namespace,
        role: setting.roles.eks,
      },
      signal,
    );
    say('What is in the cluster', around.findings);
    say('The controllers', judgeControllers(around.workloads?.coming, setting.cluster));
    tellVersions(run, around);

    begin(run, 'Look at the hosted zone');
    const zoneReader = zonesOf(run, signedIn);
    const zones = await lookAtZones(run, zoneReader, around);
    say('The hosted zone and its delegation', judgeZones(setting, zones));
    if (inputs.preview.wildcard)
      say('The wildcard record of previews', await previewFindings(run, setting, around, zoneReader));
    const [first] = zones.zones;
    if (first !== undefined) run.draft.zone(first.zone.name);

    begin(run, "Look at the controllers' identities");
    for (const workload of around.workloads ? identitiesOf(around.workloads) : []) {
      const look = { setting, workload, identity, roles, reader, zones };
      await lookAtIdentity(run, look, say);
    }
    for (const workload of around.workloads?.coming ?? []) {
      if (workload.controller !== 'externalDns') continue;
      const want = {
        hosts: around.hosts,
        gateways: around.gateways,
        namespace: inputs.namespace,
        zoneOf: (host: string) => zoneOf(zones, host),
      };
      say("ExternalDNS's settings", judgeExternalDns(setting, workload, want));
    }

    begin(run, 'Look at the load balancers');
    await lookAtLoadBalancers(run, { signedIn, setting, around, vpc: description?.vpcId }, say);

    begin(run, 'Look at the certificates');
    const want = certificatesOf(around, inputs.namespace, previewHosts(run));
    const certificates = await observeCertificates(setting, want, store, signal);
    const proofs = await observeProofs(want, certificates, zoneReader, signal);
    say('The certificates of the listeners', [
      ...judgeCertificates(setting, want, certificates),
      ...judgeRenewals(setting, want, certificates, proofs),
    ]);
  } finally {
    identity.close();
    roles.close();
    store.close();
  }
}

function settingOf(
  { inputs }: Run,
  { accounts }: SignedIn,
  description: ClusterDescription | undefined,
): Setting {
  const { clusterName: cluster, region, role, dnsRole } = inputs;
  const composed = `arn:${partitionOf(region).name}:eks:${region}:${accounts.eks}:cluster/${cluster}`;
  return {
    cluster,
    arn: description?.arn ?? composed,
    region,
    accounts,
    roles: { eks: role, dns: dnsRole ?? role },
  };
}

interface Roles {
  in(account: string): IamReader;
  close(): void;
}

/** IAM of the two accounts, each seen by the role that is in it. */
function rolesOf({ clock }: Run, { aws, cluster, dns, accounts }: SignedIn): Roles {
  const eks = iamReader({ aws, credentials: cluster, clock });
  const zone = iamReader({ aws, credentials: dns, clock });
  return {
    in: (account) => (account === accounts.dns && account !== accounts.eks ? zone : eks),
    close: () => {
      eks.close();
      zone.close();
    },
  };
}

async function accessFindings(
  { signal }: Run,
  { description, cluster, bundle, said }: Given,
  setting: Setting,
  identity: IdentityReader,
): Promise<readonly Finding[]> {
  const mode = description?.authenticationMode;
  const want = {
    ...(mode !== undefined && { authenticationMode: mode }),
    admitted: cluster !== undefined,
    clusterWide: bundle.crds.length + bundle.charts.length > 0,
  };
  const findings = judgeAccess(setting, want, await observeAccess(setting, identity, signal));
  // An API server that does not know the role has said so itself.
  return findings.filter(({ code }) => said.every((other) => other.code !== code));
}

async function turnFindings(
  { inputs, signal }: Run,
  { kube }: Cluster,
  setting: Setting,
): Promise<readonly Finding[]> {
  const may: MayKeepLeases = (verb, namespace, during) => mayI(kube, verb, leases, namespace, during);
  return judgeTurns(setting, inputs.namespace, await observeTurns(inputs.namespace, may, signal));
}

async function lookAtZones(run: Run, zones: ZoneReader, { hosts }: Surroundings): Promise<ZonesSeen> {
  return await observeZones(
    hosts.map(({ host }) => host),
    zones,
    authorityOf(run),
    run.signal,
  );
}

interface IdentityLook {
  readonly setting: Setting;
  readonly workload: Workload;
  readonly identity: IdentityReader;
  readonly roles: Roles;
  readonly reader: ClusterReader | undefined;
  readonly zones: ZonesSeen;
}

async function lookAtIdentity({ signal }: Run, look: IdentityLook, say: Say): Promise<void> {
  const { setting, workload, identity, roles, reader, zones } = look;
  const name = controllerNames[workload.controller];
  const seen = await observeAssociation(workload, identity, reader, signal);
  say(`The pod identity association of ${name}`, judgeAssociation(setting, workload, seen));
  const association: Association | undefined = foundAssociation(seen);
  if (association === undefined) return;
  if (workload.installed && reader !== undefined) {
    const pods = await observePods(workload, reader, signal);
    say(`The pods of ${name}`, judgePods(setting, workload, association, pods));
  }
  const trust = await observeRoles(association, roles.in, signal);
  say(`The trust policies of ${name}'s roles`, judgeRoles(setting, workload, association, trust));
  if (workload.controller !== 'externalDns') return;
  const wanted = wantedPermissions(setting, association, zoneIdsOf(zones));
  const permissions = await observePermissions(wanted, roles.in, signal);
  say(`The permissions of ${name}'s roles`, judgePermissions(setting, workload, permissions));
}

/** Of what runs; the report's versions are the cluster's. */
function tellVersions({ draft }: Run, { workloads }: Surroundings): void {
  const { lbc, externalDns } = controllersOf((workloads?.running ?? []).map(({ deployment }) => deployment));
  if (lbc?.version !== undefined) draft.version('lbc', lbc.standIn ? 'stand-in' : lbc.version);
  if (externalDns?.version !== undefined) draft.version('externalDns', externalDns.version);
}
