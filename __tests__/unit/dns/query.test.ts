// Questions over real sockets: what counts as an answer, and what never does.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { encode } from 'dns-packet';
import { QueryError, query } from '../../../src/dns/query.ts';
import { a, closeServers, encodeReply, soa, startServer } from './scripted-server.ts';

const host = 'app.example.test';
const question = { name: host, type: 'A' } as const;
const { signal } = new AbortController();
/** For questions that are answered: a busy machine is no silence. */
const options = { timeout: 20_000, signal };
/** For servers that never answer. */
const short = { timeout: 150, signal };
/** For servers that are silent over UDP alone: waited out twice. */
const middling = { timeout: 1_000, signal };

afterEach(closeServers);

test('an answer over UDP, asked without recursion and with EDNS0', async () => {
  const server = await startServer(() => ({ answers: [a(host, '192.0.2.1')] }));
  const answer = await query(server, question, options);
  expect(answer).toMatchObject({ rcode: 'NOERROR', aa: true, transport: 'udp' });
  expect(answer.answers).toMatchObject([{ type: 'A', data: '192.0.2.1' }]);
  const [asked] = server.asked;
  expect(asked?.packet.flag_rd).toBe(false);
  expect(asked?.packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
});

test('ids are not the same twice in a row', async () => {
  const server = await startServer(() => ({}));
  for (let count = 0; count < 8; count++) await query(server, question, options);
  expect(new Set(server.asked.map(({ packet }) => packet.id)).size).toBeGreaterThan(6);
});

test.each([
  [2, 'SERVFAIL'],
  [3, 'NXDOMAIN'],
  [5, 'REFUSED'],
  [11, 'RCODE11'],
])('rcode %d is %s, and is an answer', async (rcode, name) => {
  const server = await startServer(() => ({ rcode, authorities: [soa('example.test', 900, 86_400)] }));
  const answer = await query(server, question, options);
  expect(answer.rcode).toBe(name);
  expect(answer.authorities).toMatchObject([{ type: 'SOA', ttl: 900 }]);
  expect(server.asked).toHaveLength(1);
});

test('without the flag AA it says so', async () => {
  const server = await startServer(() => ({ aa: false, answers: [a(host, '192.0.2.1')] }));
  expect(await query(server, question, options)).toMatchObject({ aa: false });
});

test('a truncated answer is asked for again over TCP', async () => {
  const server = await startServer(({ transport }) =>
    transport === 'udp' ? { tc: true } : { answers: [a(host, '192.0.2.2')] },
  );
  const answer = await query(server, question, options);
  expect(answer).toMatchObject({ transport: 'tcp', answers: [{ data: '192.0.2.2' }] });
  expect(server.asked.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
});

test('a truncated answer that ends inside a record is asked for again over TCP too', async () => {
  const server = await startServer(({ transport, packet }) =>
    transport === 'udp'
      ? encodeReply(packet, { tc: true, answers: [a(host, '192.0.2.1')] }).subarray(0, -3)
      : { answers: [a(host, '192.0.2.2')] },
  );
  expect(await query(server, question, options)).toMatchObject({ transport: 'tcp' });
});

test('a server that is silent over UDP is asked twice there, then over TCP', async () => {
  const server = await startServer(({ transport }) =>
    transport === 'udp' ? undefined : { answers: [a(host, '192.0.2.3')] },
  );
  expect(await query(server, question, middling)).toMatchObject({ transport: 'tcp' });
  expect(server.asked.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
});

test('an answer that came in time counts, though this process was held up until after it', async () => {
  const holdUp = (): void => {
    for (const until = performance.now() + 2 * short.timeout; performance.now() < until; );
  };
  const server = await startServer(({ transport }) => {
    if (transport === 'udp') process.nextTick(holdUp);
    return { answers: [a(host, '192.0.2.4')] };
  });
  expect(await query(server, question, short)).toMatchObject({ transport: 'udp' });
  expect(server.asked).toHaveLength(1);
});

test('a server that is silent everywhere: both ways are named', async () => {
  const server = await startServer(() => undefined);
  await expect(query(server, question, short)).rejects.toThrow(
    'no answer within 0.15 s over UDP, no answer within 0.15 s over TCP',
  );
});

test('nobody there: refused, which is not waited for', async () => {
  const { port } = await startServer(() => undefined);
  await closeServers();
  await expect(query({ address: '127.0.0.1', port }, question, options)).rejects.toThrow(
    'connection refused over UDP, connection refused over TCP',
  );
});

test('an answer with another id, another question or nonsense is passed over for the right one', async () => {
  const server = await startServer(({ packet }) => [
    { id: ((packet.id ?? 0) + 1) % 65_536, answers: [a(host, '203.0.113.1')] },
    { name: 'other.example.test', answers: [a(host, '203.0.113.2')] },
    { answers: [a(host, '192.0.2.1')] },
  ]);
  expect(await query(server, question, options)).toMatchObject({ answers: [{ data: '192.0.2.1' }] });
});

test('a question echoed as a question is not an answer', async () => {
  const server = await startServer(({ packet, transport }) =>
    transport === 'udp' ? encode({ ...packet, type: 'query', answers: [a(host, '203.0.113.1')] }) : {},
  );
  expect(await query(server, question, middling)).toMatchObject({ transport: 'tcp', answers: [] });
});

test.each(['127.0.0.1', '127.0.0.2'])('an answer from another socket of %s never counts', async (address) => {
  const other = createSocket('udp4');
  other.bind(0, address);
  await once(other, 'listening');
  try {
    const server = await startServer(
      ({ transport }) => (transport === 'udp' ? { answers: [a(host, '203.0.113.1')] } : undefined),
      { via: () => other },
    );
    await expect(query(server, question, short)).rejects.toThrow(QueryError);
  } finally {
    other.close();
  }
});

test('over TCP a wrong id, an oversized answer and a close without answer are failures', async () => {
  const tcpOnly = async (reply: Parameters<typeof startServer>[0]) =>
    query(
      await startServer((asked) => (asked.transport === 'udp' ? { tc: true } : reply(asked))),
      question,
      options,
    );
  await expect(tcpOnly(({ packet }) => ({ id: ((packet.id ?? 0) + 1) % 65_536 }))).rejects.toThrow(
    'an answer that is not to the question over TCP',
  );
  await expect(tcpOnly(() => Buffer.alloc(20_000))).rejects.toThrow('an answer of 20000 bytes over TCP');
});

test('an abort ends it with its own reason', async () => {
  const server = await startServer(() => undefined);
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 20);
  await expect(query(server, question, { timeout: 5000, signal: controller.signal })).rejects.toBe(reason);
  await expect(query(server, question, { timeout: 5000, signal: controller.signal })).rejects.toBe(reason);
});

test.each([`${'a'.repeat(64)}.example.test`, 'a..example.test', 'a.'.repeat(127)])(
  'a name that DNS cannot carry is never sent: %s',
  async (name) => {
    const server = await startServer(() => ({}));
    await expect(query(server, { name, type: 'A' }, options)).rejects.toThrow(
      'not a name that DNS can carry',
    );
    expect(server.asked).toHaveLength(0);
  },
);
