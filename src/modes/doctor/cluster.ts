// The part of the doctor about the cluster: itself, who this role is to it, the controllers in it.
import type { IdentityReader } from '../../aws/pod-identity.ts';
import { controllersOf } from '../../chain/release.ts';
import { mayI } from '../../kube/access.ts';
import { leases } from '../../kube/lease.ts';
import { judgeAccess, observeAccess } from '../../preflight/access-entry.ts';
import { judgeAgent, observeAgent } from '../../preflight/agent.ts';
import { judgeCluster } from '../../preflight/cluster.ts';
import { judgeControllers } from '../../preflight/controllers.ts';
import type { Setting } from '../../preflight/setting.ts';
import { judgeTurns, type MayKeepLeases, observeTurns } from '../../preflight/turns.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { Look, Say } from './look.ts';
import { lookAround, type Surroundings } from './surroundings.ts';

/** Gives what there is for the other parts to look at. */
export async function lookAtCluster(
  run: Run,
  look: Look,
  identity: IdentityReader,
  say: Say,
): Promise<Surroundings> {
  const { inputs, signal } = run;
  const { setting, reader, description, cluster, bundle, rendered } = look;
  if (description !== undefined) say('The cluster', judgeCluster(setting, description));
  say('The access entry of this role', await accessFindings(run, look, identity));
  if (cluster !== undefined) say("The Lease of the bundle's runs", await turnFindings(run, cluster, setting));
  const agent = await observeAgent(identity, reader, signal);
  say('The pod identity agent', judgeAgent(setting, description?.autoMode === true, agent));
  const sight = {
    bundle,
    rendered,
    ...(reader && { reader }),
    apiVersions: (await cluster?.discovery.apiVersions(signal)) ?? [],
    namespace: inputs.namespace,
    role: setting.roles.eks,
  };
  const around = await lookAround(sight, signal);
  say('What is in the cluster', around.findings);
  say('The controllers', judgeControllers(around.workloads?.coming, setting.cluster));
  tellVersions(run, around);
  return around;
}

async function accessFindings(
  { signal }: Run,
  { description, cluster, bundle, said, setting }: Look,
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

/** Of what runs; the report's versions are the cluster's. */
function tellVersions({ draft }: Run, { workloads }: Surroundings): void {
  const { lbc, externalDns } = controllersOf((workloads?.running ?? []).map(({ deployment }) => deployment));
  if (lbc?.version !== undefined) draft.version('lbc', lbc.standIn ? 'stand-in' : lbc.version);
  if (externalDns?.version !== undefined) draft.version('externalDns', externalDns.version);
}
