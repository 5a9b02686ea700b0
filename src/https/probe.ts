// TLS and HTTPS to each address of a load balancer: the ports of the links `certificate` and `https`.
import { type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { CertificateReader, Unreachable } from '../chain/certificate.ts';
import type { Answer, HttpsProber, Probe } from '../chain/https.ts';
import { ConnectionError, certificateOf, connectionError, openConnection } from './connection.ts';

export interface ProberOptions {
  /** Bounds the connections under way; 16 for the action. */
  readonly limit: <Value>(task: () => Promise<Value>) => Promise<Value>;
  readonly port?: number;
  /** Milliseconds for one connection or one answer; default 10000. */
  readonly timeout?: number;
  /** PEM; in place of the authorities that Node trusts. */
  readonly ca?: string;
}

const userAgent = 'eks-gateway-action';
const maxBody = 65_536;
const maxBodyStart = 500;
const maxHeaders = 50;
const maxHeaderValue = 1000;

/** Headers that belong to the connection: a probe may not set them. */
const reserved = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']);

const headersFor = (probe: Probe): Record<string, string> => {
  const own = Object.entries(probe.headers).filter(([name]) => !reserved.has(name.toLowerCase()));
  const named = own.some(([name]) => name.toLowerCase() === 'user-agent');
  return {
    ...Object.fromEntries(own),
    // WAF's managed rules refuse requests without one.
    ...(named ? {} : { 'user-agent': userAgent }),
    host: probe.host,
    connection: 'close',
  };
};

const headersIn = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers)
      .slice(0, maxHeaders)
      .map(([name, value]) => [name, [value ?? ''].flat().join(', ').slice(0, maxHeaderValue)]),
  );

/** Reads the body to its end or to 64 KiB, whichever comes first, and keeps its start. */
const bodyStartOf = async (response: IncomingMessage): Promise<string> => {
  let start = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    read += chunk.length;
    if (start.length < maxBodyStart * 4) start = Buffer.concat([start, chunk]).subarray(0, maxBodyStart * 4);
    if (read >= maxBody) break;
  }
  return start.toString('utf8').slice(0, maxBodyStart);
};

const responseTo = (probe: Probe, socket: TLSSocket): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  try {
    const sent = request({
      method: probe.method,
      path: probe.path,
      headers: headersFor(probe),
      // The connection is there already, so that it leads to this address and no other.
      createConnection: () => socket,
    });
    sent.on('response', resolve);
    sent.on('error', (error) => reject(connectionError(error)));
    sent.end();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reject(new ConnectionError(`the request cannot be sent: ${why}`, { cause: error }));
  }
  return promise;
};

const send = async (probe: Probe, socket: TLSSocket): Promise<Answer> => {
  const response = await responseTo(probe, socket);
  const headers = headersIn(response);
  const server = headers['server'];
  const bodyStart = await bodyStartOf(response).catch((error: NodeJS.ErrnoException) => {
    throw connectionError(error);
  });
  return { status: response.statusCode ?? 0, headers, ...(server !== undefined && { server }), bodyStart };
};

interface Limits {
  readonly port: number;
  readonly ca?: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Trouble of the connection is a value, so is the time that runs out.
 * @throws the signal's reason on abort
 */
const connected = async <Value>(
  { port, ca, timeout }: Limits,
  host: string,
  address: string,
  signal: AbortSignal,
  use: (socket: TLSSocket) => Promise<Value>,
): Promise<Value | Unreachable> => {
  signal.throwIfAborted();
  const time = AbortSignal.timeout(timeout);
  const either = AbortSignal.any([signal, time]);
  let socket: TLSSocket | undefined;
  const cut = (): void => void socket?.destroy();
  either.addEventListener('abort', cut, { once: true });
  let step = 'no TLS connection';
  try {
    socket = await openConnection({ host, address, port, signal: either, ...(ca !== undefined && { ca }) });
    step = 'no full answer';
    return await use(socket);
  } catch (error) {
    signal.throwIfAborted();
    if (time.aborted) return { unreachable: `${step} within ${timeout / 1000} s` };
    if (error instanceof ConnectionError) return { unreachable: error.message };
    throw error;
  } finally {
    either.removeEventListener('abort', cut);
    socket?.destroy();
  }
};

/**
 * A new connection for each look: a kept one would stick to what was true before. The certificate does not stop the
 * request, as `certificate` judges it. Redirects are answers and are not followed.
 */
export const createProber = ({
  limit,
  port = 443,
  timeout = 10_000,
  ca,
}: ProberOptions): CertificateReader & HttpsProber => {
  const limits = { port, timeout, ...(ca !== undefined && { ca }) };
  return {
    certificate: (host, address, signal) =>
      limit(() =>
        connected(
          limits,
          host,
          address,
          signal,
          async (socket) => certificateOf(socket, host) ?? { unreachable: 'the server shows no certificate' },
        ),
      ),
    answer: (probe, address, signal) =>
      limit(() => connected(limits, probe.host, address, signal, (socket) => send(probe, socket))),
  };
};
