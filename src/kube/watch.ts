// Watches all objects of a kind: one small LIST says where to begin, then a WATCH that begins again by itself.
import type { ClusterWatcher, Told, WatchedPlace } from '../chain/watches.ts';
import type { Kube, KubeAnswer, KubeRequest } from './connection.ts';
import { isFields } from './fields.ts';
import { pathOf, permissionOf } from './path.ts';
import { denialOf, statusOf } from './status.ts';

/** That something has changed is enough: objects come with their metadata alone. */
const metadataOnly = (what: string): string =>
  `application/json;as=${what};g=meta.k8s.io;v=v1,application/json`;

/** Seconds after which the server ends a watch; shorter than the silence after which the connection counts as dead. */
const watchSeconds = 50;
const firstWait = 250;
const longestWait = 30_000;

/** How a watch ended: at its time, with a version that the server has forgotten, or otherwise. */
type Ended = 'time' | 'expired' | 'lost' | { readonly denied: string };

interface Started {
  readonly version: string;
}

const versionOf = (object: unknown): string => {
  const metadata = isFields(object) ? object['metadata'] : undefined;
  const version = isFields(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' ? version : '';
};

const parsed = (line: string): unknown => {
  try {
    const value: unknown = JSON.parse(line);
    return value;
  } catch {
    return undefined;
  }
};

const deniedBy = (answer: KubeAnswer, verb: string, { kind, namespace }: WatchedPlace) => ({
  denied: denialOf(statusOf(answer).message)?.permission ?? permissionOf(verb, kind, namespace),
});

/** One place's watch: where it stands in the history of its kind, and the next request. */
class Watch {
  private readonly kube: Kube;
  private readonly place: WatchedPlace;
  private readonly told: Told;
  private version = '';

  constructor(kube: Kube, place: WatchedPlace, told: Told) {
    this.kube = kube;
    this.place = place;
    this.told = told;
  }

  /** Lists if it does not know where to begin, then watches until that ends. */
  async once(signal: AbortSignal): Promise<Ended> {
    if (this.version === '') {
      const begun = await this.begin(signal);
      if (typeof begun === 'string' || 'denied' in begun) return begun;
      this.version = begun.version;
    }
    return this.watch(signal);
  }

  private request(query: NonNullable<KubeRequest['query']>, accept: string): KubeRequest {
    const { kind, namespace } = this.place;
    return { method: 'GET', path: pathOf(kind, namespace), query, accept };
  }

  private async begin(signal: AbortSignal): Promise<Started | Ended> {
    const request = this.request({ limit: 1 }, metadataOnly('PartialObjectMetadataList'));
    const answer = await this.kube.send(request, signal);
    if (answer.status === 403) return deniedBy(answer, 'list', this.place);
    const version = versionOf(answer.body);
    return answer.status === 200 && version !== '' ? { version } : 'lost';
  }

  private async watch(signal: AbortSignal): Promise<Ended> {
    let expired = false;
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: this.version,
      timeoutSeconds: watchSeconds,
    };
    const heard = {
      onOpen: () => this.told.standing(),
      onLine: (line: string) => {
        expired = this.take(parsed(line)) || expired;
      },
    };
    const answer = await this.kube.stream(
      this.request(query, metadataOnly('PartialObjectMetadata')),
      heard,
      signal,
    );
    if (answer.status === 403) return deniedBy(answer, 'watch', this.place);
    if (expired || answer.status === 410) {
      this.version = '';
      return 'expired';
    }
    return answer.status === 200 ? 'time' : 'lost';
  }

  /** Whether the event says that the version is too old (or any other error, after which a LIST is as good). */
  private take(event: unknown): boolean {
    if (!isFields(event)) return false;
    if (event['type'] === 'ERROR') return true;
    const object = event['object'];
    this.version = versionOf(object) || this.version;
    if (event['type'] === 'BOOKMARK' || !isFields(object)) return false;
    const metadata = isFields(object['metadata']) ? object['metadata'] : {};
    const { namespace, name } = metadata;
    if (typeof name === 'string')
      this.told.changed(typeof namespace === 'string' ? namespace : undefined, name);
    return false;
  }
}

/**
 * Over the connection that reads use. An end by time goes on from the last version that was told, a version that is too old
 * (410 Gone) begins anew with a LIST; what fails is tried again after 0.25 to 30 s.
 */
export const clusterWatcher = (kube: Kube): ClusterWatcher => ({
  watch: async (place, told, signal) => {
    const watch = new Watch(kube, place, told);
    let wait = firstWait;
    for (;;) {
      const began = kube.clock.monotonic();
      let ended: Ended;
      try {
        ended = await watch.once(signal);
      } catch {
        signal.throwIfAborted();
        ended = 'lost';
      }
      signal.throwIfAborted();
      if (typeof ended === 'object') return ended;
      const lasted = kube.clock.monotonic() - began;
      if (ended === 'time' && lasted > firstWait) {
        wait = firstWait;
        continue;
      }
      told.lost();
      await kube.clock.sleep(wait, signal);
      wait = lasted > longestWait ? firstWait : Math.min(2 * wait, longestWait);
    }
  },
});
