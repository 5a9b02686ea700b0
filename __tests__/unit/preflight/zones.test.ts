// The hosted zone of each host: delegated or not, twice, private, denied.
import { expect, test } from '@jest/globals';
import type { ServerAnswer } from '../../../src/chain/nameservers.ts';
import type { HostedZone } from '../../../src/chain/zone.ts';
import { judgeZones, type ZonesSeen } from '../../../src/preflight/zones.ts';
import { denied, said, seen, setting } from './setting.ts';

const names = ['ns-1.awsdns.com', 'ns-2.awsdns.net'];
const zone = (id: string, nameServers = names): HostedZone => ({
  id,
  name: 'example.com',
  private: false,
  nameServers,
});
const answers = (silent = false): readonly ServerAnswer[] =>
  names.map((server, index) =>
    silent
      ? { server, failed: 'no answer' }
      : { server, address: `192.0.2.${index + 1}`, rcode: 'NOERROR', aa: true, addresses: [] },
  );
const to = (...servers: readonly string[]) => ({
  servers: servers.map((name) => ({ name, addresses: name.startsWith('white') ? ['192.0.2.1'] : [] })),
});
const looked = (zones: ZonesSeen['zones']): ZonesSeen => ({
  hosts: [{ host: 'a.example.com', zones: seen(zones.map((each) => each.zone)) }],
  zones,
});
const other = zone('Z2', ['ns-3.awsdns.org']);
test.each<[string, ZonesSeen, readonly string[]]>([
  [
    'delegated to its name servers',
    looked([{ zone: zone('Z1'), delegation: to(...names), answers: answers() }]),
    [],
  ],
  [
    'to some of them',
    looked([{ zone: zone('Z1'), delegation: to('ns-1.awsdns.com'), answers: answers() }]),
    [],
  ],
  [
    'under names of its own',
    looked([{ zone: zone('Z1'), delegation: to('white.example.com'), answers: answers() }]),
    [],
  ],
  [
    'to others',
    looked([{ zone: zone('Z1'), delegation: to('ns1.other.net'), answers: answers() }]),
    ['error nameservers/undelegated'],
  ],
  [
    'to nobody',
    looked([{ zone: zone('Z1'), delegation: to(), answers: answers() }]),
    ['error nameservers/undelegated'],
  ],
  [
    'to servers that do not hold it',
    looked([{ zone: zone('Z1'), delegation: { failed: 'SERVFAIL', lame: true }, answers: answers() }]),
    ['error nameservers/undelegated'],
  ],
  [
    'not known',
    looked([{ zone: zone('Z1'), delegation: { failed: 'no answer in time' }, answers: answers() }]),
    ['notice look/failed'],
  ],
  ['not asked for', looked([{ zone: zone('Z1'), answers: [] }]), []],
  [
    'mute name servers',
    looked([{ zone: zone('Z1'), delegation: to(...names), answers: answers(true) }]),
    ['warning nameservers/unreachable'],
  ],
  [
    'twice, one of them delegated',
    looked([
      { zone: zone('Z1'), delegation: to(...names), answers: answers() },
      { zone: other, delegation: to(...names), answers: [] },
    ]),
    ['warning record/zone-duplicate'],
  ],
  ['none', { hosts: [{ host: 'a.example.org', zones: seen([]) }], zones: [] }, ['error record/zone-missing']],
  [
    'denied',
    { hosts: [{ host: 'a.example.org', zones: denied('route53:ListHostedZonesByName on *') }], zones: [] },
    ['notice look/denied'],
  ],
  [
    'a private zone of the same name',
    {
      hosts: [
        {
          host: 'a.example.com',
          zones: seen([zone('Z1')]),
          hidden: [
            { ...zone('Z9', []), private: true },
            { ...zone('Z8', []), name: 'com', private: true },
          ],
        },
      ],
      zones: [{ zone: zone('Z1'), delegation: to(...names), answers: answers() }],
    },
    ['notice record/zone-private-twin'],
  ],
])('%s', (_name, look, expected) => expect(said(judgeZones(setting, look))).toEqual(expected));
