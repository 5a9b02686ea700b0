// Edits of the hosted zone.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { layout } from '../cluster/layout.ts';
import { adminOf, changeRecord, changeRecords, type Family, kubectl, type Mutation } from './mutation.ts';
import { tampered } from './repository.ts';

const [one, two, three, four, five, six, seven, eight, nine] = tampered as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const balancer = (): string =>
  kubectl('-n', 'infra', 'get', 'gateway', 'public', '-o', 'jsonpath={.status.addresses[0].value}').trim();

/** The hosted zone of load balancers, as ExternalDNS has it built in for the region. */
const balancerZone = 'Z35SXDOTRQ7X7K';

const alias = (name: string, type: 'A' | 'AAAA'): ResourceRecordSet => ({
  Name: name,
  Type: type,
  AliasTarget: { DNSName: balancer(), HostedZoneId: balancerZone, EvaluateTargetHealth: true },
});

const owner = (
  host: string,
  id = layout.cluster.name,
  resource = `httproute/shop/${host.split('.')[0]}`,
): string => `"heritage=external-dns,external-dns/owner=${id},external-dns/resource=${resource}"`;

const txt = (name: string, value: string): ResourceRecordSet => ({
  Name: name,
  Type: 'TXT',
  TTL: 300,
  ResourceRecords: [{ Value: value }],
});

const address = (name: string, type: 'A' | 'AAAA', value: string): ResourceRecordSet => ({
  Name: name,
  Type: type,
  TTL: 60,
  ResourceRecords: [{ Value: value }],
});

const heals = 'ExternalDNS';
const layer = 'route53';
const by = adminOf('dns');

const put = (record: () => ResourceRecordSet) => () => changeRecord('UPSERT', record());
const drop = (record: () => ResourceRecordSet) => () => changeRecord('DELETE', record());

export const aliasRecord = (host: string): Promise<void> => changeRecord('UPSERT', alias(host, 'A'));
export const removeAlias = (host: string): Promise<void> => changeRecord('DELETE', alias(host, 'A'));

/** ExternalDNS puts these right by itself, so they are looked at at once. */
const passing: readonly Mutation[] = [
  {
    name: 'an A record is deleted',
    layer,
    by,
    ref: `Record ${one}`,
    path: 'A',
    heals,
    make: drop(() => alias(one, 'A')),
    mend: put(() => alias(one, 'A')),
  },
  {
    name: 'an AAAA record is deleted',
    layer,
    by,
    ref: `Record ${two}`,
    path: 'AAAA',
    heals,
    make: drop(() => alias(two, 'AAAA')),
    mend: put(() => alias(two, 'AAAA')),
  },
  {
    name: 'an A record is pointed elsewhere',
    layer,
    by,
    ref: `Record ${three}`,
    path: 'A.target',
    heals,
    make: put(() => address(three, 'A', layout.addresses.nowhere)),
    mend: put(() => alias(three, 'A')),
  },
  {
    name: 'an AAAA record is deleted, and its owner with it',
    layer,
    by,
    ref: `Record ${eight}`,
    path: 'AAAA',
    heals,
    make: () =>
      changeRecords(['DELETE', txt(`aaaa-${eight}`, owner(eight))], ['DELETE', alias(eight, 'AAAA')]),
    mend: () =>
      changeRecords(['UPSERT', alias(eight, 'AAAA')], ['UPSERT', txt(`aaaa-${eight}`, owner(eight))]),
  },
  {
    name: 'a record of a route that is gone is left over',
    layer,
    by,
    ref: 'Record gone.example.com',
    path: 'A',
    heals,
    make: async () => {
      await changeRecord('UPSERT', alias('gone.example.com', 'A'));
      await changeRecord('UPSERT', txt('cname-gone.example.com', owner('gone.example.com')));
    },
    mend: async () => {
      const gone = [alias('gone.example.com', 'A'), txt('cname-gone.example.com', owner('gone.example.com'))];
      // ExternalDNS may have been faster.
      for (const record of gone) await changeRecord('DELETE', record).catch(() => undefined);
    },
  },
];

/** One of two between which Route 53 chooses. */
const weighted = (id: string, record: ResourceRecordSet): ResourceRecordSet => ({
  ...record,
  SetIdentifier: id,
  Weight: 50,
});

const follows = (): ResourceRecordSet => ({
  Name: four,
  Type: 'HTTPS',
  TTL: 300,
  ResourceRecords: [{ Value: '1 cdn.elsewhere.example. alpn="h2"' }],
});

const frozen: readonly Mutation[] = [
  {
    name: 'another is put beside a record, with half of its weight',
    layer,
    by,
    ref: `Record ${nine}`,
    path: 'A[green]',
    make: () =>
      changeRecords(
        ['DELETE', alias(nine, 'A')],
        ['UPSERT', weighted('blue', alias(nine, 'A'))],
        ['UPSERT', weighted('green', address(nine, 'A', layout.addresses.nowhere))],
      ),
    mend: () =>
      changeRecords(
        ['DELETE', weighted('blue', alias(nine, 'A'))],
        ['DELETE', weighted('green', address(nine, 'A', layout.addresses.nowhere))],
        ['UPSERT', alias(nine, 'A')],
      ),
  },
  {
    name: 'a record leads browsers elsewhere',
    layer,
    by,
    ref: `Record ${four}`,
    path: 'HTTPS',
    make: put(follows),
    mend: drop(follows),
  },
  {
    name: 'the ownership of an A record is deleted',
    layer,
    by,
    ref: `Record ${four}`,
    path: `TXT cname-${four}`,
    make: drop(() => txt(`cname-${four}`, owner(four))),
    mend: put(() => txt(`cname-${four}`, owner(four))),
  },
  {
    name: 'the ownership of an AAAA record is deleted',
    layer,
    by,
    ref: `Record ${five}`,
    path: `TXT aaaa-${five}`,
    make: drop(() => txt(`aaaa-${five}`, owner(five))),
    mend: put(() => txt(`aaaa-${five}`, owner(five))),
  },
  {
    name: 'another cluster takes a record over',
    layer,
    by,
    ref: `Record ${six}`,
    path: `TXT cname-${six}`,
    make: put(() => txt(`cname-${six}`, owner(six, 'stage'))),
    mend: put(() => txt(`cname-${six}`, owner(six))),
  },
  {
    name: 'a host is delegated to other name servers',
    layer,
    by,
    ref: `Record ${seven}`,
    path: `NS ${seven}`,
    make: put(() => ({
      Name: seven,
      Type: 'NS',
      TTL: 60,
      ResourceRecords: [{ Value: 'ns.elsewhere.example.' }],
    })),
    mend: drop(() => ({
      Name: seven,
      Type: 'NS',
      TTL: 60,
      ResourceRecords: [{ Value: 'ns.elsewhere.example.' }],
    })),
  },
  {
    name: 'an ownership record stays without its record',
    layer,
    by,
    ref: 'Record cname-left.example.com',
    path: 'TXT',
    make: put(() => txt('cname-left.example.com', owner('left.example.com'))),
    mend: drop(() => txt('cname-left.example.com', owner('left.example.com'))),
  },
  {
    name: 'the zone forgets two of its name servers',
    layer,
    by,
    ref: `Record ${layout.zone}`,
    path: 'NS',
    make: put(() => apex(layout.nameServerNames.slice(0, 2))),
    mend: put(() => apex(layout.nameServerNames)),
  },
];

const apex = (names: readonly string[]): ResourceRecordSet => ({
  Name: layout.zone,
  Type: 'NS',
  TTL: 172_800,
  ResourceRecords: names.map((name) => ({ Value: `${name}.` })),
});

/** An owned record that points elsewhere under a foreign owner: nobody will turn it back. */
const both: readonly Mutation[] = [
  {
    name: 'a record is pointed elsewhere and given another owner',
    layer,
    by,
    ref: `Record ${one}`,
    path: 'A.target',
    make: async () => {
      await changeRecord('UPSERT', txt(`cname-${one}`, owner(one, 'stage')));
      await changeRecord('UPSERT', address(one, 'A', layout.addresses.nowhere));
    },
    mend: async () => {
      await changeRecord('UPSERT', alias(one, 'A'));
      await changeRecord('UPSERT', txt(`cname-${one}`, owner(one)));
    },
  },
];

const strangers: readonly Mutation[] = [
  {
    name: 'the zone names a server of somebody else',
    layer,
    by,
    ref: `Record ${layout.zone}`,
    path: 'NS',
    make: put(() => apex([...layout.nameServerNames, 'ns.elsewhere.example'])),
    mend: put(() => apex(layout.nameServerNames)),
  },
];

export const records = (): readonly Family[] => [
  { name: 'records that heal', mutations: passing.slice(0, 4), hurried: true },
  { name: 'a record left over', mutations: passing.slice(4), hurried: true },
  { name: 'records that stay', mutations: [...frozen, ...both] },
  { name: 'name servers of strangers', mutations: strangers },
];
