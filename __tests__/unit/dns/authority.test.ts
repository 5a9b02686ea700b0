// The name servers asked directly, over real sockets; the runner's resolver is a real server as well.
import { afterEach, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { createAuthority } from '../../../src/dns/authority.ts';
import { createLookup } from '../../../src/dns/resolve.ts';
import { type NamedServer, parseServer } from '../../../src/dns/server.ts';
import {
  a,
  closeServers,
  cname,
  ns,
  type Script,
  type ScriptedServer,
  soa,
  startServer,
} from './scripted-server.ts';

const host = 'app.example.test';
const { signal } = new AbortController();

afterEach(closeServers);

const named = ({ address, port }: ScriptedServer): NamedServer => ({
  text: `${address}:${port}`,
  host: address,
  port,
});

const lookupOver = ({ address, port }: ScriptedServer) =>
  createLookup({ servers: [`${address}:${port}`], timeout: 10_000 });

/** A resolver that answers from a table of names and fails the test when it is asked for the host. */
const startResolver = (table: Readonly<Record<string, ReturnType<typeof a>[]>>) =>
  startServer(({ packet }) => {
    const [question] = packet.questions ?? [];
    const answers = (table[question?.name ?? ''] ?? []).filter(({ type }) => type === question?.type);
    return { aa: false, rcode: table[question?.name ?? ''] ? 0 : 3, answers };
  });

const names = (server: ScriptedServer) =>
  server.asked.flatMap(({ packet }) => packet.questions?.map(({ name, type }) => `${name} ${type}`) ?? []);

/** How long a server is waited for, in milliseconds: where all answer, a busy machine is no silence. */
const patient = 20_000;
/** Where one of them is silent: waited out three times. */
const middling = 1_000;

const authorityOver = async (
  scripts: readonly Script[],
  { resolver, timeout = patient }: { resolver?: ScriptedServer; timeout?: number } = {},
) => {
  const servers = await Promise.all(scripts.map((script) => startServer(script)));
  const overrides = servers.map(named);
  const lookup = lookupOver(resolver ?? (await startResolver({})));
  return { servers, authority: createAuthority({ lookup, overrides, limit: pLimit(32), timeout }) };
};

test('each server is heard, in its order', async () => {
  const { authority, servers } = await authorityOver(
    [
      () => ({ answers: [a(host, '192.0.2.2'), a(host, '192.0.2.1')] }),
      () => ({ rcode: 3, authorities: [soa('example.test', 900, 86_400)] }),
      () => ({ aa: false, rcode: 5 }),
      () => undefined,
    ],
    { timeout: middling },
  );
  const answers = await authority.ask(host, ['ignored.example'], signal);
  expect(answers).toMatchObject([
    { rcode: 'NOERROR', aa: true, addresses: ['192.0.2.1', '192.0.2.2'] },
    { rcode: 'NXDOMAIN', aa: true, addresses: [], negativeTtl: 900 },
    { rcode: 'REFUSED', aa: false, addresses: [] },
    { failed: 'no answer within 1 s over UDP, no answer within 1 s over TCP' },
  ]);
  expect(answers.map(({ server }) => server)).toEqual(servers.map((server) => named(server).text));
});

test('addresses of other names in the answer do not count', async () => {
  const { authority } = await authorityOver([() => ({ answers: [a('other.example.test', '192.0.2.9')] })]);
  expect(await authority.ask(host, [], signal)).toMatchObject([{ addresses: [] }]);
});

test('the case of names does not matter', async () => {
  const { authority } = await authorityOver([() => ({ answers: [a('APP.example.TEST', '192.0.2.9')] })]);
  expect(await authority.ask(host, [], signal)).toMatchObject([{ addresses: ['192.0.2.9'] }]);
});

test('a CNAME is followed through the resolver: the target is asked for, the host never', async () => {
  const target = 'public-1.eu-west-1.elb.amazonaws.com';
  const resolver = await startResolver({ [target]: [a(target, '192.0.2.7')] });
  const { authority } = await authorityOver([() => ({ answers: [cname(host, target)] })], { resolver });
  expect(await authority.ask(host, [], signal)).toMatchObject([{ cname: target, addresses: ['192.0.2.7'] }]);
  expect(names(resolver)).toEqual([`${target} A`]);
});

test('a CNAME onto itself gives no address and asks nobody', async () => {
  const resolver = await startResolver({});
  const { authority } = await authorityOver([() => ({ answers: [cname(host, host)] })], { resolver });
  expect(await authority.ask(host, [], signal)).toMatchObject([{ addresses: [] }]);
  expect(names(resolver)).toEqual([]);
});

test('a referral is told from an empty answer', async () => {
  const { authority } = await authorityOver([
    () => ({ aa: false, authorities: [ns('app.example.test', 'NS.other.example.')] }),
    () => ({ authorities: [ns('example.test', 'ns1.example.test')] }),
    () => ({ aa: false, authorities: [ns('elsewhere.test', 'ns1.example.test')] }),
  ]);
  const [first, ...others] = await authority.ask(host, [], signal);
  expect(first).toMatchObject({ referral: { name: 'app.example.test', nameServers: ['ns.other.example'] } });
  for (const other of others) expect(other).not.toHaveProperty('referral');
});

test('a name server without an address is a failure of that server alone', async () => {
  const resolver = await startResolver({});
  const authority = createAuthority({ lookup: lookupOver(resolver), limit: pLimit(32), timeout: patient });
  expect(await authority.ask(host, ['ns-1.awsdns.example'], signal)).toEqual([
    { server: 'ns-1.awsdns.example', failed: 'ns-1.awsdns.example has no IPv4 address' },
  ]);
});

test('the delegation as the resolver sees it, with addresses', async () => {
  const resolver = await startResolver({
    'example.test': [ns('example.test', 'NS2.example.net.'), ns('example.test', 'ns1.example.net')],
    'ns1.example.net': [a('ns1.example.net', '192.0.2.1')],
  });
  const authority = createAuthority({ lookup: lookupOver(resolver), limit: pLimit(32) });
  expect(await authority.delegation('example.test', signal)).toEqual({
    servers: [
      { name: 'ns1.example.net', addresses: ['192.0.2.1'] },
      { name: 'ns2.example.net', addresses: [] },
    ],
  });
  expect(await authority.delegation('other.test', signal)).toEqual({ servers: [] });
});

test('a resolver that fails is not an undelegated zone; SERVFAIL says that the delegation is lame', async () => {
  const delegation = async (rcode: number) => {
    const resolver = await startServer(() => ({ rcode, aa: false }));
    return createAuthority({ lookup: lookupOver(resolver), limit: pLimit(32) }).delegation(
      'example.test',
      signal,
    );
  };
  expect(await delegation(2)).toMatchObject({ failed: expect.stringContaining('SERVFAIL'), lame: true });
  const refused = await delegation(5);
  expect(refused).toMatchObject({ failed: expect.stringContaining('REFUSED') });
  expect(refused).not.toHaveProperty('lame');
});

describe('the zone of a host, found from the top', () => {
  const table = {
    test: [ns('test', 'top.ns.test')],
    'top.ns.test': [a('top.ns.test', '127.0.0.2')],
    'ns.example.test': [a('ns.example.test', '127.0.0.3')],
    'ns.apps.example.test': [a('ns.apps.example.test', '127.0.0.4')],
  };

  const search = async (scripts: readonly Script[], timeout = patient) => {
    const resolver = await startResolver(table);
    const first = await startServer(scripts[0] ?? (() => undefined), { address: '127.0.0.2' });
    for (const [index, script] of scripts.slice(1).entries())
      await startServer(script, { address: `127.0.0.${index + 3}`, port: first.port });
    const lookup = lookupOver(resolver);
    const authority = createAuthority({ lookup, limit: pLimit(32), port: first.port, timeout });
    return { zone: await authority.zoneOf('web.apps.example.test', signal), authority, resolver, first };
  };

  const refer =
    (zone: string, server: string): Script =>
    () => ({ aa: false, authorities: [ns(zone, server)] });

  test('through two referrals, without asking the resolver for anything below the top', async () => {
    const { zone, authority, resolver, first } = await search([
      refer('example.test', 'ns.example.test'),
      refer('apps.example.test', 'ns.apps.example.test'),
      () => ({ rcode: 3 }),
    ]);
    expect(zone).toEqual({ name: 'apps.example.test', nameServers: ['ns.apps.example.test'] });
    expect(names(resolver)).toEqual([
      'test NS',
      'top.ns.test A',
      'ns.example.test A',
      'ns.apps.example.test A',
    ]);
    await authority.zoneOf('web.apps.example.test', signal);
    expect(first.asked).toHaveLength(1);
  });

  test('servers that refer to themselves or upwards end the search', async () => {
    const { zone } = await search([
      refer('example.test', 'ns.example.test'),
      refer('example.test', 'ns.example.test'),
    ]);
    expect(zone).toEqual({ failed: 'the name servers of example.test refer to example.test' });
  });

  test('silent servers are named', async () => {
    const { zone } = await search([refer('example.test', 'ns.example.test'), () => undefined], middling);
    expect(zone).toEqual({ failed: 'no name server of example.test answers' });
  });
});

test('an abort while asking rejects with its reason', async () => {
  const { authority } = await authorityOver([() => undefined]);
  const reason = new Error('enough');
  await expect(authority.ask(host, [], AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('64 servers through one limiter give no warning about listeners', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on('warning', onWarning);
  const server = await startServer(() => ({ answers: [a(host, '192.0.2.1')] }));
  const overrides = Array.from({ length: 64 }, () => named(server));
  const authority = createAuthority({
    lookup: lookupOver(server),
    overrides,
    limit: pLimit(32),
    timeout: patient,
  });
  const answers = await authority.ask(host, [], new AbortController().signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('warning', onWarning);
  expect(answers.every((answer) => 'rcode' in answer)).toBe(true);
  expect(warnings).toEqual([]);
});

test.each([
  ['192.0.2.1', { host: '192.0.2.1', port: 53 }],
  ['192.0.2.1:5353', { host: '192.0.2.1', port: 5353 }],
  ['2001:db8::1', { host: '2001:db8::1', port: 53 }],
  ['[2001:db8::1]:5353', { host: '2001:db8::1', port: 5353 }],
  ['ns-1.awsdns-2.com', { host: 'ns-1.awsdns-2.com', port: 53 }],
  ['ns.example.test:5300', { host: 'ns.example.test', port: 5300 }],
])('the name server %s', (text, server) => {
  expect(parseServer(text)).toEqual({ text, ...server });
});

test.each(['', '192.0.2.1:0', '192.0.2.1:70000', 'ns_1.example', '[192.0.2.1]:53', 'a b', ':53', 'x:y'])(
  '%s is no name server',
  (text) => {
    expect(parseServer(text)).toBeUndefined();
  },
);
