// The chain of one host: each link's observation bound to its judgement.
import type { Link } from '../../chain/link.ts';
import { clusterLinks } from './cluster-links.ts';
import { proofLinks } from './proof-links.ts';
import { recordLink } from './record-link.ts';
import { trafficLinks } from './traffic-links.ts';
import type { HostWant, Ports } from './want.ts';

/** The links of a host in the order of the chain. */
export function linksOf(want: HostWant, ports: Ports): Link[] {
  return [
    ...clusterLinks(want, ports),
    ...trafficLinks(want, ports),
    recordLink(want, ports),
    ...proofLinks(want, ports),
  ];
}
