// The standing wildcard record: there, right, not hidden; in the zone that has it.
import { expect, test } from '@jest/globals';
import { judgeWildcard, observeWildcard, type WildcardValue } from '../../../src/chain/wildcard.ts';
import type { HostedZone, RecordSet, ZoneReader } from '../../../src/chain/zone.ts';
import type { Seen } from '../../../src/verdict/seen.ts';

const at = new Date('2026-11-25T12:00:00Z');
const signal = new AbortController().signal;
const zone = (id: string, name: string, hidden = false): HostedZone => ({
  id,
  name,
  private: hidden,
  nameServers: [],
});
const alias = (name: string, target: string, type = 'A'): RecordSet => ({
  name,
  type,
  alias: { target, zoneId: 'Z' },
  values: [],
});
const txt = (name: string): RecordSet => ({ name, type: 'TXT', values: ['"x"'] });

const host = 'pr-1.preview.example.com';
const star = '*.preview.example.com';
const want = { host, domain: 'preview.example.com', loadBalancer: 'lb.example.com' };

const reader = (
  zones: readonly HostedZone[],
  records: Readonly<Record<string, readonly RecordSet[]>>,
): ZoneReader => ({
  zones: async () => ({ at, value: zones }),
  records: async (id, names) => ({
    at,
    value: (records[id] ?? []).filter(({ name }) => names.includes(name)),
  }),
});
const verdict = async (records: readonly RecordSet[], wanted = want) =>
  judgeWildcard(
    wanted,
    await observeWildcard(reader([zone('Z1', 'example.com')], { Z1: records }), wanted, signal),
  );

test.each<[string, readonly RecordSet[], string, string | undefined]>([
  ['an alias to the load balancer', [alias(star, 'dualstack.LB.example.com')], 'ok', undefined],
  ['a CNAME to it', [{ name: star, type: 'CNAME', values: ['lb.example.com.'] }], 'ok', undefined],
  ['nothing', [], 'broken', 'record/wildcard-missing'],
  [
    'an AAAA alone: runners and many visitors have no IPv6',
    [alias(star, 'lb.example.com', 'AAAA')],
    'broken',
    'record/wildcard-missing',
  ],
  ['another load balancer', [alias(star, 'old.example.com')], 'broken', 'record/wildcard-elsewhere'],
  [
    'an address of the host',
    [alias(star, 'lb.example.com'), alias(host, 'lb.example.com')],
    'waiting',
    'record/wildcard-hidden',
  ],
  ['any record of the host', [alias(star, 'lb.example.com'), txt(host)], 'waiting', 'record/wildcard-hidden'],
  ['ownership of another name', [alias(star, 'lb.example.com'), txt(`cname-${host}`)], 'ok', undefined],
])('%s', async (_what, records, state, code) => {
  const judged = await verdict(records);
  expect([judged.state, 'code' in judged ? judged.code : undefined]).toEqual([state, code]);
});

test('the zone that has it, and never a private one', async () => {
  const zones = [
    zone('Zsub', 'preview.example.com'),
    zone('Zprivate', 'example.com', true),
    zone('Zroot', 'example.com'),
  ];
  const records = { Zroot: [alias(star, 'lb.example.com')], Zprivate: [alias(star, 'x')] };
  const seen = await observeWildcard(reader(zones, records), want, signal);
  expect('value' in seen && seen.value.zone?.id).toBe('Zroot');
});

test('without an address of the Gateway any target will do', async () => {
  const { loadBalancer: _, ...unknown } = want;
  expect((await verdict([alias(star, 'anything')], unknown as typeof want)).state).toBe('ok');
});

test.each<[Seen<WildcardValue>, string, string]>([
  [{ at, denied: 'route53:ListResourceRecordSets on Z1' }, 'unknown', 'record/look-denied'],
  [{ at, failed: 'Route 53 throttles' }, 'waiting', 'look/failed'],
  [{ at, value: { wildcard: [], own: [] } }, 'broken', 'record/wildcard-missing'],
])('%j', (seen, state, code) => {
  expect(judgeWildcard(want, seen)).toMatchObject({ state, code });
});
