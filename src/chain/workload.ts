// The link `workload`: the rollout behind the route's Services is finished, and ready pods stand behind the right port.
import { field, list, number, text, textMap } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf } from '../bundle/object.ts';
import { type BackendRef, noBackendHint } from '../gateway/backend-refs.ts';
import { conditionOf, conditionsOf } from '../gateway/conditions.ts';
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
import type { ControllerEvent } from './events.ts';
import { judgeNotSeen, type NotSeen } from './look.ts';
import { type BackendSeen, orNone, selects, type WorkloadWant } from './observe-workload.ts';
import { fitsNoNode, podsOfSet, type SetSeen, saySet, setEvidence, setRolledOut } from './pod-sets.ts';
import { type PodTrouble, troubleOfPods } from './pod-trouble.ts';
import { podsOf } from './release.ts';
import { rolledOut, stuck } from './rollout.ts';

export interface WorkloadJudged {
  readonly verdict: Verdict;
  /** What would explain it, should the load balancer not get an answer: declaring ports is optional in Kubernetes. */
  readonly suspicion?: NotOk;
}

const isGone = (object: KubernetesObject): boolean =>
  text(object, 'metadata', 'deletionTimestamp') !== undefined;

/** A Service with the Deployments and pods that it selects and its ready endpoints. */
class Behind {
  readonly ref: string;
  readonly service: KubernetesObject;
  readonly selector: Readonly<Record<string, string>>;
  readonly deployments: readonly KubernetesObject[];
  readonly sets: readonly SetSeen[];
  readonly scaling: ControllerEvent | undefined;
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
    this.sets = seen.sets;
    this.scaling = seen.scaling;
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

const refusedHint = 'A quota, a policy or a missing service account refuses them.';

/** A pod that waits for a node which an autoscaler is bringing is helped by waiting. */
const tell = (
  { code, says, hint }: PodTrouble,
  evidence: readonly Evidence[],
  scaling: ControllerEvent | undefined,
): Verdict => {
  const message = `${says}.`.replace(/\.\.$/, '.');
  if (code !== 'workload/not-scheduled' || scaling === undefined)
    return broken(code, { message, evidence, hint });
  return waiting(code, {
    message: `${message} A node is on its way: ${scaling.message}.`.replace(/\.\.$/, '.'),
    evidence: [{ from: `event ${scaling.reason}`, saw: scaling.message }, ...evidence],
    hint: 'If it does not come, look at the autoscaler and at the quotas of the account.',
  });
};

const judgeRollout = (deployment: KubernetesObject, { allPods, scaling }: Behind): Verdict | undefined => {
  if (rolledOut(deployment)) return undefined;
  const { ref, why, evidence } = stuck(deployment, allPods);
  const { namespace = 'default', name } = deployment.metadata;
  const conditions = conditionsOf(deployment, 'status', 'conditions');
  const trouble = troubleOfPods(podsOf(deployment, allPods));
  if (trouble !== undefined) return tell(trouble, evidence, scaling);
  const failed = conditionOf(conditions, 'ReplicaFailure');
  if (failed?.status === 'True')
    return broken('workload/rollout-stuck', {
      message: `${ref} gets no pods: ${failed.message}.`.replace(/\.\.$/, '.'),
      evidence,
      hint: refusedHint,
    });
  if (conditionOf(conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded')
    return broken('workload/rollout-stuck', {
      message: `The rollout of ${ref} has come to a stop: ${why}.`,
      evidence,
    });
  if (field(deployment, 'spec', 'paused') === true)
    return broken('workload/rollout-stuck', {
      message: `The rollout of ${ref} is not finished, for it is paused: what serves is the version before.`,
      evidence: [{ from: `${ref} spec.paused`, saw: 'true' }, ...evidence],
      hint: `Take \`paused: true\` out of the manifest, or run: kubectl --namespace ${namespace} rollout resume deployment ${name}`,
    });
  return waiting('workload/rolling-out', {
    message: `The rollout of ${ref} is not finished: ${why}.`,
    evidence,
  });
};

const judgeSet = ({ set, refused }: SetSeen, { allPods, scaling }: Behind): Verdict | undefined => {
  if (setRolledOut(set)) return undefined;
  const pods = podsOfSet(set, allPods);
  const evidence = setEvidence(set, pods);
  const trouble = troubleOfPods(pods);
  if (trouble !== undefined) return tell(trouble, evidence, scaling);
  const ref = refOf(set);
  if (refused !== undefined)
    return broken('workload/rollout-stuck', {
      message: `${ref} gets no pods: ${refused.message}.`.replace(/\.\.$/, '.'),
      evidence: [{ from: `${ref} event ${refused.reason}`, saw: refused.message }, ...evidence],
      hint: refusedHint,
    });
  return waiting('workload/rolling-out', {
    message: `The rollout of ${ref} is not finished: ${saySet(set)}.`,
    evidence,
  });
};

const sayLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const judgeNoEndpoints = ({ ref, service, selector, deployments, sets, pods, scaling }: Behind): Verdict => {
  const evidence = [{ from: `EndpointSlices of ${ref}`, saw: 'no ready endpoint' }];
  const trouble = troubleOfPods(pods);
  if (trouble !== undefined) return tell(trouble, evidence, scaling);
  if (pods.length > 0)
    return waiting('workload/not-ready', {
      message: `None of the ${pods.length} pods behind ${ref} is ready.`.replace(
        'None of the 1 pods',
        'No pod',
      ),
      evidence,
      hint: 'Their readiness probes fail, or they are starting.',
    });
  const workloads = [...deployments, ...sets.map(({ set }) => set)];
  const homeless = workloads.find(fitsNoNode);
  if (homeless !== undefined)
    return broken('workload/not-scheduled', {
      message: `No node fits ${refOf(homeless)} behind ${ref}, so it has no pod.`,
      evidence: [{ from: `${refOf(homeless)} status.desiredNumberScheduled`, saw: '0' }, ...evidence],
      hint: "Let its template's nodeSelector, affinity and tolerations fit nodes of the cluster.",
    });
  const idle = workloads.find((each) => number(each, 'spec', 'replicas') === 0);
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
      hint: 'Give it a selector, or an EndpointSlice of its own with the addresses.',
    });
  return (workloads.length > 0 ? waiting : broken)('workload/no-pods', {
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
      verdict: broken('workload/no-pods', {
        message: `${named} is of type ExternalName: it has no pods, so the load balancer has no target.`,
        evidence: [
          { from: `${named} spec.externalName`, saw: text(service, 'spec', 'externalName') ?? 'none' },
        ],
        hint: 'Send to a Service with pods of this cluster (a proxy, for one), or redirect to the other name.',
      }),
    };
  const behind = new Behind(service, seen);
  for (const deployment of behind.deployments) {
    const rollout = judgeRollout(deployment, behind);
    if (rollout !== undefined) return { verdict: rollout };
  }
  for (const set of behind.sets) {
    const rollout = judgeSet(set, behind);
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
export const judgeWorkload = (
  seen: readonly BackendSeen[],
  { nowhere = [] }: Pick<WorkloadWant, 'nowhere'> = {},
): WorkloadJudged => {
  if (nowhere.length > 0)
    return {
      verdict: broken('route/no-backend', {
        message: `No rule of ${nowhere.join(', ')} has a backend with a weight: the load balancer answers every request with an error.`,
        hint: noBackendHint,
      }),
    };
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
