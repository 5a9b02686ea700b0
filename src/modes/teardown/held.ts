// Why objects that were deleted still stand: whether somebody is there to take their finalizers away, and what he says.
import { number, texts } from '../../bundle/field.ts';
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import { observeEvents } from '../../chain/events.ts';
import { judgeRelease, observeRelease } from '../../chain/release.ts';
import { failureOf } from '../../gateway/failure.ts';
import type { Evidence } from '../../verdict/verdict.ts';

/** `gateway.k8s.aws/alb`, `elbv2.k8s.aws/resources`: those of the load balancer controller. */
const ofController = /(^|\.)k8s\.aws\//;

const mostObjects = 5;
const mostEvents = 2;

export interface Trouble {
  /** A sentence. */
  readonly says: string;
  /** Nobody is there who could get better by himself: not installed, or scaled to zero. */
  readonly forGood: boolean;
}

/**
 * Why the controller of these finalizers does not work; `undefined` where it does, where it is not known, or where others
 * hold the objects.
 */
export async function controllerTrouble(
  reader: ClusterReader,
  left: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  const held = left.some((object) =>
    texts(object, 'metadata', 'finalizers').some((each) => ofController.test(each)),
  );
  if (!held) return undefined;
  const seen = await observeRelease(reader, signal);
  if (!('value' in seen)) return undefined;
  const { state, message } = judgeRelease({ externalDns: false }, seen);
  if (state !== 'broken') return undefined;
  const { lbc } = seen.value.controllers;
  return { says: message, forGood: lbc === undefined || number(lbc.deployment, 'spec', 'replicas') === 0 };
}

export interface Complaints {
  readonly evidence: readonly Evidence[];
  /** What to do about them; empty where that is not known. */
  readonly hint: string;
}

/** What its controller said last about each, as far as events may be read: `FailedDeployModel: …`. */
export async function complaintsAbout(
  reader: ClusterReader,
  left: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<Complaints> {
  const evidence: Evidence[] = [];
  const hints = new Set<string>();
  for (const object of left.slice(0, mostObjects)) {
    const seen = await observeEvents(reader, object, signal);
    if (!('value' in seen)) continue;
    const failures = seen.value.filter(({ reason }) => /^Fail|Error/.test(reason));
    for (const { reason, message } of failures.slice(-mostEvents)) {
      evidence.push({ from: `events of ${refOf(object)}`, saw: `${reason}: ${message}` });
      hints.add(failureOf('gateway/deploy-failed', message).hint);
    }
  }
  return { evidence, hint: [...hints].filter((hint) => hint !== '').join(' ') };
}
