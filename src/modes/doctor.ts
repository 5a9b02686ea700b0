// doctor: a read-only look at AWS and the cluster before anything is applied; each finding with what mends it.
import { identityReader } from '../aws/pod-identity.ts';
import type { Bundle } from '../bundle/object.ts';
import { clusterReader } from '../kube/reader.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { type Finding, findingOf } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { connectCluster, lookUpCluster } from './access/reach-cluster.ts';
import { settingOf } from './access/setting.ts';
import { signIn } from './access/sign-in.ts';
import { zonesOf } from './access/zones.ts';
import { findBundle } from './bundle/find.ts';
import { lookAtCertificates } from './doctor/certificates.ts';
import { lookAtCluster } from './doctor/cluster.ts';
import { lookAtExternalDns } from './doctor/external-dns.ts';
import { lookAtIdentities } from './doctor/identities.ts';
import { lookAtLoadBalancers } from './doctor/load-balancers.ts';
import type { Given, Look, Say } from './doctor/look.ts';
import { lookAtZones } from './doctor/zones.ts';
import { begin } from './phase.ts';
import { withCharts } from './steps.ts';

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
    const charts =
      reached &&
      (await orSay('The charts', () =>
        withCharts(run, reached, bundle, { mayAwait: true }, async (rendered) => rendered),
      ));
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

async function examine(run: Run, given: Given, say: Say): Promise<void> {
  const { signedIn, description, cluster } = given;
  const setting = settingOf(run, signedIn, description?.arn);
  const look: Look = { ...given, setting, reader: cluster && clusterReader(cluster.kube) };
  const zoneReader = zonesOf(run, signedIn);
  const identity = identityReader({
    aws: signedIn.aws,
    credentials: signedIn.cluster,
    clock: run.clock,
    cluster: { name: setting.cluster, arn: setting.arn },
  });
  try {
    begin(run, 'Look at the cluster');
    const around = await lookAtCluster(run, look, identity, say);
    begin(run, 'Look at the hosted zone');
    const zones = await lookAtZones(run, look, around, zoneReader, say);
    begin(run, "Look at the controllers' identities");
    await lookAtIdentities(run, look, around, zones, identity, say);
    lookAtExternalDns(run, look, around, zones, say);
    begin(run, 'Look at the load balancers');
    await lookAtLoadBalancers(run, look, around, say);
    begin(run, 'Look at the certificates');
    await lookAtCertificates(run, look, around, zoneReader, say);
  } finally {
    identity.close();
  }
}
