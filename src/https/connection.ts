// A fresh TLS connection to one address of a load balancer, under the host's name, with its certificate at hand.
import {
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';
import type { Certificate } from '../chain/certificate.ts';

/** Why there is no connection or no answer; the message is a sentence's tail. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

export interface ConnectionOptions {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Authorities trusted in place of Node's (which NODE_EXTRA_CA_CERTS extends). */
  readonly ca?: string;
  readonly signal: AbortSignal;
}

const said: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'connection timed out',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'the server has no certificate to show (TLS alert: internal error)',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a client certificate',
};

export const connectionError = (error: NodeJS.ErrnoException): ConnectionError =>
  new ConnectionError(said[error.code ?? ''] ?? error.message, { cause: error });

/**
 * Connects to the address with SNI = host. A bad certificate does not end the handshake: it is to be seen and judged.
 * Rejects with a `ConnectionError`, or with the signal's reason when it aborts.
 */
export const openConnection = (options: ConnectionOptions): Promise<TLSSocket> => {
  const { host, address, port, ca, signal } = options;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({
    host: address,
    port,
    servername: host,
    rejectUnauthorized: false,
    // The name is judged on its own: a chain error would hide it.
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['http/1.1'],
    ...(ca !== undefined && { ca }),
  });
  const onAbort = (): void => {
    socket.destroy();
    reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('secureConnect', () => resolve(socket));
  socket.on('error', (error) => reject(connectionError(error)));
  socket.once('close', () => reject(new ConnectionError('connection closed')));
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
};

const maxNames = 100;

/** `DNS:a.example.com, DNS:"odd"`: only the DNS names. */
const namesOf = (certificate: PeerCertificate): readonly string[] =>
  [...(certificate.subjectaltname ?? '').matchAll(/DNS:("[^"]*"|[^,]*)/g)]
    .slice(0, maxNames)
    .map(([, name]) => (name ?? '').replaceAll('"', '').slice(0, 253));

const titleOf = (subject: Readonly<NodeJS.Dict<string | string[]>> | undefined): string =>
  [subject?.['CN'] ?? subject?.['O'] ?? subject?.['OU'] ?? 'no name'].flat().join(', ').slice(0, 253);

const reasonOf = (socket: TLSSocket): string | undefined => {
  const error: unknown = socket.authorizationError;
  if (error === null || error === undefined) return undefined;
  return error instanceof Error ? error.message : String(error);
};

/** `undefined` when the server showed none. */
export const certificateOf = (socket: TLSSocket, host: string): Certificate | undefined => {
  const certificate: DetailedPeerCertificate = socket.getPeerCertificate(true);
  if (certificate.fingerprint256 === undefined) return undefined;
  const error = reasonOf(socket);
  return {
    names: namesOf(certificate),
    issuer: titleOf(certificate.issuer),
    subject: titleOf(certificate.subject),
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    fingerprint256: certificate.fingerprint256,
    covers: checkServerIdentity(host, certificate) === undefined,
    authorized: socket.authorized,
    ...(error !== undefined && { error }),
  };
};
