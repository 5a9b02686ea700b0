// Whether LBC looks at ALB Gateways at all: it may have switched that off, silently, when it started.
import { field, list, moment, text } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { definitionsDetectedBy, type NeededDefinition } from '../gateway/lbc-definitions.ts';
import { gatewayGate, setGates } from '../gateway/lbc-settings.ts';
import { broken, type Evidence, type NotOk } from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { servedVersions } from './crds.ts';
import { type LbcFound, observeRelease, podsOf } from './release.ts';

export interface GateValue {
  readonly lbc: LbcFound;
  /** Its running pods. */
  readonly pods: readonly KubernetesObject[];
  /** The definitions that it looks for when it starts; `object` is absent where one does not exist. */
  readonly needed: readonly (NeededDefinition & { readonly object?: KubernetesObject })[];
  /** The lines of its log in which it says so. */
  readonly said: readonly string[];
}

const disabling = /Disabling ALBGatewayAPI/;
const logLines = 1_000;

/** Looks only where the controller decides by itself; `undefined` where it does not, or what is needed cannot be read. */
export const observeGate = async (
  reader: ClusterReader,
  signal: AbortSignal,
): Promise<GateValue | undefined> => {
  const release = await observeRelease(reader, signal);
  const lbc = 'value' in release ? release.value.controllers.lbc : undefined;
  if (lbc === undefined || !gatewayGate(lbc.deployment, lbc.version).detects) return undefined;
  const pods = await reader.list(kinds.pod, lbc.namespace, signal);
  if (!('value' in pods)) return undefined;
  const running = podsOf(lbc.deployment, pods.value);
  const needed: GateValue['needed'][number][] = [];
  for (const each of definitionsDetectedBy(lbc.version)) {
    const seen = await reader.get(kinds.crd, undefined, each.name, signal);
    if (!('value' in seen)) return undefined;
    needed.push({ ...each, ...(seen.value && { object: seen.value }) });
  }
  const [pod] = running;
  const log = pod && (await reader.log(lbc.namespace, pod.metadata.name, logLines, signal));
  const lines = log !== undefined && 'value' in log ? log.value.split('\n') : [];
  return { lbc, pods: running, needed, said: lines.filter((line) => disabling.test(line)) };
};

const startedAt = (pod: KubernetesObject): Date | undefined => {
  const starts = list(pod, 'status', 'containerStatuses').map((status) =>
    moment(field(status, 'state', 'running'), 'startedAt'),
  );
  return starts.find((start) => start !== undefined);
};

/** Definitions that came after the pod had started, have not come, or do not serve what the controller reads. */
const tooLate = (value: GateValue, pod: KubernetesObject): readonly Evidence[] => {
  const started = startedAt(pod);
  return value.needed.flatMap(({ name, version, object: crd }) => {
    const from = `CustomResourceDefinition ${name}`;
    if (crd === undefined) return [{ from, saw: 'does not exist' }];
    const served = servedVersions(crd);
    if (!served.includes(version)) return [{ from, saw: `serves ${served.join(', ')}, not ${version}` }];
    const made = moment(crd, 'metadata', 'creationTimestamp');
    return started !== undefined && made !== undefined && made.getTime() > started.getTime()
      ? [{ from, saw: `made ${made.toISOString()}, after the controller started (${started.toISOString()})` }]
      : [];
  });
};

/** The verdict where every pod of the controller started before the definitions were there; `undefined` where one did not. */
export const judgeGate = (value: GateValue | undefined): NotOk | undefined => {
  if (value === undefined || value.pods.length === 0) return undefined;
  const { lbc, pods, said } = value;
  const late = pods.map((pod) => tooLate(value, pod));
  if (said.length === 0 && late.some((each) => each.length === 0)) return undefined;
  const ref = refOf(lbc.deployment);
  return broken('controller/gate-off', {
    message: `AWS Load Balancer Controller (${ref}) has switched off Gateways for ALBs: definitions that it needs were not there when it started.`,
    evidence: [
      ...said.slice(-1).map((saw) => ({ from: `log of ${ref}`, saw })),
      ...(late[0] ?? []).slice(0, 8),
      ...pods.map((pod) => ({ from: refOf(pod), saw: text(pod, 'status', 'phase') ?? '' })),
    ],
    hint: `Restart it: kubectl --namespace ${lbc.namespace} rollout restart deployment ${lbc.name}. ${setGates(lbc.version)}`,
  });
};
