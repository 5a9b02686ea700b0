// What the links of one host want, and the systems that they look at.
import type { KubernetesObject } from '../../bundle/object.ts';
import type { CertificateReader } from '../../chain/certificate.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import type { CrdsWant } from '../../chain/crds.ts';
import type { HeaderWant, HttpsProber, Probe, StatusRange } from '../../chain/https.ts';
import type { Link } from '../../chain/link.ts';
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import type { Authority } from '../../chain/nameservers.ts';
import type { Nudges } from '../../chain/nudge.ts';
import { type Controllers, observeRelease } from '../../chain/release.ts';
import type { SharedReader } from '../../chain/shared-reader.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import type { Clock } from '../../clock.ts';
import type { Freshness } from '../../gateway/conditions.ts';
import type { HostRoutes, PublishedHost } from '../../gateway/hosts.ts';
import { namespaceOf } from '../../gateway/shapes.ts';

/** Systems that the links look at. */
export interface Ports {
  readonly cluster: SharedReader;
  readonly zones: ZoneReader;
  readonly authority: Authority;
  readonly tls: CertificateReader;
  readonly https: HttpsProber;
  readonly loadBalancers: LoadBalancers;
  readonly nudges: Nudges;
  readonly clock: Clock;
}

export interface HostWant {
  readonly published: PublishedHost;
  /** The other routes of the host. */
  readonly others: HostRoutes['others'];
  readonly crds: CrdsWant;
  readonly freshness: Freshness;
  /** A route's or Gateway's generation after this run's write, if it changed it. */
  readonly generationOf: (object: KubernetesObject) => number | undefined;
  readonly namespace: string;
  readonly zoneAccount: string;
  readonly probe: Omit<Probe, 'host'>;
  readonly statuses: readonly StatusRange[];
  readonly header?: HeaderWant;
  readonly streak: number;
  /** Domain whose standing wildcard record is to serve the host. */
  readonly wildcard?: string;
}

/** A link that is fine as soon as it was found so once. */
export const once = (id: Link['id'], look: Link['look']): Link => ({ id, streak: 1, look });

/** Where the repository names no namespace the route is in the run's. */
export const inNamespace = (route: KubernetesObject, namespace: string): KubernetesObject => ({
  ...route,
  metadata: { ...route.metadata, namespace: namespaceOf(route, namespace) },
});

/** Those that run; none where the cluster does not tell. */
export async function controllers(cluster: ClusterReader, signal: AbortSignal): Promise<Controllers> {
  const seen = await observeRelease(cluster, signal);
  return 'value' in seen ? seen.value.controllers : {};
}
