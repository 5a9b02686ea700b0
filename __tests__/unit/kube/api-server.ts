// A small HTTP/2 API server of the tests' own: answers as told, remembers what it was asked.
import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

const pem = (name: string): Buffer => readFileSync(new URL(`tls/${name}.pem`, import.meta.url));

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  readonly contentType: string;
  readonly accept: string;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is written line by line, as a watch's: until `end`, or until the connection is `cut`. */
export class LiveAnswer {
  private response: Http2ServerResponse | undefined;
  private readonly waiting: string[] = [];

  open(response: Http2ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.stream.write('');
    this.response = response;
    for (const line of this.waiting) response.write(line);
  }

  say(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    if (this.response === undefined) this.waiting.push(line);
    else this.response.write(line);
  }

  end(): void {
    this.response?.end();
  }

  cut(): void {
    this.response?.stream.session?.destroy();
  }

  /** Resolves when the client has gone. */
  async closed(): Promise<void> {
    const { response } = this;
    if (response === undefined || response.stream.closed) return;
    await new Promise<void>((resolve) => response.stream.once('close', () => resolve()));
  }
}

type Given = Answer | LiveAnswer | 'reset' | 'hang';

export interface ApiServer {
  readonly endpoint: string;
  readonly port: number;
  /** Base64 PEM. */
  readonly caData: string;
  readonly asked: Asked[];
  /** TCP connections so far. */
  connections(): number;
  /** Requests that were in flight at the same time, at most. */
  busiest(): number;
  /** The answer to each request; `'reset'` cuts the stream, `'hang'` never answers. */
  answer(give: (asked: Asked) => Given | Promise<Given>): void;
  close(): Promise<void>;
}

/** A Kubernetes Status. */
export const status = (code: number, reason: string, message: string, details: object = {}): Answer => ({
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, details, code },
});

const read = async (request: Http2ServerRequest): Promise<Asked> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const url = new URL(request.url, 'https://localhost');
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    authorization: request.headers.authorization ?? '',
    contentType: request.headers['content-type'] ?? '',
    accept: request.headers.accept ?? '',
    body,
  };
};

const write = (response: Http2ServerResponse, { status: code = 200, body, headers = {} }: Answer): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(text);
};

export const startApiServer = async (certificate = 'server'): Promise<ApiServer> => {
  const cert = pem(`${certificate}.cert`);
  const server = createSecureServer({ cert, key: pem(`${certificate}.key`), allowHTTP1: true });
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let give: Parameters<ApiServer['answer']>[0] = () => ({ status: 404 });
  let connections = 0;
  let flying = 0;
  let busiest = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', async (request, response) => {
    flying += 1;
    busiest = Math.max(busiest, flying);
    const seen = await read(request);
    asked.push(seen);
    const answer = await give(seen);
    flying -= 1;
    if (answer === 'hang') return;
    if (answer instanceof LiveAnswer) answer.open(response);
    else if (answer === 'reset') request.stream.session?.destroy();
    else write(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `https://localhost:${port}`,
    port,
    caData: cert.toString('base64'),
    asked,
    connections: () => connections,
    busiest: () => busiest,
    answer: (next) => {
      give = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
