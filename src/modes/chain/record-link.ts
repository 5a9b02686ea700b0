// The link `record`: of the host itself, or of the standing wildcard that serves it.
import type { KubernetesObject } from '../../bundle/object.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import type { Link } from '../../chain/link.ts';
import { judgeNameServers, observeNameServers } from '../../chain/nameservers.ts';
import { foundRecord, judgeRecord, mayBeNewer, observeRecord } from '../../chain/record.ts';
import { judgeWildcard, observeWildcard } from '../../chain/wildcard.ts';
import { ok } from '../../verdict/verdict.ts';
import { controllers, type HostWant, inNamespace, once, type Ports } from './want.ts';

export function recordLink(want: HostWant, ports: Ports): Link {
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
