// A DNS server on loopback whose answers a test scripts, over UDP and TCP on one port.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, type DecodedPacket, decode, encode } from 'dns-packet';

export interface Reply {
  /** Default 0, NOERROR. */
  readonly rcode?: number;
  /** Default true. */
  readonly aa?: boolean;
  readonly tc?: boolean;
  readonly id?: number;
  readonly name?: string;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
}

export interface Asked {
  readonly packet: DecodedPacket;
  readonly transport: 'udp' | 'tcp';
}

/** What to say to a question: nothing (`undefined`), one reply or several, or bytes as they are. */
export type Script = (asked: Asked) => Reply | readonly Reply[] | Buffer | undefined;

export interface ScriptedServer {
  readonly address: string;
  readonly port: number;
  readonly asked: Asked[];
  close(): Promise<void>;
}

const truncated = 0x0200;

export const encodeReply = (asked: DecodedPacket, reply: Reply): Buffer =>
  encode({
    type: 'response',
    id: reply.id ?? asked.id ?? 0,
    flags: (reply.aa === false ? 0 : AUTHORITATIVE_ANSWER) | (reply.tc ? truncated : 0) | (reply.rcode ?? 0),
    questions: reply.name === undefined ? (asked.questions ?? []) : [{ type: 'A', name: reply.name }],
    answers: reply.answers ?? [],
    authorities: reply.authorities ?? [],
  });

const encodeAll = (asked: Asked, script: Script): readonly Buffer[] => {
  const said = script(asked);
  if (said === undefined) return [];
  if (Buffer.isBuffer(said)) return [said];
  return [said].flat().map((reply) => encodeReply(asked.packet, reply));
};

const open: ScriptedServer[] = [];

/** Listens on a free port of the address; `via` is the socket from which UDP replies go out. */
export const startServer = async (
  script: Script,
  {
    address = '127.0.0.1',
    port = 0,
    via,
  }: { address?: string; port?: number; via?: (own: Socket) => Socket } = {},
): Promise<ScriptedServer> => {
  const asked: Asked[] = [];
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const question: Asked = { packet: decode(chunk.subarray(2)), transport: 'tcp' };
      asked.push(question);
      for (const reply of encodeAll(question, script)) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        // In two pieces, as a network may deliver it.
        socket.write(Buffer.concat([length, reply.subarray(0, 5)]));
        setTimeout(() => socket.write(reply.subarray(5)), 5);
      }
    });
  });
  tcp.listen(port, address);
  await once(tcp, 'listening');
  const bound = tcp.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening');
  const udp = createSocket('udp4');
  udp.bind(bound.port, address);
  await once(udp, 'listening');
  udp.on('message', (message: Buffer, from: RemoteInfo) => {
    const question: Asked = { packet: decode(message), transport: 'udp' };
    asked.push(question);
    for (const reply of encodeAll(question, script)) (via?.(udp) ?? udp).send(reply, from.port, from.address);
  });
  const server = {
    address,
    port: bound.port,
    asked,
    close: async (): Promise<void> => {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
  open.push(server);
  return server;
};

export const closeServers = async (): Promise<void> => {
  for (const server of open.splice(0)) await server.close();
};

export const a = (name: string, data: string): Answer => ({ type: 'A', name, ttl: 60, class: 'IN', data });
export const cname = (name: string, data: string): Answer => ({
  type: 'CNAME',
  name,
  ttl: 60,
  class: 'IN',
  data,
});
export const ns = (name: string, data: string): Answer => ({ type: 'NS', name, ttl: 60, class: 'IN', data });
export const soa = (name: string, ttl: number, minimum: number): Answer => ({
  type: 'SOA',
  name,
  ttl,
  class: 'IN',
  data: { mname: `ns.${name}`, rname: `admin.${name}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
