// Writes core/v1 Events the way client-go's recorder does: repeats raise a count, similar ones are combined, floods are dropped.
import type { Log } from '../log.ts';
import { isNotFound, type KubeApi, type KubeObject } from './api.ts';

const SIMILAR_WITHIN_MS = 600_000;
const SIMILAR_LIMIT = 10;
const BURST = 25;
const REFILL_MS = 300_000;

interface StoredEvent extends KubeObject {
  count: number;
}

interface Known {
  name: string;
  count: number;
}

export class EventRecorder {
  readonly #api: KubeApi;
  readonly #component: string;
  readonly #log: Log;
  readonly #similar = new Map<string, { messages: Set<string>; last: number }>();
  readonly #known = new Map<string, Known>();
  readonly #tokens = new Map<string, { left: number; at: number }>();
  #writes: Promise<void> = Promise.resolve();

  constructor(api: KubeApi, component: string, log: Log) {
    this.#api = api;
    this.#component = component;
    this.#log = log;
  }

  normal(object: KubeObject, reason: string, message: string): void {
    this.#record(object, 'Normal', reason, message);
  }

  warning(object: KubeObject, reason: string, message: string): void {
    this.#record(object, 'Warning', reason, message);
  }

  #record(object: KubeObject, type: string, reason: string, message: string): void {
    const about = `${object.kind}/${object.metadata.namespace}/${object.metadata.name}/${object.metadata.uid}`;
    const { key, text } = this.#combine(`${about}/${type}/${reason}`, message);
    if (!this.#allowed(about)) return;
    const at = new Date();
    // One write after the other: a count must not overtake the event that it counts.
    this.#writes = this.#writes
      .then(() => this.#write(object, type, reason, text, key, at))
      .catch((error: unknown) => this.#log.error('Server rejected event', error));
  }

  #combine(group: string, message: string): { key: string; text: string } {
    const now = Date.now();
    const known = this.#similar.get(group);
    const similar =
      known && now - known.last < SIMILAR_WITHIN_MS ? known : { messages: new Set<string>(), last: now };
    similar.last = now;
    similar.messages.add(message);
    this.#similar.set(group, similar);
    if (similar.messages.size < SIMILAR_LIMIT) return { key: `${group}/${message}`, text: message };
    const [oldest] = similar.messages;
    if (oldest !== undefined) similar.messages.delete(oldest);
    return { key: group, text: `(combined from similar events): ${message}` };
  }

  #allowed(about: string): boolean {
    const now = Date.now();
    const bucket = this.#tokens.get(about) ?? { left: BURST, at: now };
    bucket.left = Math.min(BURST, bucket.left + (now - bucket.at) / REFILL_MS);
    bucket.at = now;
    this.#tokens.set(about, bucket);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  async #write(
    object: KubeObject,
    type: string,
    reason: string,
    message: string,
    key: string,
    at: Date,
  ): Promise<void> {
    const namespace = object.metadata.namespace ?? 'default';
    const collection = `/api/v1/namespaces/${namespace}/events`;
    const timestamp = `${at.toISOString().slice(0, 19)}Z`;
    const known = this.#known.get(key);
    if (known) {
      known.count += 1;
      try {
        await this.#api.merge(`${collection}/${known.name}`, {
          count: known.count,
          lastTimestamp: timestamp,
          message,
        });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    // client-go names an event after its object and the nanosecond; the random tail stands for the part we lack.
    const nanoseconds = BigInt(at.getTime()) * 1_000_000n + BigInt(Math.floor(Math.random() * 1_000_000));
    const name = `${object.metadata.name}.${nanoseconds.toString(16)}`;
    const { apiVersion, kind } = object;
    const { uid, resourceVersion } = object.metadata;
    const created = await this.#api.create<StoredEvent>(collection, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion,
        kind,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        uid,
        resourceVersion,
      },
      type,
      reason,
      message,
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: '',
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      count: 1,
    });
    this.#known.set(key, { name: created.metadata.name, count: 1 });
  }
}
