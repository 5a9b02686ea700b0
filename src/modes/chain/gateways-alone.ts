// Gateways, and classes, that this run applied and that no host's chain looks at: the links that there are without a host.
import { list, number, text } from '../../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../bundle/object.ts';
import { observeClass } from '../../chain/class.ts';
import { kinds } from '../../chain/cluster.ts';
import { wantedCrds } from '../../chain/crds.ts';
import type { HostChain, Link } from '../../chain/link.ts';
import { isClear } from '../../chain/live.ts';
import type { GatewayName } from '../../chain/nudge.ts';
import { judgeRelease, observeRelease } from '../../chain/release.ts';
import type { WaitedHost } from '../../chain/wait.ts';
import type { HostRoutes } from '../../gateway/hosts.ts';
import { gatewayGroup, namespaceOf } from '../../gateway/shapes.ts';
import { albController } from '../../gateway/versions.ts';
import type { ReportedGateway } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import type { Source } from '../../verdict/finding.ts';
import { inCluster, lookAtClass, lookAtDefinitions, lookAtGateway } from './cluster-links.ts';
import type { CertificatesPort } from './gateway-certificates.ts';
import type { Applied } from './live.ts';
import type { HostWant, Ports } from './want.ts';

export interface Alone {
  /** A Gateway with its namespace, or a GatewayClass. */
  readonly object: KubernetesObject;
  readonly source: Source;
}

const nameOf = (object: KubernetesObject): GatewayName => ({
  namespace: namespaceOf(object),
  name: object.metadata.name,
});

/** Of a Gateway. */
export const gatewayNameOf = (object: KubernetesObject): GatewayName | undefined =>
  object.kind === 'Gateway' ? nameOf(object) : undefined;

const keyOf = ({ namespace, name }: GatewayName): string => `${namespace}/${name}`;

const isOf = ({ object }: Sourced, kind: string): boolean =>
  object.kind === kind && object.apiVersion.startsWith(`${gatewayGroup}/`);

/**
 * The Gateways that no host of this run hangs on, and the classes that none of its Gateways has. Those of other controllers
 * are told of and left: what they make of their Gateways is not known here.
 */
export async function gatewaysAlone(
  run: Run,
  { objects = [] }: Pick<Applied, 'objects'>,
  published: readonly HostRoutes[],
  ports: Pick<Ports, 'cluster'>,
): Promise<readonly Alone[]> {
  const { inputs, runner } = run;
  const parents = published.flatMap(({ first }) => first.parents);
  const covered = new Set(parents.map(keyOf));
  const placed = objects
    .filter((each) => isOf(each, 'Gateway'))
    .map(({ object, source }) => ({ object: inNamespaceOf(object, inputs.namespace), source }));
  const alone: Alone[] = [];
  const used = new Set<string>();
  for (const each of placed) {
    const className = text(each.object, 'spec', 'gatewayClassName') ?? '';
    if (!covered.has(keyOf(nameOf(each.object)))) {
      const other = await otherController(each.object, className, ports, run.signal);
      if (other === undefined) alone.push(each);
      else runner.info(`${refOf(each.object)} belongs to the controller ${other}: it is not judged.`);
    }
    used.add(className);
  }
  for (const className of await classesOf(parents, ports, run.signal)) used.add(className);
  const classes = objects.filter(
    (each) =>
      isOf(each, 'GatewayClass') &&
      text(each.object, 'spec', 'controllerName') === albController &&
      !used.has(each.object.metadata.name),
  );
  return [...alone, ...classes];
}

const inNamespaceOf = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: namespaceOf(object, namespace) },
});

async function otherController(
  gateway: KubernetesObject,
  className: string,
  { cluster }: Pick<Ports, 'cluster'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const seen = await observeClass(cluster, { gateway: nameOf(gateway), className }, signal);
  const controller = 'value' in seen ? text(seen.value.gatewayClass, 'spec', 'controllerName') : undefined;
  return controller === albController ? undefined : controller;
}

async function classesOf(
  parents: readonly GatewayName[],
  { cluster }: Pick<Ports, 'cluster'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const seen = await Promise.all(
    parents.map(({ namespace, name }) => cluster.get(kinds.gateway, namespace, name, signal)),
  );
  return seen.flatMap((each) =>
    'value' in each ? (text(each.value, 'spec', 'gatewayClassName') ?? []) : [],
  );
}

type AloneWant = Pick<HostWant, 'crds' | 'freshness' | 'generationOf'>;

/** The links that exist without a host, in the order of the chain. */
export function chainAlone(
  applied: Applied,
  { object }: Alone,
  ports: Ports,
  certificates: CertificatesPort,
): HostChain {
  const want: AloneWant = {
    crds: { crds: wantedCrds(applied.bundle.crds, [object]) },
    freshness: { since: applied.since },
    generationOf: (each) => applied.generations.get(refOf(each)),
  };
  const shared: readonly Link[] = [
    inCluster('crds', (_found, signal) => lookAtDefinitions(want, ports, signal)),
    inCluster('release', async (_found, signal) => ({
      // A record is the business of hosts.
      verdict: judgeRelease({ externalDns: false }, await observeRelease(ports.cluster, signal)),
    })),
  ];
  const ref = refOf(object);
  const links =
    object.kind === 'Gateway'
      ? ofGateway(want, nameOf(object), ports, certificates)
      : ofClass(want, object, ports);
  return { host: ref, ref, links: [...shared, ...links], isDone: isClear };
}

const ofClass = (want: AloneWant, { metadata }: KubernetesObject, ports: Ports): readonly Link[] => [
  inCluster('class', (_found, signal) =>
    lookAtClass(want, { namespace: '', name: '', className: metadata.name }, ports, signal),
  ),
];

const ofGateway = (
  want: AloneWant,
  gateway: GatewayName,
  ports: Ports,
  certificates: CertificatesPort,
): readonly Link[] => [
  inCluster('class', (_found, signal) => lookAtClass(want, gateway, ports, signal)),
  inCluster('gateway', async (_found, signal) => {
    const look = await lookAtGateway(want, gateway, ports, signal);
    if (look.verdict.state !== 'ok') return look;
    const seen = await ports.cluster.get(kinds.gateway, gateway.namespace, gateway.name, signal);
    if (!('value' in seen) || hasRoutes(seen.value)) return look;
    return { ...look, verdict: { ...look.verdict, message: `${look.verdict.message} ${noListener}` } };
  }),
  { id: 'certificate', streak: 1, look: (_found, signal) => certificates.look(gateway, signal) },
];

/** Of both versions recorded (gateway-without-routes-unknown-certificate): until then nothing is made of the listeners. */
const noListener =
  'No route is at its listeners yet, and the controller makes a listener of the load balancer with the first one.';

const hasRoutes = (gateway: KubernetesObject | undefined): boolean =>
  list(gateway, 'status', 'listeners').some((each) => (number(each, 'attachedRoutes') ?? 0) > 0);

const order: readonly ReportedGateway['state'][] = ['broken', 'waiting', 'unknown', 'ok'];

export function reportedAlone(
  waited: readonly WaitedHost[],
  alone: readonly Alone[],
): readonly ReportedGateway[] {
  const sources = new Map(alone.map(({ object, source }) => [refOf(object), source]));
  return waited.map(({ ref, links }): ReportedGateway => {
    const source = sources.get(ref);
    return {
      ref,
      state: order.find((state) => links.some((link) => link.state === state)) ?? 'unknown',
      ...(source && { source }),
      links,
    };
  });
}
