// Watches a namespace while a scenario runs, and writes down what changes in the form of the recordings.
import type { KubeApi, KubeObject } from '../../lab/controller/kube/api.ts';
import type { Change, ControllerEvent, Phase } from './lbc-recording.ts';

const RESOURCES = [
  { kind: 'GatewayClass', path: '/apis/gateway.networking.k8s.io/v1/gatewayclasses', namespaced: false },
  { kind: 'Gateway', path: '/apis/gateway.networking.k8s.io/v1', plural: 'gateways', namespaced: true },
  { kind: 'HTTPRoute', path: '/apis/gateway.networking.k8s.io/v1', plural: 'httproutes', namespaced: true },
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
}

interface CoreEvent extends KubeObject {
  reason: string;
  type: string;
  message: string;
  involvedObject: { kind: string; name: string };
}

export class Observer {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #ending = new AbortController();
  readonly phases: Phase[] = [];

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
    this.phases.push({ act, changes: [] });
  }

  #note(kind: string, event: string, { metadata, status = {} }: Watched): void {
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !FOREIGN.test(name));
    this.phases.at(-1)?.changes.push({
      event,
      kind,
      name: metadata.name,
      generation: metadata.generation,
      finalizers: metadata.finalizers ?? [],
      deleting: metadata.deletionTimestamp !== undefined,
      status,
      annotations: Object.fromEntries(annotations),
    });
  }

  async events(): Promise<ControllerEvent[]> {
    const { items } = await this.#api.get<{ items: CoreEvent[] }>(
      `/api/v1/namespaces/${this.#namespace}/events`,
    );
    const about = items.filter(
      ({ involvedObject: { kind } }) => kind === 'Gateway' || kind === 'TargetGroupBinding',
    );
    return about.map(({ reason, type, message, involvedObject: { kind, name } }) => ({
      reason,
      type,
      message,
      object: `${kind}/${name}`,
    }));
  }
}
