// One question to one DNS server, without recursion: UDP, then TCP where the answer is truncated or UDP is silent.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import {
  type Answer,
  decode,
  encode,
  type OptAnswer,
  type Packet,
  type Question,
  streamEncode,
} from 'dns-packet';

export interface ServerAddress {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

export interface DnsQuestion {
  /** Without a trailing dot. */
  readonly name: string;
  readonly type: 'A' | 'NS';
}

export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN` …; `RCODE<n>` for a number without a name. */
  readonly rcode: string;
  readonly aa: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
  readonly transport: 'udp' | 'tcp';
}

export interface QueryOptions {
  /** Milliseconds for each try; a server that is silent over UDP gets two tries over UDP and one over TCP. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Why a server gave no usable answer; the message is a sentence's tail. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  /** A resolver said SERVFAIL: it knows where to ask, and gets no answer there. */
  readonly serverFailure: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly serverFailure?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.serverFailure = options.serverFailure ?? false;
  }
}

/** The size that DNS flag day 2020 recommends: it fits every path without fragments. */
const udpPayloadSize = 1232;
const maxAnswer = 16_384;
const headerSize = 12;

/** RFC 1035 section 4.1.1 and RFC 2136. */
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET'];

const optRecord: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

interface Exchange {
  readonly server: ServerAddress;
  readonly question: DnsQuestion;
  readonly id: number;
  readonly options: QueryOptions;
}

const packetOf = ({ id, question }: Exchange): Packet => ({
  type: 'query',
  id,
  flags: 0,
  questions: [{ name: question.name, type: question.type, class: 'IN' }],
  additionals: [optRecord],
});

const sameQuestion = (asked: DnsQuestion, echoed: readonly Question[] | undefined): boolean =>
  echoed?.length === 1 &&
  echoed[0]?.type === asked.type &&
  echoed[0].name.toLowerCase() === asked.name.toLowerCase();

/** `truncated`: ask again over TCP. `undefined`: not an answer to this question, so it is ignored. */
const read = (
  message: Buffer,
  { id, question }: Exchange,
  transport: 'udp' | 'tcp',
): DnsAnswer | 'truncated' | undefined => {
  if (message.length < headerSize || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  const isResponse = (flags & 0x8000) !== 0;
  if (!isResponse) return undefined;
  // A truncated message may end inside a record, which the decoder refuses: the flag is read first.
  if ((flags & 0x0200) !== 0 && transport === 'udp') return 'truncated';
  try {
    const packet = decode(message);
    if (!sameQuestion(question, packet.questions)) return undefined;
    const opt = packet.additionals?.find((record) => record.type === 'OPT');
    const rcode = (flags & 0x000f) | ((opt?.extendedRcode ?? 0) << 4);
    return {
      rcode: rcodes[rcode] ?? `RCODE${rcode}`,
      aa: packet.flag_aa,
      answers: packet.answers ?? [],
      authorities: packet.authorities ?? [],
      additionals: packet.additionals ?? [],
      transport,
    };
  } catch {
    return undefined;
  }
};

const said: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
};

const failure = (transport: string, error: NodeJS.ErrnoException): QueryError =>
  new QueryError(`${said[error.code ?? ''] ?? error.message} over ${transport}`, { cause: error });

const silence = (transport: string, timeout: number): QueryError =>
  new QueryError(`no answer within ${timeout / 1000} s over ${transport}`);

/** Runs one try until it settles, its time is up or the signal aborts; `start` gives what closes the socket. */
const attempt = <Value>(
  { options }: Exchange,
  transport: string,
  start: (resolve: (value: Value) => void, reject: (error: QueryError) => void) => () => void,
): Promise<Value> => {
  options.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const onAbort = (): void => reject(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  // Timers run before I/O: when the process itself was held up, the answer may be there unread. It is read first.
  const timer = setTimeout(
    () => setImmediate(() => reject(silence(transport, options.timeout))),
    options.timeout,
  );
  const close = start(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
    close();
  });
};

const overUdp = async (exchange: Exchange): Promise<DnsAnswer | 'truncated'> =>
  attempt(exchange, 'UDP', (resolve, reject) => {
    const { server } = exchange;
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    socket.on('error', (error) => reject(failure('UDP', error)));
    // A connected socket takes datagrams of this peer alone. Listened for, not called back: a callback swallows errors.
    socket.on('connect', () => socket.send(encode(packetOf(exchange))));
    socket.connect(server.port, server.address);
    socket.on('message', (message, from) => {
      if (from.port !== server.port || message.length > maxAnswer) return;
      const answer = read(message, exchange, 'udp');
      if (answer !== undefined) resolve(answer);
    });
    return () => socket.close();
  });

const overTcp = async (exchange: Exchange): Promise<DnsAnswer> =>
  attempt(exchange, 'TCP', (resolve, reject) => {
    const { server } = exchange;
    let received = Buffer.alloc(0);
    const socket = connect({ host: server.address, port: server.port }, () =>
      socket.write(streamEncode(packetOf(exchange))),
    );
    socket.on('error', (error) => reject(failure('TCP', error)));
    socket.on('end', () => reject(new QueryError('connection closed without an answer over TCP')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (length > maxAnswer) reject(new QueryError(`an answer of ${length} bytes over TCP`));
      if (received.length < length + 2) return;
      const answer = read(received.subarray(2, length + 2), exchange, 'tcp');
      if (answer === undefined || answer === 'truncated')
        reject(new QueryError('an answer that is not to the question over TCP'));
      else resolve(answer);
    });
    return () => socket.destroy();
  });

const isName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => label.length >= 1 && label.length <= 63);

/**
 * Asks one server. Rejects with a `QueryError` when it gives no answer, with the signal's reason when that aborts.
 * Recursion is never desired (RD=0), EDNS0 is offered (RFC 6891), ids are random and the source is checked (RFC 5452).
 */
export const query = async (
  server: ServerAddress,
  question: DnsQuestion,
  options: QueryOptions,
): Promise<DnsAnswer> => {
  if (!isName(question.name)) throw new QueryError(`${question.name} is not a name that DNS can carry`);
  const exchange = (): Exchange => ({ server, question, id: randomInt(0x1_0000), options });
  let overUdpFailed = '';
  for (let tries = 0; tries < 2; tries++) {
    try {
      const answer = await overUdp(exchange());
      if (answer === 'truncated') break;
      return answer;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      overUdpFailed = error.message;
    }
  }
  try {
    return await overTcp(exchange());
  } catch (error) {
    if (!(error instanceof QueryError) || overUdpFailed === '') throw error;
    throw new QueryError(`${overUdpFailed}, ${error.message}`, { cause: error });
  }
};
