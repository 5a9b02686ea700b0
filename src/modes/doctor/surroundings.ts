// What there is for the doctor to look at: of the repository, of its rendered charts, and of the cluster.
import { text, textMap } from '../../bundle/field.ts';
import {
  type Bundle,
  type JsonObject,
  type KubernetesObject,
  refOf,
  type Sourced,
} from '../../bundle/object.ts';
import { type ClusterReader, type Kind, kinds } from '../../chain/cluster.ts';
import { byHost, hostsOf, type PublishedHost } from '../../gateway/hosts.ts';
import { configurationFor } from '../../gateway/load-balancer-configuration.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import { albController } from '../../gateway/versions.ts';
import type { CertificatesWant } from '../../preflight/certificates.ts';
import {
  type CarriedHost,
  type Known,
  knownOf,
  listenerCertificates,
  namedCertificates,
} from '../../preflight/listeners.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { type WorkloadsFound, workloadsOf } from '../../preflight/workloads.ts';
import type { Finding, Source } from '../../verdict/finding.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';

export interface Surroundings {
  readonly sourced: readonly Sourced[];
  readonly inCluster: readonly KubernetesObject[];
  /** One entry a hostname. */
  readonly hosts: readonly PublishedHost[];
  readonly gateways: readonly KubernetesObject[];
  /** Absent: the cluster's Deployments could not be read. */
  readonly workloads?: WorkloadsFound;
  /** What of the cluster could not be read. */
  readonly findings: readonly Finding[];
}

export interface Sight {
  readonly bundle: Bundle;
  readonly rendered: readonly RenderedChart[];
  /** Absent: the API server was not reached. */
  readonly reader?: ClusterReader;
  /** What the API server serves: `gateway.k8s.aws/v1`. */
  readonly apiVersions: readonly string[];
  /** Of objects that name none. */
  readonly namespace: string;
  /** ARN of the role that looks. */
  readonly role: string;
}

const configurations = {
  kind: 'LoadBalancerConfiguration',
  plural: 'loadbalancerconfigurations',
} as const;

export async function lookAround(sight: Sight, signal: AbortSignal): Promise<Surroundings> {
  const { bundle, rendered, reader, namespace, role } = sight;
  const findings: Finding[] = [];
  const all = async (what: string, kind: Kind): Promise<readonly KubernetesObject[] | undefined> => {
    const seen = await reader?.list(kind, undefined, signal);
    if (seen === undefined || 'value' in seen) return seen?.value;
    findings.push(notSeen(seen, what, role));
    return undefined;
  };
  const apiVersion = sight.apiVersions.find((each) => /^gateway\.k8s\.aws\/[^/]+$/.test(each));
  const deployments = await all("The controllers' Deployments", kinds.deployment);
  const namespaces = await all('The labels of the namespaces', kinds.namespace);
  const inCluster = [
    await all('The Gateways of the cluster', kinds.gateway),
    await all('The GatewayClasses of the cluster', kinds.gatewayClass),
    apiVersion && (await all('The LoadBalancerConfigurations', { ...configurations, apiVersion })),
  ].flatMap((each) => each || []);

  const charts = rendered.flatMap(({ objects, release }) =>
    objects.map((each) => placed(each, release.namespace)),
  );
  const sourced = [...bundle.manifests, ...charts];
  const gateways = knownOf('Gateway', sourced, inCluster, namespace).map(({ object }) => object);
  const labels = new Map(
    (namespaces ?? []).map((each) => [each.metadata.name, textMap(each, 'metadata', 'labels')]),
  );
  const routes = [...bundle.routes, ...rendered.flatMap((chart) => chart.routes)];
  const context = { namespace, labelsOf: (name: string) => labels.get(name) };
  return {
    sourced,
    inCluster,
    hosts: byHost(hostsOf(routes, gateways, context)).map(({ first }) => first),
    gateways,
    ...(deployments && { workloads: workloadsOf(deployments, charts) }),
    findings,
  };
}

/** Helm installs what names no namespace into that of the release. */
const placed = ({ object, source }: Sourced, namespace: string): Sourced => ({
  source,
  object: { ...object, metadata: { namespace, ...object.metadata } },
});

/** A Gateway of the load balancer controller, as it will be and as it is. */
export interface AlbGateway {
  /** With its namespace. */
  readonly gateway: KubernetesObject;
  readonly source?: Source;
  /** As the cluster has it, with its status; absent where it is not there yet. */
  readonly live?: KubernetesObject;
  /** Merged of its own LoadBalancerConfiguration and its class's. */
  readonly configuration: JsonObject;
}

/** The Gateways whose class is the load balancer controller's. */
export function albGateways({ sourced, inCluster }: Surroundings, namespace: string): readonly AlbGateway[] {
  const known = (kind: string): readonly Known[] =>
    knownOf(kind, sourced, inCluster, namespace).map(({ object, source }) => ({
      object: { ...object, metadata: { ...object.metadata, namespace: namespaceOf(object, namespace) } },
      ...(source && { source }),
    }));
  const objects = (kind: string) => known(kind).map(({ object }) => object);
  const [classes, all] = [objects('GatewayClass'), objects(configurations.kind)];
  return known('Gateway').flatMap(({ object: gateway, source }): AlbGateway[] => {
    const ofClass = classes.find((each) => each.metadata.name === text(gateway, 'spec', 'gatewayClassName'));
    if (text(ofClass, 'spec', 'controllerName') !== albController) return [];
    const live = inCluster.find((each) => each.kind === 'Gateway' && refOf(each) === refOf(gateway));
    const configuration = configurationFor(gateway, classes, all);
    return [{ gateway, ...(source && { source }), ...(live && { live }), configuration }];
  });
}

/** The LoadBalancerConfigurations of the repository. */
export function ownConfigurations({ sourced }: Surroundings, namespace: string): readonly Known[] {
  return knownOf(configurations.kind, sourced, [], namespace);
}

/** The certificates that the repository names, and those of each listener that carries a host, or one of the others. */
export function certificatesOf(
  { sourced, inCluster, hosts }: Surroundings,
  namespace: string,
  others: readonly CarriedHost[],
): CertificatesWant {
  const known = (kind: string) => knownOf(kind, sourced, inCluster, namespace);
  const found = {
    gateways: known('Gateway'),
    classes: known('GatewayClass'),
    configurations: known(configurations.kind),
    namespace,
  };
  const own = found.configurations.filter(({ source }) => source !== undefined);
  const secure = hosts.filter((host) => host.secure !== false);
  return { named: namedCertificates(own), listeners: listenerCertificates([...secure, ...others], found) };
}
