// Watches a namespace while a scenario runs, and writes down what changes in the form of the recordings.
import type { KubeApi, KubeObject } from '../../lab/controller/kube/api.ts';
import type { Change, ControllerEvent, Phase } from './lbc-recording.ts';

const RESOURCES = [
  { kind: 'GatewayClass', path: '/apis/gateway.networking.k8s.io/v1/gatewayclasses', namespaced: false },
  { kind: 'Gateway', path: '/apis/gateway.networking.k8s.io/v1', plural: 'gateways', namespaced: true },
  { kind: 'HTTPRoute', path: '/apis/gateway.networking.k8s.io/v1', plural: 'httproutes', namespaced: true },
  { kind: 'GRPCRoute', path: '/apis/gateway.networking.k8s.io/v1', plural: 'grpcroutes', namespaced: true },
  {
    kind: 'ListenerSet',
    path: '/apis/gateway.networking.k8s.io/v1',
    plural: 'listenersets',
    namespaced: true,
  },
  {
    kind: 'TargetGroupBinding',
    path: '/apis/elbv2.k8s.aws/v1beta1',
    plural: 'targetgroupbindings',
    namespaced: true,
  },
];

/** Annotations that tools other than the controller write. */
const FOREIGN = /^kubectl\.kubernetes\.io\//;

interface Watched extends KubeObject {
  status?: Change['status'];
  spec?: unknown;
}

interface CoreEvent extends KubeObject {
  reason: string;
  type: string;
  message: string;
  count: number;
  involvedObject: { kind: string; name: string };
}

export class Observer {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #ending = new AbortController();
  readonly #start = performance.now();
  readonly phases: Phase[] = [];
  /** Every time that something was told, the last counts included. */
  readonly told: (ControllerEvent & { t: number })[] = [];

  constructor(api: KubeApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  async start(standingClass: string): Promise<void> {
    for (const { kind, path, plural, namespaced } of RESOURCES) {
      const collection = namespaced ? `${path}/namespaces/${this.#namespace}/${plural}` : path;
      const { metadata } = await this.#api.get<{ metadata: { resourceVersion: string } }>(collection);
      this.#api
        .watch<Watched>(
          collection,
          metadata.resourceVersion,
          ({ type, object }) => {
            if (type !== 'BOOKMARK' && object.metadata.name !== standingClass) this.#note(kind, type, object);
          },
          this.#ending.signal,
        )
        .catch((error: unknown) => {
          if (!this.#ending.signal.aborted) throw error;
        });
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  begin(act: Phase['act']): void {
    this.phases.push({ t: this.seconds(), act, changes: [] });
  }

  /** Since the observer was made. */
  seconds(): number {
    return Math.round((performance.now() - this.#start) / 10) / 100;
  }

  #note(kind: string, event: string, { metadata, spec, status = {} }: Watched): void {
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !FOREIGN.test(name));
    this.phases.at(-1)?.changes.push({
      t: this.seconds(),
      event,
      kind,
      name: metadata.name,
      generation: metadata.generation,
      finalizers: metadata.finalizers ?? [],
      deleting: metadata.deletionTimestamp !== undefined,
      status,
      annotations: Object.fromEntries(annotations),
      ...(kind !== 'TargetGroupBinding' && { spec }),
    });
  }

  /** Writes down what the controller tells from now on, each time that it does. */
  async listen(): Promise<void> {
    const path = `/api/v1/namespaces/${this.#namespace}/events`;
    const { metadata } = await this.#api.get<{ metadata: { resourceVersion: string } }>(path);
    this.#api
      .watch<CoreEvent>(
        path,
        metadata.resourceVersion,
        ({ type, object }) => {
          if (type !== 'BOOKMARK' && isTold(object)) this.told.push({ t: this.seconds(), ...toldBy(object) });
        },
        this.#ending.signal,
      )
      .catch((error: unknown) => {
        if (!this.#ending.signal.aborted) throw error;
      });
  }

  async events(): Promise<ControllerEvent[]> {
    const { items } = await this.#api.get<{ items: CoreEvent[] }>(
      `/api/v1/namespaces/${this.#namespace}/events`,
    );
    return items.filter(isTold).map(toldBy);
  }
}

const isTold = ({ involvedObject: { kind } }: CoreEvent): boolean =>
  kind === 'Gateway' || kind === 'TargetGroupBinding';

const toldBy = ({ reason, type, message, count, involvedObject }: CoreEvent): ControllerEvent => ({
  reason,
  type,
  message,
  object: `${involvedObject.kind}/${involvedObject.name}`,
  count,
});
