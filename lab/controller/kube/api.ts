// The Kubernetes API as raw JSON: requests and watches over one connection pool.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import type { KubeAccess } from './config.ts';

export interface Metadata {
  name: string;
  namespace?: string;
  uid: string;
  generation: number;
  resourceVersion: string;
  creationTimestamp: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: Metadata;
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

/** What the API server answered instead of doing as asked. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

const MOST_ATTEMPTS = 10;

export class KubeApi {
  readonly #access: KubeAccess;
  readonly #agent: Agent;

  constructor(access: KubeAccess) {
    this.#access = access;
    this.#agent = new Agent({
      connections: 32,
      // A watch is one answer without an end: neither its headers nor its body may time out.
      bodyTimeout: 0,
      headersTimeout: 0,
      connect: {
        ...(access.ca && { ca: access.ca }),
        ...(access.clientCertificate && { cert: access.clientCertificate }),
        ...(access.clientKey && { key: access.clientKey }),
      },
    });
  }

  async #send(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: unknown,
    type = 'application/json',
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#sendOnce(method, path, body, type, signal);
      // "Not now": a new CRD's storage is being made, or too many are asking. Nothing was done, so asking again is safe.
      if (response.statusCode !== 429 || attempt === MOST_ATTEMPTS) return response;
      await response.body.dump();
      await sleep(Number(response.headers['retry-after'] ?? 1) * 1000);
    }
  }

  async #sendOnce(
    method: Dispatcher.HttpMethod,
    path: string,
    body: unknown,
    type: string,
    signal: AbortSignal | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const token = this.#access.token();
    return await request(this.#access.server + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        accept: 'application/json',
        'user-agent': 'aws-load-balancer-controller/stand-in',
        ...(body !== undefined && { 'content-type': type }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }

  async #call<T>(method: Dispatcher.HttpMethod, path: string, body?: unknown, type?: string): Promise<T> {
    const response = await this.#send(method, path, body, type);
    const text = await response.body.text();
    if (response.statusCode >= 300) throw refusal(response.statusCode, text);
    return JSON.parse(text) as T;
  }

  /** Ends every connection, watches included. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }
  create<T>(path: string, object: unknown): Promise<T> {
    return this.#call<T>('POST', path, object);
  }
  replace<T>(path: string, object: unknown): Promise<T> {
    return this.#call<T>('PUT', path, object);
  }
  /** JSON merge patch: what is undefined stays, null is removed. */
  merge<T>(path: string, patch: unknown): Promise<T> {
    return this.#call<T>('PATCH', path, patch, 'application/merge-patch+json');
  }
  remove(path: string): Promise<unknown> {
    return this.#call('DELETE', path);
  }

  /** Calls back for every change from `resourceVersion` on; returns when the server ends the watch. */
  async watch<T>(
    path: string,
    resourceVersion: string,
    each: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
    const response = await this.#send('GET', `${path}?${query}`, undefined, undefined, signal);
    if (response.statusCode >= 300) throw refusal(response.statusCode, await response.body.text());
    let rest = '';
    for await (const chunk of response.body.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line) each(JSON.parse(line) as WatchEvent<T>);
    }
  }
}

function refusal(status: number, text: string): ApiError {
  try {
    const answer = JSON.parse(text) as { reason?: string; message?: string };
    return new ApiError(status, answer.reason ?? '', answer.message ?? text);
  } catch {
    return new ApiError(status, '', text.trim());
  }
}
