// Before a preview is applied with `preview-dns: wildcard`: the standing record, and the certificate behind it.
import pLimit from 'p-limit';
import { judgeCertificate, observeCertificate } from '../../chain/certificate.ts';
import { kinds } from '../../chain/cluster.ts';
import { foundIn } from '../../chain/gateway.ts';
import { judgeWildcard, observeWildcard } from '../../chain/wildcard.ts';
import { QueryError } from '../../dns/query.ts';
import { createLookup } from '../../dns/resolve.ts';
import { createProber } from '../../https/probe.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';

/** False where a look proves that a host cannot come alive: that is then among the findings. */
export async function wildcardStands(
  run: Run,
  signedIn: SignedIn,
  cluster: Cluster,
  hosts: readonly string[],
): Promise<boolean> {
  const { inputs, signal } = run;
  const { gateway, domain } = inputs.preview;
  if (gateway === undefined) return true;
  const seen = await clusterReader(cluster.kube).get(kinds.gateway, gateway.namespace, gateway.name, signal);
  const { loadBalancer } = foundIn('value' in seen ? seen.value : undefined);
  const zones = zonesOf(run, signedIn);
  for (const host of hosts) {
    const want = { host, domain, ...(loadBalancer !== undefined && { loadBalancer }) };
    if (isBroken(run, judgeWildcard(want, await observeWildcard(zones, want, signal)))) return false;
  }
  // The load balancer's own name is in nobody's negative cache: it exists, or there is nothing to connect to.
  const addresses = loadBalancer === undefined ? [] : await addressesOf(loadBalancer, signal);
  if (addresses.length === 0) return true;
  const tls = createProber({ limit: pLimit(4) });
  for (const host of hosts) {
    const want = { host, addresses };
    const certificate = await observeCertificate(want, tls, cluster.kube.clock, signal);
    if (isBroken(run, judgeCertificate(want, certificate))) return false;
  }
  return true;
}

async function addressesOf(name: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await createLookup().addresses(name, signal);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return [];
  }
}

function isBroken({ draft }: Run, verdict: Verdict): boolean {
  if (verdict.state !== 'broken') return false;
  const { code, message, hint, evidence } = verdict;
  draft.findings([finding('error', code, message, { hint, evidence })]);
  return true;
}
