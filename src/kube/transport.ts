// One HTTP/2 connection to one API server: sends a request, reads the answer within limits of time and size.
import { Client, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { Problem } from '../verdict/problem.ts';
import { receive } from './receive.ts';
import { unreachable } from './unreachable.ts';

/** Values of HTTPS_PROXY and NO_PROXY as the environment has them; environment.ts is their only reader. */
export interface ProxyValues {
  readonly https?: string;
  readonly no?: string;
}

export interface Limits {
  /** Milliseconds for TCP and TLS. */
  readonly connect: number;
  /** Milliseconds for a request from sending to the last byte; the API server itself gives up after 60 s. */
  readonly request: number;
  /** Bytes of an answer. */
  readonly answer: number;
}

export const defaultLimits: Limits = { connect: 10_000, request: 70_000, answer: 64 * 1024 * 1024 };

export interface Sent {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** What is told of an answer while it comes. */
export interface Heard {
  onOpen(): void;
  onLine(line: string): void;
}

export interface Transport {
  /** @throws Problem `cluster/endpoint-unreachable` or `look/failed` (answer too large); the signal's reason on abort. */
  send(request: Sent, signal: AbortSignal): Promise<Received>;
  /**
   * An answer that comes line by line: `onOpen` at its headers, where the status is 200; resolves when it has ended, with
   * the text of any other status. No bound but that something comes within `limits.request`.
   * @throws the same as `send`
   */
  stream(request: Sent, heard: Heard, signal: AbortSignal): Promise<Received>;
  close(): Promise<void>;
}

const withScheme = (address: string): string => (address.includes('://') ? address : `http://${address}`);

const withoutCredentials = (address: string): string => {
  if (!URL.canParse(address)) return 'of HTTPS_PROXY';
  const url = new URL(address);
  return `${url.protocol}//${url.host}`;
};

const readText = async (body: AsyncIterable<Uint8Array>, most: number, path: string): Promise<string> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > most) {
      throw new Problem('look/failed', `The API server's answer to ${path} is larger than ${most} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

const readLines = async (
  body: AsyncIterable<Uint8Array>,
  most: number,
  onLine: Heard['onLine'],
): Promise<void> => {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > most)
      throw new Problem('look/failed', `The API server sends a line of over ${most} bytes.`);
    for (const line of lines) if (line !== '') onLine(line);
  }
};

/** A LIST of a thousand routes is megabytes; with undici's windows (256 KiB a stream) it would take ten round trips. */
const windows = { initialWindowSize: 8 * 1024 * 1024, connectionWindowSize: 16 * 1024 * 1024 };

/** Empty strings for the proxies keep undici from reading the environment by itself. */
const dispatcherFor = (
  origin: URL,
  ca: string,
  proxy: { readonly https: string; readonly no: string },
  limits: Limits,
): Dispatcher => {
  const tls = { ca, timeout: limits.connect };
  const options = {
    allowH2: true,
    ...windows,
    // The chain looks every few seconds: the connection stays.
    keepAliveTimeout: 60_000,
    headersTimeout: limits.request,
    bodyTimeout: limits.request,
    connectTimeout: limits.connect,
    connect: tls,
  };
  // An agent looks for the way of each request anew.
  if (proxy.https === '') return new Client(origin, options);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: '',
    httpsProxy: proxy.https,
    noProxy: proxy.no,
    connections: 1,
    requestTls: tls,
  });
};

const requestTo = (origin: URL, { path, method, headers, body }: Sent): Dispatcher.DispatchOptions => ({
  origin: origin.origin,
  path,
  method,
  headers: { ...headers },
  ...(body !== undefined && { body }),
  // Without it undici sends one PATCH at a time, even over HTTP/2 (18 times slower at 50 ms).
  idempotent: true,
});

/** `ca` is PEM. */
export const openTransport = (
  origin: URL,
  ca: string,
  proxy: ProxyValues | undefined,
  limits: Limits,
): Transport => {
  const https = proxy?.https ? withScheme(proxy.https) : '';
  const via = https === '' ? undefined : withoutCredentials(https);
  const dispatcher = dispatcherFor(origin, ca, { https, no: proxy?.no ?? '' }, limits);
  const answered = async (signal: AbortSignal, read: () => Promise<Received>): Promise<Received> => {
    signal.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Problem) throw error;
      throw unreachable(origin.host, error, via);
    }
  };
  return {
    send: (request, signal) =>
      answered(signal, () => receive(dispatcher, requestTo(origin, request), limits, signal)),
    stream: (request, heard, signal) =>
      answered(signal, async () => {
        const answer = await dispatcher.request({ ...requestTo(origin, request), signal });
        const received = { status: answer.statusCode, headers: answer.headers };
        if (answer.statusCode !== 200)
          return { ...received, text: await readText(answer.body, limits.answer, request.path) };
        heard.onOpen();
        await readLines(answer.body, limits.answer, heard.onLine);
        return { ...received, text: '' };
      }),
    close: () => dispatcher.destroy(),
  };
};
