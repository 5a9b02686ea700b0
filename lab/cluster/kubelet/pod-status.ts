// The status of a pod that runs as processes, as the kubelet would write it.

import { layout } from '../layout.ts';
import { type ContainerProcess, type ContainerState, type Ending, seconds } from './container-process.ts';
import type { Condition, Container, Pod } from './pod.ts';

/** A container of such a pod that has no program here (a sidecar): shown as running. */
export interface IdleContainer {
  readonly container: Container;
  readonly startedAt: string;
}

export interface PodState {
  readonly pod: Pod;
  readonly address: string | undefined;
  readonly startTime: string;
  readonly processes: readonly ContainerProcess[];
  readonly idle: readonly IdleContainer[];
  /** Conditions as they were written last, so that an unchanged one keeps its time. */
  readonly before: readonly Condition[];
}

export function podStatus(state: PodState): { conditions: Condition[] } & Record<string, unknown> {
  const { processes, idle, address } = state;
  const ended = processes.length > 0 && processes.every(({ state: { kind } }) => kind === 'terminated');
  const failed = processes.some(
    (process) => process.state.kind === 'terminated' && process.state.exitCode !== 0,
  );
  const created = processes.some((process) => process.state.kind !== 'waiting' || process.restarts > 0);
  const unready = processes.filter((process) => !process.ready).map((process) => process.container.name);
  const phase = ended ? (failed ? 'Failed' : 'Succeeded') : created ? 'Running' : 'Pending';
  return {
    phase,
    startTime: state.startTime,
    hostIP: layout.addresses.node,
    hostIPs: [{ ip: layout.addresses.node }],
    ...(address ? { podIP: address, podIPs: [{ ip: address }] } : {}),
    conditions: conditions(state.before, address !== undefined, ended, unready),
    containerStatuses: [
      ...processes.map((process) => ({
        name: process.container.name,
        image: process.container.image,
        imageID: process.container.image,
        ready: process.ready,
        started: process.state.kind === 'running',
        restartCount: process.restarts,
        state: stateOf(process.state),
        // Written out even when empty: the list is replaced as a whole.
        lastState: process.lastEnding ? { terminated: endingOf(process.lastEnding) } : {},
      })),
      ...idle.map(({ container, startedAt }) => ({
        name: container.name,
        image: container.image,
        imageID: container.image,
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt } },
        lastState: {},
      })),
    ],
  };
}

function conditions(
  before: readonly Condition[],
  sandbox: boolean,
  ended: boolean,
  unready: readonly string[],
): Condition[] {
  const because = ended
    ? { reason: 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const ready = unready.length === 0 && !ended;
  const wanted: Omit<Condition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: sandbox ? 'True' : 'False' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...(ready ? {} : because) },
    { type: 'Ready', status: ready ? 'True' : 'False', ...(ready ? {} : because) },
  ];
  return wanted.map((condition) => {
    const old = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: old?.lastTransitionTime ?? seconds(new Date()) };
  });
}

function stateOf(state: ContainerState): Record<string, unknown> {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message ? { message: state.message } : {}) } };
    case 'running':
      return { running: { startedAt: state.startedAt } };
    case 'terminated':
      return { terminated: endingOf(state) };
  }
}

function endingOf({ exitCode, signal, reason, startedAt, finishedAt }: Ending): Record<string, unknown> {
  return { exitCode, ...(signal === undefined ? {} : { signal }), reason, startedAt, finishedAt };
}
