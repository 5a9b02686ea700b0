// Which certificates LBC puts on a host's listeners: those that LoadBalancerConfigurations name, or those that it finds.
import { list, text, texts } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { intersect } from '../gateway/hostnames.ts';
import type { PublishedHost } from '../gateway/hosts.ts';
import { type Listener, listenersOf, namespaceOf, type ParentRef } from '../gateway/shapes.ts';
import type { Source } from '../verdict/finding.ts';

/** An object of the bundle, of a rendered chart (both with their place) or of the cluster. */
export interface Known {
  readonly object: KubernetesObject;
  readonly source?: Source;
}

/** What is there before the deploy and after it: the bundle's own objects stand for the cluster's. */
export function knownOf(
  kind: string,
  sourced: readonly Sourced[],
  cluster: readonly KubernetesObject[],
  namespace: string,
): readonly Known[] {
  const own: Known[] = sourced.filter(({ object }) => object.kind === kind);
  const key = (object: KubernetesObject): string =>
    `${namespaceOf(object, namespace)}/${object.metadata.name}`;
  const taken = new Set(own.map(({ object }) => key(object)));
  const others = cluster.filter((object) => object.kind === kind && !taken.has(key(object)));
  return [...own, ...others.map((object) => ({ object }))];
}

export interface NamedCertificate {
  readonly arn: string;
  /** `LoadBalancerConfiguration infra/public`. */
  readonly ref: string;
  readonly source?: Source;
}

export interface ListenerCertificates {
  readonly host: string;
  /** `Gateway infra/public, port 443`. */
  readonly listener: string;
  /** The route that publishes the host. */
  readonly route: string;
  readonly routeSource?: Source;
  /** None: LBC looks for certificates that cover the hosts of the port. */
  readonly named: readonly NamedCertificate[];
}

export interface Gateways {
  readonly gateways: readonly Known[];
  readonly classes: readonly Known[];
  readonly configurations: readonly Known[];
  /** Of objects that name none. */
  readonly namespace: string;
}

/** The configurations of a Gateway: its own, in its namespace, and its class's (LBC, loadbalancerconfig.md). */
function configurationsOf(gateway: KubernetesObject, known: Gateways): readonly Known[] {
  const named = (name: string | undefined, namespace: string): readonly Known[] =>
    known.configurations.filter(
      ({ object }) => object.metadata.name === name && namespaceOf(object, known.namespace) === namespace,
    );
  const className = text(gateway, 'spec', 'gatewayClassName');
  const gatewayClass = known.classes.find(({ object }) => object.metadata.name === className)?.object;
  const own = named(
    text(gateway, 'spec', 'infrastructure', 'parametersRef', 'name'),
    namespaceOf(gateway, known.namespace),
  );
  const shared = named(
    text(gatewayClass, 'spec', 'parametersRef', 'name'),
    text(gatewayClass, 'spec', 'parametersRef', 'namespace') ?? known.namespace,
  );
  return [...own, ...shared];
}

/** `listenerConfigurations` of a port: `protocolPort: HTTPS:443`. */
const certificatesIn = ({ object, source }: Known, port: number): readonly NamedCertificate[] =>
  list(object, 'spec', 'listenerConfigurations')
    .filter((each) => text(each, 'protocolPort') === `HTTPS:${port}`)
    .flatMap((each) => [
      ...[text(each, 'defaultCertificate')].flatMap((arn) => arn ?? []),
      ...texts(each, 'certificates'),
    ])
    .map((arn) => ({ arn, ref: refOf(object), ...(source && { source }) }));

const carries = (listener: Listener, parent: ParentRef, host: string): boolean =>
  listener.protocol === 'HTTPS' &&
  (parent.sectionName === undefined || parent.sectionName === listener.name) &&
  (parent.port === undefined || parent.port === listener.port) &&
  intersect(listener.hostname, host) !== undefined;

/** A host, with the parents under which it is published. */
export interface CarriedHost extends Pick<PublishedHost, 'host' | 'parents'> {
  /** What publishes it. */
  readonly route: Known;
}

/** One entry for each host and each HTTPS port that carries it, of Gateways that are known. */
export function listenerCertificates(
  hosts: readonly CarriedHost[],
  known: Gateways,
): readonly ListenerCertificates[] {
  return hosts.flatMap(({ host, parents, route }) =>
    parents.flatMap((parent) => {
      const gateway = known.gateways.find(
        ({ object }) =>
          object.metadata.name === parent.name && namespaceOf(object, known.namespace) === parent.namespace,
      )?.object;
      if (gateway === undefined) return [];
      const ports = new Set(
        listenersOf(gateway)
          .filter((listener) => carries(listener, parent, host))
          .map(({ port }) => port),
      );
      const configurations = configurationsOf(gateway, known);
      return [...ports].map((port) => ({
        host,
        listener: `${refOf(gateway)}, port ${port}`,
        route: refOf(route.object),
        ...(route.source && { routeSource: route.source }),
        named: configurations.flatMap((each) => certificatesIn(each, port)),
      }));
    }),
  );
}

/** Every certificate that a configuration names, used by a host or not. */
export function namedCertificates(configurations: readonly Known[]): readonly NamedCertificate[] {
  return configurations.flatMap((known) => {
    const ports = list(known.object, 'spec', 'listenerConfigurations').flatMap((each) => {
      const port = /^HTTPS:(\d+)$/.exec(text(each, 'protocolPort') ?? '')?.[1];
      return port === undefined ? [] : [Number(port)];
    });
    return [...new Set(ports)].flatMap((port) => certificatesIn(known, port));
  });
}
