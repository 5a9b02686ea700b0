// The links that prove a host live: name servers, certificate and HTTPS, each several rounds in a row.
import { judgeShutOut, mayBeShutOut, observeBarriers } from '../../chain/admission.ts';
import { judgeCertificate, observeCertificate } from '../../chain/certificate.ts';
import { grpcNotProbed, judgeHttps, observeHttps } from '../../chain/https.ts';
import type { Found, Link, Look } from '../../chain/link.ts';
import { judgeNameServers, observeNameServers, servedAddresses } from '../../chain/nameservers.ts';
import { unknown, type Verdict } from '../../verdict/verdict.ts';
import { explained } from './traffic-links.ts';
import type { HostWant, Ports } from './want.ts';

const notTold = (host: string, { name, id }: NonNullable<Found['privateZone']>): Verdict =>
  unknown('https/shut-out', {
    message: `https://${host} was not asked: its record stands in the private hosted zone ${name} (${id}) alone.`,
    hint: 'Run the job on a runner inside a VPC of the zone, or publish the host in a public zone.',
  });

/** What proves that the host is live: all three must be ok several rounds in a row. */
export function proofLinks(want: HostWant, { cluster, authority, tls, https, clock }: Ports): Link[] {
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
