// A small client of the lab's API server, as an administrator: requests, and a watch that heals itself.

import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabFolder } from './folder.ts';
import { layout } from './layout.ts';

export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type PatchKind = 'strategic-merge-patch' | 'merge-patch' | 'apply-patch';

export class Api {
  readonly #agent: Agent;

  constructor(folder: LabFolder) {
    this.#agent = new Agent({
      keepAlive: true,
      ca: readFileSync(folder.pki('ca.crt')),
      cert: readFileSync(folder.pki('admin.crt')),
      key: readFileSync(folder.pki('admin.key')),
    });
  }

  get<T>(path: string): Promise<ApiAnswer<T>> {
    return this.#send<T>('GET', path);
  }

  post<T>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.#send<T>('POST', path, body, 'application/json');
  }

  patch<T>(path: string, body: unknown, kind: PatchKind = 'strategic-merge-patch'): Promise<ApiAnswer<T>> {
    return this.#send<T>(
      'PATCH',
      path,
      body,
      `application/${kind}+${kind === 'apply-patch' ? 'yaml' : 'json'}`,
    );
  }

  delete<T>(path: string, options: unknown): Promise<ApiAnswer<T>> {
    return this.#send<T>('DELETE', path, options, 'application/json');
  }

  /** Hands over every object that is or comes to be at `path`, and every one that goes, for as long as the lab lives. */
  async follow<T extends { readonly metadata: Metadata }>(
    path: string,
    onObject: (object: T) => void,
    onGone: (object: T) => void,
  ): Promise<never> {
    const known = new Map<string, T>();
    const see = (object: T): void => {
      known.set(object.metadata.uid, object);
      onObject(object);
    };
    const lose = (object: T): void => {
      known.delete(object.metadata.uid);
      onGone(object);
    };
    const separator = path.includes('?') ? '&' : '?';
    for (;;) {
      try {
        const list = await this.get<{ items: T[]; metadata: { resourceVersion: string } }>(path);
        if (list.status !== 200) throw new Error(`GET ${path} answered ${list.status}`);
        const present = new Set(list.body.items.map((object) => object.metadata.uid));
        for (const object of [...known.values()]) if (!present.has(object.metadata.uid)) lose(object);
        for (const object of list.body.items) see(object);
        let from = list.body.metadata.resourceVersion;
        while (from !== '') {
          from = await this.#watchOnce<T>(
            `${path}${separator}watch=true&allowWatchBookmarks=true&resourceVersion=${from}`,
            from,
            see,
            lose,
          );
        }
      } catch (cause) {
        console.log(`watch of ${path}: ${cause instanceof Error ? cause.message : cause}`);
      }
      await sleep(200);
    }
  }

  // Returns the version to go on from, or '' when the list has to be read anew.
  async #watchOnce<T extends { readonly metadata: Metadata }>(
    path: string,
    from: string,
    see: (object: T) => void,
    lose: (object: T) => void,
  ): Promise<string> {
    const answer = await this.#open('GET', path);
    if (answer.statusCode !== 200) {
      answer.resume();
      return '';
    }
    let version = from;
    let rest = '';
    answer.setEncoding('utf8');
    for await (const chunk of answer) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as { type: string; object: T };
        if (event.type === 'ERROR') {
          answer.destroy();
          return '';
        }
        version = event.object.metadata.resourceVersion;
        if (event.type === 'DELETED') lose(event.object);
        else if (event.type !== 'BOOKMARK') see(event.object);
      }
    }
    return version;
  }

  async #send<T>(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer<T>> {
    const answer = await this.#open(method, path, body, contentType);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const json = answer.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : text;
    return { status: answer.statusCode ?? 0, body: json as T };
  }

  #open(method: string, path: string, body?: unknown, contentType?: string): Promise<IncomingMessage> {
    return new Promise((done, failed) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request({
        agent: this.#agent,
        host: layout.addresses.apiServer,
        port: layout.ports.apiServer,
        method,
        path,
        headers: {
          accept: 'application/json',
          ...(contentType ? { 'content-type': contentType } : {}),
          // Node sends the body of a DELETE without saying how long it is.
          ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
        },
      });
      sent.once('response', done);
      sent.once('error', (cause: NodeJS.ErrnoException) => {
        // The server closed a kept connection just as it was used again: nothing was done yet.
        if (sent.reusedSocket && cause.code === 'ECONNRESET') {
          this.#open(method, path, body, contentType).then(done, failed);
        } else {
          failed(cause);
        }
      });
      sent.end(text);
    });
  }
}
