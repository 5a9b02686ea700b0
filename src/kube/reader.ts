// Reads a cluster for the chain: 404, denial and failure are values.
import type { KubernetesObject } from '../bundle/object.ts';
import type { ClusterReader, Kind } from '../chain/cluster.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Kube, KubeAnswer, KubeRequest } from './connection.ts';
import { isFields } from './fields.ts';
import { objectOf } from './object.ts';
import { pathOf, permissionOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

export interface Selection {
  /** `involvedObject.name=public`. */
  readonly fieldSelector?: string;
  /** `app.kubernetes.io/name=external-dns`. */
  readonly labelSelector?: string;
}

export interface KubeReader extends ClusterReader {
  /** `list`, narrowed by the server. */
  select(
    kind: Kind,
    namespace: string | undefined,
    selection: Selection,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>>;
}

/** The chain looks again in seconds: a look waits only for what passes at once. */
const patience = { milliseconds: 5_000 };
const pageSize = 500;
const mostPages = 200;
const mostLogBytes = 1024 * 1024;

interface Page {
  readonly items: readonly KubernetesObject[];
  /** Where the next page begins; empty where there is none. */
  readonly next: string;
  /** The snapshot that the pages belong to is gone. */
  readonly expired: boolean;
}

/** Thrown inside this file to leave a look; becomes a `Seen`. */
class Refused extends Error {
  readonly answer: KubeAnswer;
  constructor(answer: KubeAnswer) {
    super(statusOf(answer).message);
    this.answer = answer;
  }
}

const pods = { apiVersion: 'v1', plural: 'pods' };

/**
 * @param answerWithin milliseconds for one answer: a server that is gone says nothing at all, and a run that waits has to tell
 * of it before its own time is up
 */
export const clusterReader = (kube: Kube, answerWithin = 15_000): KubeReader =>
  new Reader(kube, answerWithin);

class Reader implements KubeReader {
  readonly #kube: Kube;
  readonly #answerWithin: number;

  constructor(kube: Kube, answerWithin: number) {
    this.#kube = kube;
    this.#answerWithin = answerWithin;
  }

  get(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<Seen<KubernetesObject | undefined>> {
    return this.#seen(permissionOf('get', kind, namespace), signal, async () => {
      const answer = await this.#read({ method: 'GET', path: pathOf(kind, namespace, name) }, signal);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new Refused(answer);
      return objectOf(answer.body, kind);
    });
  }

  list(
    kind: Kind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>> {
    return this.select(kind, namespace, {}, signal);
  }

  select(
    kind: Kind,
    namespace: string | undefined,
    selection: Selection,
    signal: AbortSignal,
  ): Promise<Seen<readonly KubernetesObject[]>> {
    return this.#seen(permissionOf('list', kind, namespace), signal, async () => {
      const found: KubernetesObject[] = [];
      let next = '';
      for (let count = 0; count < mostPages; count += 1) {
        const query = { ...selection, limit: pageSize, ...(next !== '' && { continue: next }) };
        const { items, expired, next: following } = await this.#page(kind, namespace, query, signal);
        if (expired) {
          // The snapshot that the pages belong to was compacted away: read everything at once instead.
          return (await this.#page(kind, namespace, { ...selection }, signal)).items;
        }
        found.push(...items);
        if (following === '') return found;
        next = following;
      }
      return found;
    });
  }

  log(namespace: string, pod: string, lines: number, signal: AbortSignal): Promise<Seen<string>> {
    return this.#seen(permissionOf('get', pods, namespace, 'log'), signal, async () => {
      const path = pathOf(pods, namespace, pod, 'log');
      const query = { tailLines: lines, limitBytes: mostLogBytes };
      const ask = (container?: string): Promise<KubeAnswer> =>
        this.#read({ method: 'GET', path, query: { ...query, container }, accept: '*/*' }, signal);
      let answer = await ask();
      // The server wants a name where a pod has more than one container.
      if (answer.status === 400) {
        const container = await this.#firstContainer(pathOf(pods, namespace, pod), signal);
        if (container !== undefined) answer = await ask(container);
      }
      if (answer.status !== 200) throw new Refused(answer);
      return answer.text;
    });
  }

  async #seen<Value>(
    permission: string,
    signal: AbortSignal,
    look: () => Promise<Value>,
  ): Promise<Seen<Value>> {
    const at = (): Date => this.#kube.clock.now();
    try {
      return { value: await look(), at: at() };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused && error.answer.status === 403) {
        return { at: at(), denied: denialOf(error.message)?.permission ?? permission };
      }
      return { at: at(), failed: error instanceof Error ? error.message : String(error), cause: error };
    }
  }

  async #read(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
    const late = AbortSignal.timeout(this.#answerWithin);
    try {
      return await sendPatiently(this.#kube, request, patience, AbortSignal.any([signal, late]));
    } catch (error) {
      if (signal.aborted || !late.aborted) throw error;
      throw new Error(
        `the API server (${this.#kube.endpoint}) did not answer within ${this.#answerWithin / 1000} s`,
        { cause: error },
      );
    }
  }

  async #page(
    kind: Kind,
    namespace: string | undefined,
    query: NonNullable<KubeRequest['query']>,
    signal: AbortSignal,
  ): Promise<Page> {
    const answer = await this.#read({ method: 'GET', path: pathOf(kind, namespace), query }, signal);
    // The kind is not served, so there are none of it.
    if (answer.status === 404) return { items: [], next: '', expired: false };
    if (answer.status === 410) return { items: [], next: '', expired: true };
    if (answer.status !== 200 || !isFields(answer.body)) throw new Refused(answer);
    const { items, metadata } = answer.body;
    const next = isFields(metadata) ? metadata['continue'] : undefined;
    return {
      items: (Array.isArray(items) ? items : []).flatMap((item) => objectOf(item, kind) ?? []),
      next: typeof next === 'string' ? next : '',
      expired: false,
    };
  }

  async #firstContainer(path: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#read({ method: 'GET', path }, signal);
    const spec = isFields(answer.body) ? answer.body['spec'] : undefined;
    const containers = isFields(spec) && Array.isArray(spec['containers']) ? spec['containers'] : [];
    const first: unknown = containers[0];
    return isFields(first) && typeof first['name'] === 'string' ? first['name'] : undefined;
  }
}
