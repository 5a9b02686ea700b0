// What every link has in common: it is looked at, judged, and hands on what later links need.
import type { LinkId, NotOk, Verdict } from '../verdict/verdict.ts';
import type { LinkState } from './live.ts';

/** What earlier links found and later ones want. */
export interface Found {
  /** The load balancer's DNS name, lower case, without a trailing dot. */
  readonly loadBalancer?: string;
  readonly loadBalancerArn?: string;
  /** The target groups to which the load balancer sends the host's requests. */
  readonly targetGroups?: readonly FoundTargetGroup[];
  /** What would be wrong with the workload, should the load balancer not get an answer from it. */
  readonly suspicion?: NotOk;
  /** The hosted zone in which the record was found. */
  readonly zone?: FoundZone;
  /** Where the record stands in a private zone alone: nobody outside of its VPCs is told of it. */
  readonly privateZone?: { readonly id: string; readonly name: string };
  /** Addresses that the zone's own name servers give for the host. */
  readonly addresses?: readonly string[];
}

export interface FoundZone {
  readonly id: string;
  readonly name: string;
  readonly nameServers: readonly string[];
  /** Other public zones of the same name and account. */
  readonly twins?: readonly { readonly id: string; readonly nameServers: readonly string[] }[];
  /** Route 53 chooses between several record sets of the host (weighted, latency …), so answers may differ. */
  readonly routed?: true;
}

export interface FoundTargetGroup {
  readonly arn: string;
  /** Whose endpoints the controller registers in it. */
  readonly service?: { readonly namespace: string; readonly name: string };
  /** The TargetGroupBinding that says so, in the Service's namespace. */
  readonly binding?: string;
}

export interface Look {
  readonly verdict: Verdict;
  readonly found?: Found;
  /** An earlier link of which this look has shown that it was not ok after all. */
  readonly revises?: { readonly id: LinkId; readonly verdict: NotOk };
}

/** One link of one host, ready to be looked at: observation and judgement bound together in modes/. */
export interface Link {
  readonly id: LinkId;
  /** How many looks in a row must be ok before the link counts as ok. */
  readonly streak: number;
  /** All that it looks at is in the cluster: a change there is worth a look before its time. */
  readonly inCluster?: true;
  /** A look never throws but for the signal's abort: denial and failure are verdicts. */
  look(found: Found, signal: AbortSignal): Promise<Look>;
}

/** Of a host, or of a Gateway or a class that no host's chain covers: then its `refOf` stands for the host. */
export interface HostChain {
  readonly host: string;
  readonly ref: string;
  readonly links: readonly Link[];
  /** Whether nothing is left to wait for; default `isLive`. */
  readonly isDone?: (links: readonly LinkState[]) => boolean;
}
