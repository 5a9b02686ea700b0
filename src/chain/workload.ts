// The link `workload`: the rollout behind the route's Services is finished, and ready pods stand behind the right port.
import { field, list, number, text, textMap } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf } from '../bundle/object.ts';
import type { BackendRef } from '../gateway/backend-refs.ts';
import { conditionOf, conditionsOf } from '../gateway/conditions.ts';
import type { Seen } from '../verdict/seen.ts';
import {
  broken,
  type Evidence,
  type NotOk,
  ok,
  type State,
  skipped,
  type Verdict,
  waiting,
} from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { judgeNotSeen, type NotSeen } from './look.ts';
import { type PodTrouble, troubleOfPods } from './pod-trouble.ts';
import { podsOf } from './release.ts';
import { rolledOut, stuck } from './rollout.ts';

export interface WorkloadWant {
  /** `backendRefsOf` of all routes of the host. */
  readonly backends: readonly BackendRef[];
}

/** A Service and what stands behind it; lists are those of its namespace. */
export interface BackendSeen {
  readonly backend: BackendRef;
  readonly service: Seen<KubernetesObject | undefined>;
  readonly deployments: Seen<readonly KubernetesObject[]>;
  readonly pods: Seen<readonly KubernetesObject[]>;
  readonly slices: Seen<readonly KubernetesObject[]>;
}

export const observeWorkload = (
  reader: ClusterReader,
  { backends }: WorkloadWant,
  signal: AbortSignal,
): Promise<readonly BackendSeen[]> =>
  Promise.all(
    backends.map(async (backend) => {
      const { namespace, name } = backend;
      const [service, deployments, pods, slices] = await Promise.all([
        reader.get(kinds.service, namespace, name, signal),
        reader.list(kinds.deployment, namespace, signal),
        reader.list(kinds.pod, namespace, signal),
        reader.list(kinds.endpointSlice, namespace, signal),
      ]);
      return { backend, service, deployments, pods, slices };
    }),
  );

export interface WorkloadJudged {
  readonly verdict: Verdict;
  /** What would explain it, should the load balancer not get an answer: declaring ports is optional in Kubernetes. */
  readonly suspicion?: NotOk;
}

const selects = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

const orNone = <Item>(seen: Seen<readonly Item[]>): readonly Item[] => ('value' in seen ? seen.value : []);

const isGone = (object: KubernetesObject): boolean =>
  text(object, 'metadata', 'deletionTimestamp') !== undefined;

/** A Service with the Deployments and pods that it selects and its ready endpoints. */
class Behind {
  readonly ref: string;
  readonly service: KubernetesObject;
  readonly selector: Readonly<Record<string, string>>;
  readonly deployments: readonly KubernetesObject[];
  readonly pods: readonly KubernetesObject[];
  readonly allPods: readonly KubernetesObject[];
  /** `undefined` where EndpointSlices may not be read. */
  readonly ready: number | undefined;
  readonly unread: NotSeen | undefined;

  constructor(service: KubernetesObject, seen: BackendSeen) {
    this.ref = refOf(service);
    this.service = service;
    this.selector = textMap(service, 'spec', 'selector');
    this.deployments = orNone(seen.deployments).filter((each) =>
      selects(this.selector, textMap(each, 'spec', 'template', 'metadata', 'labels')),
    );
    this.allPods = orNone(seen.pods);
    this.pods = this.allPods.filter(
      (pod) => !isGone(pod) && selects(this.selector, textMap(pod, 'metadata', 'labels')),
    );
    this.ready = 'value' in seen.slices ? this.#readyIn(seen.slices.value) : undefined;
    this.unread = [seen.slices, seen.pods, seen.deployments].find(
      (each): each is NotSeen => !('value' in each),
    );
  }

  /** Distinct addresses that are ready: an endpoint without the condition counts as ready (discovery.k8s.io/v1). */
  #readyIn(slices: readonly KubernetesObject[]): number {
    const own = slices.filter(
      (slice) =>
        textMap(slice, 'metadata', 'labels')['kubernetes.io/service-name'] === this.service.metadata.name,
    );
    const addresses = own
      .flatMap((slice) => list(slice, 'endpoints'))
      .filter((endpoint) => field(endpoint, 'conditions', 'ready') !== false)
      .map((endpoint) => list(endpoint, 'addresses')[0]);
    return new Set(addresses).size;
  }
}

const tell = ({ code, says, hint }: PodTrouble, evidence: readonly Evidence[]): Verdict =>
  broken(code, { message: `${says}.`.replace(/\.\.$/, '.'), evidence, hint });

const judgeRollout = (deployment: KubernetesObject, { allPods }: Behind): Verdict | undefined => {
  if (rolledOut(deployment)) return undefined;
  const { ref, why, evidence } = stuck(deployment, allPods);
  const conditions = conditionsOf(deployment, 'status', 'conditions');
  const trouble = troubleOfPods(podsOf(deployment, allPods));
  if (trouble !== undefined) return tell(trouble, evidence);
  const failed = conditionOf(conditions, 'ReplicaFailure');
  if (failed?.status === 'True')
    return broken('workload/rollout-stuck', {
      message: `${ref} gets no pods: ${failed.message}.`.replace(/\.\.$/, '.'),
      evidence,
      hint: 'A quota, a policy or a missing service account refuses them.',
    });
  if (conditionOf(conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded')
    return broken('workload/rollout-stuck', {
      message: `The rollout of ${ref} has come to a stop: ${why}.`,
      evidence,
    });
  const paused = field(deployment, 'spec', 'paused') === true;
  return waiting('workload/rolling-out', {
    message: `The rollout of ${ref} is not finished: ${paused ? 'it is paused' : why}.`,
    evidence,
  });
};

const sayLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const judgeNoEndpoints = ({ ref, service, selector, deployments, pods }: Behind): Verdict => {
  const evidence = [{ from: `EndpointSlices of ${ref}`, saw: 'no ready endpoint' }];
  const trouble = troubleOfPods(pods);
  if (trouble !== undefined) return tell(trouble, evidence);
  if (pods.length > 0)
    return waiting('workload/not-ready', {
      message: `None of the ${pods.length} pods behind ${ref} is ready.`.replace(
        'None of the 1 pods',
        'No pod',
      ),
      evidence,
      hint: 'Their readiness probes fail, or they are starting.',
    });
  const idle = deployments.find((each) => number(each, 'spec', 'replicas') === 0);
  if (idle !== undefined)
    return broken('workload/scaled-to-zero', {
      message: `${refOf(idle)} behind ${ref} is scaled to zero.`,
      evidence,
      hint: 'Scale it up.',
    });
  if (Object.keys(selector).length === 0)
    return waiting('workload/not-ready', {
      message: `${ref} has no selector and no ready endpoint.`,
      evidence,
    });
  return (deployments.length > 0 ? waiting : broken)('workload/no-pods', {
    message: `${ref} selects ${sayLabels(selector)}, which no pod in namespace ${service.metadata.namespace ?? 'default'} has.`,
    evidence: [{ from: `${ref} spec.selector`, saw: sayLabels(selector) }, ...evidence],
    hint: "Let the Service's selector and the labels of the pods' template agree.",
  });
};

interface DeclaredPort {
  readonly name: string | undefined;
  readonly port: number | undefined;
  readonly says: string;
}

/** Ports of containers and of sidecars (init containers that keep running). */
const portsOf = (pod: KubernetesObject): readonly DeclaredPort[] => {
  const sidecars = list(pod, 'spec', 'initContainers').filter(
    (container) => text(container, 'restartPolicy') === 'Always',
  );
  return [...list(pod, 'spec', 'containers'), ...sidecars].flatMap((container) =>
    list(container, 'ports').map((declared) => {
      const name = text(declared, 'name');
      const port = number(declared, 'containerPort');
      const says = `${port}${name === undefined ? '' : ` (${name})`}, container ${text(container, 'name') ?? ''}`;
      return { name, port, says };
    }),
  );
};

const servicePort = (service: KubernetesObject, port: number | undefined): Json | undefined => {
  const ports = list(service, 'spec', 'ports');
  return ports.find((each) => number(each, 'port') === port) ?? (port === undefined ? ports[0] : undefined);
};

interface PortJudged {
  /** A name that no container has: Kubernetes itself cannot resolve it. */
  readonly verdict?: Verdict;
  readonly suspicion?: NotOk;
}

const judgePort = ({ ref, service, pods }: Behind, { port }: BackendRef): PortJudged => {
  const entry = servicePort(service, port);
  const declared = pods.map(portsOf);
  if (entry === undefined || declared.length === 0) return {};
  const name = text(entry, 'targetPort');
  const target = number(entry, 'targetPort') ?? number(entry, 'port');
  const fits = declared.some((ports) =>
    ports.some((each) => (name === undefined ? each.port === target : each.name === name)),
  );
  // A container that declares nothing may listen anywhere.
  if (fits || (name === undefined && declared.some((ports) => ports.length === 0))) return {};
  const said = [...new Set(declared.flat().map(({ says }) => says))];
  const message = `${ref} sends its port ${number(entry, 'port')} to port ${name ?? target} of the pods, whose containers declare ${said.join('; ') || 'no port'}.`;
  const details = {
    message,
    evidence: [
      { from: `${ref} spec.ports[].targetPort`, saw: `${name ?? target}` },
      { from: `${refOf(pods[0] ?? service)} spec.containers[].ports`, saw: said.join('; ') || 'none' },
    ],
    hint: "Set the Service's targetPort to the port on which the container listens.",
  };
  if (name !== undefined) return { verdict: broken('workload/port-name-unknown', details) };
  return { suspicion: broken('workload/port-mismatch', details) };
};

const judgeBackend = (seen: BackendSeen): WorkloadJudged => {
  const { backend } = seen;
  const named = `Service ${backend.namespace}/${backend.name}`;
  if (!('value' in seen.service)) return { verdict: judgeNotSeen(seen.service, named) };
  const service = seen.service.value;
  if (service === undefined)
    return {
      verdict: broken('route/backend-not-found', {
        message: `${named}, to which the route sends, does not exist.`,
        hint: 'Create the Service, or correct backendRefs.',
      }),
    };
  if (text(service, 'spec', 'type') === 'ExternalName')
    return {
      verdict: skipped('look/not-used', {
        message: `${named} is of type ExternalName: no pods stand behind it.`,
      }),
    };
  const behind = new Behind(service, seen);
  for (const deployment of behind.deployments) {
    const rollout = judgeRollout(deployment, behind);
    if (rollout !== undefined) return { verdict: rollout };
  }
  const port = judgePort(behind, backend);
  if (port.verdict !== undefined) return { verdict: port.verdict };
  if (behind.ready === 0) return { verdict: judgeNoEndpoints(behind) };
  const { suspicion } = port;
  const note = suspicion === undefined ? '' : ` ${suspicion.message}`;
  const pods = behind.ready === 1 ? '1 pod behind it is ready' : `${behind.ready} pods behind it are ready`;
  return {
    verdict:
      behind.unread === undefined
        ? ok(`${named}: ${pods}.${note}`, suspicion?.evidence)
        : judgeNotSeen(behind.unread, `What stands behind ${named}`),
    ...(suspicion && { suspicion }),
  };
};

const order: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

/** Of several backends the worst speaks. */
export const judgeWorkload = (seen: readonly BackendSeen[]): WorkloadJudged => {
  if (seen.length === 0)
    return { verdict: skipped('look/not-used', { message: 'The route sends to no Service.' }) };
  const judged = seen.map(judgeBackend);
  const suspicion = judged.find((each) => each.suspicion !== undefined)?.suspicion;
  const rest = { ...(suspicion && { suspicion }) };
  const [worst] = judged.toSorted(
    (one, other) => order.indexOf(one.verdict.state) - order.indexOf(other.verdict.state),
  );
  if (worst !== undefined && worst.verdict.state !== 'ok') return { verdict: worst.verdict, ...rest };
  return {
    verdict: ok(
      judged.map(({ verdict }) => verdict.message).join(' '),
      judged.flatMap(({ verdict }) => verdict.evidence),
    ),
    ...rest,
  };
};
