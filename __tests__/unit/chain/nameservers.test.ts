// What the name servers' answers mean, as a table.
import { describe, expect, test } from '@jest/globals';
import {
  type Authority,
  judgeNameServers,
  type NameServersValue,
  observeNameServers,
  type ServerAnswer,
  type ServerSaid,
  servedAddresses,
  type Zone,
} from '../../../src/chain/nameservers.ts';

const host = 'app.example.test';
const at = new Date('2026-11-23T00:00:00Z');
const zone: Zone = {
  name: 'example.test',
  nameServers: ['ns-1.test', 'ns-2.test', 'ns-3.test', 'ns-4.test'],
};
const clock = { now: () => at };
const { signal } = new AbortController();

const good = (server: string, addresses = ['192.0.2.1', '192.0.2.2']): ServerSaid => ({
  server,
  address: `198.51.100.${server.replaceAll(/\D/g, '')}`,
  rcode: 'NOERROR',
  aa: true,
  addresses,
});
const silent = (server: string): ServerAnswer => ({ server, failed: 'no answer within 2 s over UDP' });
const all = (last: ServerAnswer): readonly ServerAnswer[] => [
  good('ns-1.test'),
  good('ns-2.test'),
  good('ns-3.test'),
  last,
];

const judged = (value: NameServersValue) => judgeNameServers({ host, zone }, { at, value });

test('all four with authority', () => {
  expect(judged({ zone, answers: all(good('ns-4.test')) })).toMatchObject({
    state: 'ok',
    message: `All 4 name servers give ${host} with authority: 2 addresses.`,
  });
});

test('sets that differ in part are how a load balancer scales', () => {
  expect(judged({ zone, answers: all(good('ns-4.test', ['192.0.2.2', '192.0.2.3'])) })).toMatchObject({
    state: 'ok',
  });
});

const last = good('ns-4.test');
test.each<[string, ServerAnswer, string, string]>([
  [
    'NXDOMAIN',
    { ...last, rcode: 'NXDOMAIN', addresses: [], negativeTtl: 900 },
    'nameservers/not-served',
    'NXDOMAIN (resolvers may keep this for 900 s)',
  ],
  ['NODATA', { ...last, addresses: [] }, 'nameservers/not-served', 'no address'],
  ['SERVFAIL', { ...last, rcode: 'SERVFAIL', addresses: [] }, 'nameservers/not-served', 'SERVFAIL'],
  ['REFUSED', { ...last, rcode: 'REFUSED', aa: false, addresses: [] }, 'nameservers/not-served', 'REFUSED'],
  ['no authority', { ...last, aa: false }, 'nameservers/not-served', 'without authority'],
  [
    'a CNAME without address',
    { ...last, addresses: [], cname: 'lb.test' },
    'nameservers/not-served',
    'CNAME lb.test',
  ],
  ['an older address', { ...last, addresses: ['203.0.113.9'] }, 'nameservers/disagree', '203.0.113.9'],
  [
    'a referral',
    { ...last, aa: false, addresses: [], referral: { name: host, nameServers: ['x.test'] } },
    'nameservers/not-served',
    `referral to ${host}`,
  ],
  ['silence', silent('ns-4.test'), 'nameservers/unreachable', 'no answer within 2 s'],
])('one of four: %s is waited for, and the server is named', (_, answer, code, message) => {
  const verdict = judged({ zone, answers: all(answer) });
  expect(verdict).toMatchObject({ state: 'waiting', code, message: expect.stringContaining(message) });
  expect(verdict.message).toContain('ns-4.test');
  expect(verdict.evidence).toHaveLength(4);
});

test('none answers: not known, and the port is named', () => {
  const answers = zone.nameServers.map(silent);
  expect(judged({ zone, answers })).toMatchObject({
    state: 'unknown',
    code: 'nameservers/unreachable',
    hint: expect.stringContaining('port 53'),
  });
});

test('all refer to another zone: waiting cannot help', () => {
  const referral = { name: host, nameServers: ['ns-9.test'] };
  const answers = zone.nameServers.map((server) => ({ ...good(server, []), aa: false, referral }));
  expect(judged({ zone, answers })).toMatchObject({ state: 'broken', code: 'nameservers/delegated-away' });
});

describe('delegation', () => {
  const answers = zone.nameServers.map((server) => good(server));
  const delegated = (...servers: readonly (readonly [name: string, ...addresses: string[]])[]) =>
    judged({
      zone,
      answers,
      delegation: { servers: servers.map(([name, ...addresses]) => ({ name, addresses })) },
    });

  test('to other servers is broken; both sets are shown', () => {
    expect(delegated(['ns-8.test', '203.0.113.8'], ['ns-9.test', '203.0.113.9'])).toMatchObject({
      state: 'broken',
      code: 'nameservers/undelegated',
      evidence: [{ saw: 'ns-8.test, ns-9.test' }, { saw: zone.nameServers.join(', ') }],
    });
  });

  test('to nobody is broken', () => {
    expect(delegated()).toMatchObject({ state: 'broken', evidence: [{ saw: 'none' }, {}] });
  });

  test('to some of the zone, or under names of one’s own for the same addresses, is fine', () => {
    expect(delegated(['ns-1.test'], ['ns-3.test'])).toMatchObject({ state: 'ok' });
    expect(delegated(['dns.own.test', '198.51.100.2'])).toMatchObject({ state: 'ok' });
  });

  test('to servers that do not hold the zone is waited for; a resolver that fails says nothing', () => {
    const said = (delegation: NameServersValue['delegation']) =>
      judged({ zone, answers, ...(delegation && { delegation }) });
    expect(said({ failed: 'SERVFAIL', lame: true })).toMatchObject({
      state: 'waiting',
      code: 'nameservers/undelegated',
    });
    expect(said({ failed: 'no answer in time' })).toMatchObject({ state: 'ok' });
  });
});

describe('one look', () => {
  const authority = (own: Partial<Authority>): Authority & { calls: string[] } => {
    const calls: string[] = [];
    return {
      overridden: false,
      ask: async (name, servers) => {
        calls.push(`ask ${name} ${servers.join(' ')}`.trim());
        return servers.map((server) => good(server));
      },
      delegation: async (name) => {
        calls.push(`delegation ${name}`);
        return { servers: zone.nameServers.map((server) => ({ name: server, addresses: [] })) };
      },
      zoneOf: async (name) => {
        calls.push(`zoneOf ${name}`);
        return zone;
      },
      ...own,
      calls,
    };
  };

  test('asks the zone’s servers and looks at its delegation', async () => {
    const port = authority({});
    const seen = await observeNameServers(
      { host, zone: { ...zone, nameServers: ['NS-1.test.'] } },
      port,
      clock,
      signal,
    );
    expect(port.calls).toEqual([
      `ask ${host} ns-1.test`,
      'delegation example.test',
      `ask ${host} ns-2.test ns-3.test ns-4.test`,
    ]);
    expect(seen).toMatchObject({ value: { answers: [{}, {}, {}, {}] } });
  });

  test('never asks the resolver for a zone that is the host', async () => {
    const port = authority({});
    await observeNameServers({ host: 'example.test', zone }, port, clock, signal);
    expect(port.calls).toEqual([`ask example.test ${zone.nameServers.join(' ')}`]);
  });

  test('without access to Route 53 the zone is found by DNS', async () => {
    const port = authority({});
    const seen = await observeNameServers({ host }, port, clock, signal);
    expect(port.calls[0]).toBe(`zoneOf ${host}`);
    expect(judgeNameServers({ host }, seen)).toMatchObject({ state: 'ok' });
  });

  test('a zone that cannot be found is not known', async () => {
    const port = authority({ zoneOf: async () => ({ failed: 'no zone above has name servers' }) });
    const seen = await observeNameServers({ host }, port, clock, signal);
    expect(judgeNameServers({ host }, seen)).toMatchObject({
      state: 'unknown',
      code: 'nameservers/unreachable',
    });
    expect(servedAddresses(seen)).toEqual([]);
  });

  test('servers given by input are asked in place of the zone’s', async () => {
    const port = authority({ overridden: true });
    await observeNameServers({ host, zone }, port, clock, signal);
    expect(port.calls).toEqual([`ask ${host}`]);
  });
});

test('the addresses handed on are those of all servers', () => {
  const answers = [
    good('ns-1.test', ['192.0.2.3', '192.0.2.1']),
    good('ns-2.test', ['192.0.2.1']),
    silent('ns-3.test'),
  ];
  expect(servedAddresses({ at, value: { answers } })).toEqual(['192.0.2.1', '192.0.2.3']);
});

describe('zones that are not plain', () => {
  test('record sets between which Route 53 chooses: servers may differ', () => {
    const answers = all(good('ns-4.test', ['203.0.113.9']));
    expect(
      judgeNameServers({ host, zone: { ...zone, routed: true } }, { at, value: { zone, answers } }),
    ).toMatchObject({ state: 'ok' });
  });

  test('of two hosted zones of a name the other is delegated: it is named', () => {
    const twins = [{ id: 'Z2', nameServers: ['ns-9.test'] }];
    const delegation = { servers: [{ name: 'ns-9.test', addresses: ['198.51.100.9'] }] };
    const value = { zone, answers: all(last), delegation };
    const verdict = judgeNameServers({ host, zone: { ...zone, twins } }, { at, value });
    expect(verdict).toMatchObject({
      state: 'broken',
      code: 'nameservers/undelegated',
      message: expect.stringContaining('Z2 is the one that is delegated'),
    });
  });

  test.each([
    {
      what: 'gives the host too: it counts',
      says: good('ns-9.test', ['192.0.2.9']),
      state: 'ok',
      served: ['192.0.2.9'],
    },
    {
      what: 'does not give the host: the record stands where nobody looks',
      says: { ...good('ns-9.test'), rcode: 'NXDOMAIN', addresses: [] },
      state: 'broken',
      served: ['192.0.2.1', '192.0.2.2'],
    },
  ])('of two hosted zones of a name the delegated one $what', async ({ says, state, served }) => {
    const want = { host, zone: { ...zone, twins: [{ id: 'Z2', nameServers: ['NS-9.test.'] }] } };
    const authority: Authority = {
      overridden: false,
      ask: async (_host, servers) => servers.map((server) => (server === says.server ? says : good(server))),
      delegation: async () => ({ servers: [{ name: 'ns-9.test', addresses: ['198.51.100.9'] }] }),
      zoneOf: () => Promise.reject(new Error('asked')),
    };
    const seen = await observeNameServers(want, authority, clock, signal);
    expect(judgeNameServers(want, seen)).toMatchObject({ state });
    expect(servedAddresses(seen)).toEqual(served);
  });

  const privateZone = { id: 'ZP', name: 'example.test' };

  test('a private zone: no server is asked, and nothing is claimed', async () => {
    const authority: Authority = {
      overridden: false,
      ask: () => Promise.reject(new Error('asked')),
      delegation: () => Promise.reject(new Error('asked')),
      zoneOf: () => Promise.reject(new Error('asked')),
    };
    const want = { host, privateZone };
    const verdict = judgeNameServers(want, await observeNameServers(want, authority, clock, signal));
    expect(verdict).toMatchObject({ state: 'unknown', code: 'nameservers/private-zone' });
    expect(verdict.message).toContain('example.test (ZP)');
  });

  test('a private zone by the resolver of its VPC, which has no authority', () => {
    const answers = [{ ...good('169.254.169.253'), aa: false }];
    expect(judgeNameServers({ host, privateZone }, { at, value: { answers } })).toMatchObject({
      state: 'ok',
    });
    expect(judgeNameServers({ host }, { at, value: { answers } })).toMatchObject({ state: 'waiting' });
  });
});
