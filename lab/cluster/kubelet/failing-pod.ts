// A pod that kwok would call ready at once, but whose annotation says that it fails.

import { seconds } from './container-process.ts';
import type { Pod } from './pod.ts';

/** Annotation: `CrashLoopBackOff`, `ImagePullBackOff` or `NotReady`. */
const FAILS = 'lab/fails';

const started = (): string => seconds(new Date());

/** States of a container as a kubelet writes them, by the annotation's value. */
const states: Readonly<Record<string, (name: string, image: string) => object>> = {
  CrashLoopBackOff: (name) => ({
    restartCount: 4,
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off 1m20s restarting failed container=${name}`,
      },
    },
    lastState: {
      terminated: { exitCode: 1, reason: 'Error', startedAt: started(), finishedAt: started() },
    },
  }),
  ImagePullBackOff: (_name, image) => ({
    restartCount: 0,
    state: { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } },
  }),
  NotReady: () => ({ restartCount: 0, state: { running: { startedAt: started() } } }),
};

/** The status to write; undefined for a pod that is well, is not up yet, or has it already. */
export function failingStatus(pod: Pod): object | undefined {
  const state = states[pod.metadata.annotations?.[FAILS] ?? ''];
  const { phase, podIP, conditions = [] } = pod.status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (!state || phase !== 'Running' || podIP === undefined || ready?.status !== 'True') return undefined;
  const not = (type: string): object => ({
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    lastTransitionTime: started(),
  });
  return {
    conditions: [
      ...conditions.filter(({ type }) => type !== 'Ready' && type !== 'ContainersReady'),
      not('Ready'),
      not('ContainersReady'),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: false,
      started: false,
      ...state(name, image),
    })),
  };
}
