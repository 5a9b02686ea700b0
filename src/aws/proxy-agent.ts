// The agents of the AWS SDK where the runner has a proxy: through it, or directly where NO_PROXY excepts the host.
import { once } from 'node:events';
import {
  type ClientRequestArgs,
  Agent as HttpAgent,
  type IncomingMessage,
  request as overHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as overHttps, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Problem } from '../verdict/problem.ts';
import { type ProxyValues, proxyFor } from './proxy.ts';

type Created = (error: Error | null, stream: Duplex) => void;

interface Where {
  readonly host: string;
  readonly port: number;
  /** Of the proxy; the empty text for a direct connection. */
  readonly proxy: string;
}

/** Milliseconds of silence after which a proxy is given up. */
const patience = 10_000;

/**
 * One agent for each scheme. Whether a connection goes through the proxy is decided when it is opened, since the SDK's
 * clients know their host only when they send. Plain http is tunnelled too: it leads only to this machine (`kindOfHost`).
 */
export const proxyAgents = (values: ProxyValues): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } => ({
  httpAgent: new TunnelledHttp(values),
  httpsAgent: new TunnelledHttps(values),
});

class TunnelledHttp extends HttpAgent {
  readonly #values: ProxyValues;

  constructor(values: ProxyValues) {
    super({ keepAlive: true });
    this.#values = values;
  }

  override createConnection(options: ClientRequestArgs, created: Created): Duplex | null | undefined {
    const where = whereOf('http', options, this.#values);
    if (where.proxy === '') return super.createConnection(options, created);
    hand(tunnel(where), created);
    return undefined;
  }
}

class TunnelledHttps extends HttpsAgent {
  readonly #values: ProxyValues;

  constructor(values: ProxyValues) {
    super({ keepAlive: true });
    this.#values = values;
  }

  override createConnection(options: RequestOptions, created: Created): Duplex | null | undefined {
    const where = whereOf('https', options, this.#values);
    if (where.proxy === '') return super.createConnection(options, created);
    const secured = tunnel(where).then((socket) =>
      connectTls({ ...(options as ConnectionOptions), socket, servername: options.servername ?? where.host }),
    );
    hand(secured, created);
    return undefined;
  }
}

function whereOf(scheme: 'http' | 'https', options: ClientRequestArgs, values: ProxyValues): Where {
  const host = options.host ?? 'localhost';
  const port = Number(options.port ?? (scheme === 'https' ? 443 : 80));
  return { host, port, proxy: proxyFor(`${scheme}://${bracketed(host)}:${port}/`, values) };
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function hand(connection: Promise<Duplex>, created: Created): void {
  // The stream is of no meaning beside an error, whatever the type says.
  connection.then(
    (stream) => created(null, stream),
    (error: Error) => created(error, undefined as never),
  );
}

/**
 * Asks the proxy for a way to a host (CONNECT, RFC 9110 section 9.3.6).
 * @throws Problem `input/invalid` for a proxy that is neither http nor https; an Error that says what it answered.
 */
async function tunnel({ host, port, proxy }: Where): Promise<Duplex> {
  const via = addressOf(proxy);
  const to = `${bracketed(host)}:${port}`;
  const asked = (via.protocol === 'https:' ? overHttps : overHttp)({
    host: via.hostname.replace(/^\[|\]$/g, ''),
    port: via.port,
    method: 'CONNECT',
    path: to,
    headers: { host: to, ...authorization(via) },
    agent: false,
  });
  asked.setTimeout(patience, () => asked.destroy(new Error(`the proxy ${via.host} did not answer`)));
  asked.end();
  const [answer, socket] = (await once(asked, 'connect')) as [IncomingMessage, Duplex, Buffer];
  if (answer.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(
    `the proxy ${via.host} answered ${answer.statusCode} ${answer.statusMessage} to CONNECT ${to}`,
  );
}

function addressOf(proxy: string): URL {
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol)) return new URL(proxy);
  // It may hold a password: only the scheme is repeated.
  const scheme = /^[a-z][\w+.-]*:\/\//i.exec(proxy)?.[0] ?? '';
  throw new Problem('input/invalid', `The runner's proxy (HTTPS_PROXY, \`${scheme}…\`) cannot be used.`, {
    hint: 'Give it as `http://host:port` or `https://host:port`.',
    owner: 'github-admin',
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
