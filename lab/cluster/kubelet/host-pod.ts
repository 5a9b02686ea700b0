// A pod that really runs: its network, its files, its processes, and the status that tells of them.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.ts';
import type { LabFolder } from '../folder.ts';
import { tokenFileKubeconfig } from '../kubeconfig.ts';
import { apiServerUrl, layout, nodeName } from '../layout.ts';
import { containerEnvironment, expand } from './container-environment.ts';
import { ContainerLog } from './container-logs.ts';
import { ContainerProcess, type StartCommand, seconds } from './container-process.ts';
import { type Condition, type Container, type Pod, podName, podPath } from './pod.ts';
import { makePodNetwork, nodeNetwork, type PodNetwork, releaseAddress, takeAddress } from './pod-network.ts';
import { type IdleContainer, podStatus } from './pod-status.ts';
import { type Program, programEnvironment, programFor } from './programs.ts';
import { MountFailure, PodVolumes } from './volumes.ts';

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const REFRESH_MS = 2000;
const MOUNT_RETRY_MS = 1000;

interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export class HostPod {
  readonly logs: ReadonlyMap<string, ContainerLog>;

  readonly #pod: Pod;
  readonly #api: Api;
  readonly #lab: LabFolder;
  readonly #folder: string;
  readonly #startTime = seconds(new Date());
  readonly #stopping = new AbortController();
  #processes: readonly ContainerProcess[] = [];
  #idle: readonly IdleContainer[] = [];
  #address: string | undefined;
  #network: PodNetwork | undefined;
  #conditions: readonly Condition[];
  #statusWanted = false;
  #statusWriting: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(pod: Pod, api: Api, lab: LabFolder) {
    this.#pod = pod;
    this.#api = api;
    this.#lab = lab;
    this.#folder = lab.file('run', 'pods', pod.metadata.uid);
    this.#conditions = pod.status?.conditions ?? [];
    const { name, namespace } = pod.metadata;
    this.logs = new Map(
      pod.spec.containers.map((container) => [
        container.name,
        new ContainerLog(lab.file('pods', `${namespace}_${name}_${container.name}.log`)),
      ]),
    );
  }

  start(): void {
    this.#running = this.#run().catch((cause: unknown) => {
      console.log(`${podName(this.#pod)}: ${cause instanceof Error ? cause.stack : cause}`);
    });
  }

  /** Ends the processes; with `remove`, then takes the object away, as a kubelet does for a pod that is being deleted. */
  stop(graceSeconds: number, remove: boolean): Promise<void> {
    this.#ended ??= this.#end(graceSeconds, remove).catch((cause: unknown) => {
      console.log(`${podName(this.#pod)}: ${cause instanceof Error ? cause.stack : cause}`);
    });
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { hostNetwork, containers, restartPolicy = 'Always' } = this.#pod.spec;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#address = hostNetwork ? layout.addresses.node : takeAddress();
    const address = this.#address;
    const volumes = new PodVolumes(this.#pod, address, this.#folder, this.#api);
    const runs = containers.flatMap((container) => {
      const program = programFor(container.image);
      return program ? [{ container, program }] : [];
    });
    this.#processes = runs.map(
      ({ container, program }) =>
        new ContainerProcess({
          container,
          probed: program.answersProbes,
          restartPolicy,
          prepare: () => this.#prepare(container, program, volumes, address),
          log: this.logs.get(container.name) ?? new ContainerLog(join(this.#folder, 'log')),
          address,
          changed: (event) => {
            if (event) this.#tell(event);
            this.#writeStatus();
          },
        }),
    );
    this.#writeStatus();
    this.#network = hostNetwork ? nodeNetwork : await makePodNetwork(address);
    await this.#mount(volumes);
    if (this.#stopping.signal.aborted) return;
    this.#idle = containers
      .filter((container) => !runs.some((run) => run.container === container))
      .map((container) => ({ container, startedAt: seconds(new Date()) }));
    for (const process of this.#processes) process.start();
    await this.#keepFresh(volumes);
  }

  // A pod whose Secret is missing waits for it, and says so.
  async #mount(volumes: PodVolumes): Promise<void> {
    let told = '';
    while (!this.#stopping.signal.aborted) {
      try {
        await volumes.refresh();
        return;
      } catch (cause) {
        if (!(cause instanceof MountFailure)) throw cause;
        if (cause.message !== told) {
          told = cause.message;
          this.#tell({
            type: 'Warning',
            reason: 'FailedMount',
            message: `MountVolume.SetUp failed: ${told}`,
          });
        }
      }
      await this.#pause(MOUNT_RETRY_MS);
    }
  }

  async #keepFresh(volumes: PodVolumes): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(REFRESH_MS);
      if (this.#stopping.signal.aborted) return;
      await volumes.refresh().catch((cause: unknown) => {
        // What was mounted stays, as on a real node.
        console.log(`${podName(this.#pod)}: ${cause instanceof Error ? cause.message : cause}`);
      });
    }
  }

  async #prepare(
    container: Container,
    program: Program,
    volumes: PodVolumes,
    address: string,
  ): Promise<StartCommand> {
    const ca = this.#lab.pki('ca.crt');
    const own = await containerEnvironment(this.#pod, container, address, this.#api);
    const given = (container.args ?? []).map((argument) => volumes.rewrite(container, expand(argument, own)));
    const environment = Object.fromEntries(
      Object.entries(own).map(([name, value]) => [name, volumes.rewrite(container, value)]),
    );
    const kubeconfig = join(this.#folder, `${container.name}.kubeconfig`);
    const token = volumes.locate(container, `${ACCOUNT_FOLDER}/token`);
    // Without a mounted token the process gets a kubeconfig all the same, and is refused like the real one.
    writeFileSync(
      kubeconfig,
      tokenFileKubeconfig(apiServerUrl, ca, token ?? '/dev/null', this.#pod.metadata.namespace),
      { mode: 0o600 },
    );
    const extra = program.extra({
      given,
      kubeconfig,
      namespace: this.#pod.metadata.namespace,
      folder: this.#folder,
      pki: this.#lab.file('pki'),
      at: (path) => volumes.locate(container, path),
    });
    return {
      command: [...(this.#network?.enter ?? []), ...program.command, ...given, ...extra],
      environment: {
        ...programEnvironment(this.#folder, ca),
        HOSTNAME: this.#pod.metadata.name,
        ...environment,
      },
      folder: this.#folder,
    };
  }

  async #end(graceSeconds: number, remove: boolean): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#processes.map((process) => process.stop(graceSeconds)));
    await this.#running;
    this.#network?.close();
    if (this.#address && this.#network !== nodeNetwork) releaseAddress(this.#address);
    await this.#statusWriting;
    if (remove) {
      await this.#api.delete(podPath(this.#pod), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: 0,
        preconditions: { uid: this.#pod.metadata.uid },
      });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  // One write at a time, always of the newest state.
  #writeStatus(): void {
    this.#statusWanted = true;
    this.#statusWriting ??= this.#writeWhileWanted().finally(() => {
      this.#statusWriting = undefined;
    });
  }

  async #writeWhileWanted(): Promise<void> {
    while (this.#statusWanted) {
      this.#statusWanted = false;
      const status = podStatus({
        pod: this.#pod,
        address: this.#address,
        startTime: this.#startTime,
        processes: this.#processes,
        idle: this.#idle,
        before: this.#conditions,
      });
      this.#conditions = status.conditions;
      const { uid } = this.#pod.metadata;
      const answer = await this.#api
        .patch(`${podPath(this.#pod)}/status`, { metadata: { uid }, status })
        .catch((cause: unknown) => ({ status: 0, body: cause }));
      if (answer.status !== 200 && answer.status !== 404) {
        console.log(
          `${podName(this.#pod)}: its status was refused with ${answer.status}: ${JSON.stringify(answer.body)}`,
        );
      }
    }
  }

  #tell(event: PodEvent): void {
    const { name, namespace, uid } = this.#pod.metadata;
    const at = seconds(new Date());
    this.#api
      .post(`/api/v1/namespaces/${namespace}/events`, {
        metadata: { generateName: `${name}.`, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
        ...event,
        count: 1,
        firstTimestamp: at,
        lastTimestamp: at,
        source: { component: 'kubelet', host: nodeName },
        reportingComponent: 'kubelet',
        reportingInstance: nodeName,
      })
      .catch(() => undefined);
  }
}
