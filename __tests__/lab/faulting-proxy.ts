// An API server that has a bad day: HTTP/2 in front of the real one, which refuses, cuts and delays as a test says.
import { readFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../unit/kube/tls/server.${name}.pem`, import.meta.url));

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FaultingProxy {
  readonly endpoint: string;
  /** Base64 PEM of its certificate. */
  readonly caData: string;
  /**
   * What happens to each request, of which `inFlight` are under way with it: `undefined` lets it through, `cut` ends the
   * whole connection.
   */
  fault(decide: (method: string, path: string, inFlight: number) => Refusal | 'cut' | undefined): void;
  close(): Promise<void>;
}

const forward = (
  server: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void => {
  const ongoing = server.request({ ...headers, ':authority': undefined, host: undefined });
  stream.pipe(ongoing);
  ongoing.on('response', ({ 'content-length': _, ...answer }) => {
    if (!stream.destroyed) stream.respond(answer);
    ongoing.pipe(stream);
  });
  ongoing.on('error', () => stream.destroy());
};

const refuse = (stream: ServerHttp2Stream, { status, reason, message, headers }: Refusal): void => {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...headers });
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status };
  stream.end(JSON.stringify(body));
};

export async function startFaultingProxy(): Promise<FaultingProxy> {
  const { server, ca } = readKubeconfig(process.env['KUBECONFIG'] ?? '');
  const behind = connect(server, { ...(ca !== undefined && { ca }) });
  const front = createSecureServer({ cert: pem('cert'), key: pem('key') });
  let decide: Parameters<FaultingProxy['fault']>[0] = () => undefined;
  let inFlight = 0;
  const sessions = new Set<{ destroy(): void }>();
  front.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  front.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    inFlight += 1;
    stream.on('close', () => {
      inFlight -= 1;
    });
    const fault = decide(headers[':method'] ?? '', headers[':path'] ?? '', inFlight);
    if (fault === 'cut') stream.session?.destroy();
    else if (fault) refuse(stream, fault);
    else forward(behind, stream, headers);
  });
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done));
  return {
    endpoint: `https://localhost:${(front.address() as AddressInfo).port}`,
    caData: pem('cert').toString('base64'),
    fault: (next) => {
      decide = next;
    },
    close: () =>
      new Promise((done) => {
        behind.destroy();
        front.close(() => done());
        for (const session of sessions) session.destroy();
      }),
  };
}
