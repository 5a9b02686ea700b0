// A TLS server on loopback in a load balancer's place: certificates by SNI, answers as a test scripts them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';

const read = (file: string): string =>
  readFileSync(new URL(`../../fixtures/tls/${file}.pem`, import.meta.url), 'utf8');

export const ca = read('ca.cert');

export type Leaf = 'app' | 'default' | 'expired' | 'early' | 'self-signed';

const pair = (leaf: Leaf) => ({ key: read(`${leaf}.key`), cert: read(`${leaf}.cert`) });

export interface TlsServer {
  readonly port: number;
  /** The names of SNI, in order. */
  readonly names: string[];
  connections(): number;
}

const open: Server[] = [];

/** Shows the certificate of the SNI's name, else that of `fallback`, as an ALB does. */
export const startTls = async (
  answer: RequestListener,
  {
    fallback = 'app',
    bySni = {},
    address = '127.0.0.1',
    port = 0,
  }: { fallback?: Leaf; bySni?: Readonly<Record<string, Leaf>>; address?: string; port?: number } = {},
): Promise<TlsServer> => {
  const names: string[] = [];
  let connections = 0;
  const server = createServer(
    {
      ...pair(fallback),
      SNICallback: (name, done) => {
        names.push(name);
        done(null, createSecureContext(pair(bySni[name] ?? fallback)));
      },
    },
    answer,
  );
  server.on('connection', () => {
    connections += 1;
  });
  server.on('tlsClientError', () => {});
  server.listen(port, address);
  await once(server, 'listening');
  open.push(server);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening');
  return { port: bound.port, names, connections: () => connections };
};

export const closeTls = async (): Promise<void> => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
};
