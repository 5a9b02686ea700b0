// The node's agent: runs the controllers' pods as processes, lets the other pods answer HTTP, serves logs.

import { mkdirSync } from 'node:fs';
import type { Api } from '../api.ts';
import type { LabFolder } from '../folder.ts';
import { nodeName } from '../layout.ts';
import { AnsweringPod } from './answering-pod.ts';
import type { LogRequest } from './container-logs.ts';
import { failingStatus } from './failing-pod.ts';
import { HostPod } from './host-pod.ts';
import { type LogSource, serveLogs } from './log-server.ts';
import { type Pod, podName, podPath } from './pod.ts';
import { programFor } from './programs.ts';

const DEFAULT_GRACE_SECONDS = 30;

export class Kubelet implements LogSource {
  readonly #api: Api;
  readonly #lab: LabFolder;
  readonly #hosted = new Map<string, HostPod>();
  readonly #answering = new Map<string, AnsweringPod>();
  readonly #names = new Map<string, string>();

  constructor(api: Api, lab: LabFolder) {
    this.#api = api;
    this.#lab = lab;
  }

  async start(): Promise<void> {
    mkdirSync(this.#lab.file('pods'), { recursive: true });
    await serveLogs(this.#lab, this);
    void this.#api.follow<Pod>(
      `/api/v1/pods?fieldSelector=spec.nodeName%3D${nodeName}`,
      (pod) => this.#see(pod),
      (pod) => this.#lose(pod),
    );
  }

  async readLog(
    namespace: string,
    pod: string,
    container: string,
    wanted: LogRequest,
    send: (text: string) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const uid = this.#names.get(`${namespace}/${pod}`);
    if (uid === undefined) return false;
    const log = this.#hosted.get(uid)?.logs.get(container);
    if (log) {
      await log.read(wanted, send, signal);
      return true;
    }
    const lines = this.#answering.get(uid)?.lines(container) ?? [];
    const shown = lines.slice(
      wanted.tailLines === undefined ? 0 : Math.max(0, lines.length - wanted.tailLines),
    );
    for (const line of shown) send(`${wanted.timestamps ? line : line.slice(line.indexOf(' ') + 1)}\n`);
    return true;
  }

  #see(pod: Pod): void {
    const { uid, name, namespace } = pod.metadata;
    this.#names.set(`${namespace}/${name}`, uid);
    if (pod.spec.containers.some((container) => programFor(container.image))) this.#seeHosted(pod);
    else this.#seeAnswering(pod);
  }

  #seeHosted(pod: Pod): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    const known = this.#hosted.get(uid);
    if (deletionTimestamp !== undefined) {
      const hosted = known ?? new HostPod(pod, this.#api, this.#lab);
      this.#hosted.set(uid, hosted);
      void hosted.stop(deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS, true);
    } else if (!known && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') {
      const hosted = new HostPod(pod, this.#api, this.#lab);
      this.#hosted.set(uid, hosted);
      hosted.start();
    }
  }

  #seeAnswering(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const { phase, podIP } = pod.status ?? {};
    const known = this.#answering.get(uid);
    const failing = failingStatus(pod);
    if (failing !== undefined) {
      void this.#api
        .patch(`${podPath(pod)}/status`, { metadata: { uid }, status: failing })
        .catch((cause: unknown) => console.log(`${podName(pod)}: ${cause}`));
    }
    if (deletionTimestamp !== undefined || phase !== 'Running' || podIP === undefined) {
      known?.close();
      this.#answering.delete(uid);
    } else if (known) {
      known.update(pod);
    } else {
      this.#answering.set(uid, new AnsweringPod(pod, podIP));
    }
  }

  #lose(pod: Pod): void {
    const { uid, name, namespace } = pod.metadata;
    const key = `${namespace}/${name}`;
    // A StatefulSet's next pod may have the name already.
    if (this.#names.get(key) === uid) this.#names.delete(key);
    this.#answering.get(uid)?.close();
    this.#answering.delete(uid);
    const hosted = this.#hosted.get(uid);
    this.#hosted.delete(uid);
    // Deleted by force: nobody waits for it any more.
    void hosted?.stop(2, false);
  }
}
