// Faults of the hosted zone, its records and its name servers.
import { layout } from '../../lab/cluster/layout.ts';
import { setKnobs } from '../dist/lab-control.ts';
import { type Fault, replaced } from './fault.ts';
import type { Place } from './place.ts';
import { changeRecords, ownership, record, wakeExternalDns } from './world.ts';

const elsewhere = ({ host }: Place) => record(host, 'A', '192.0.2.80');

const long = 'a-label-of-more-than-fifty-seven-characters-as-some-previews-have'.slice(0, 60);

export const zoneFaults: readonly Fault[] = [
  {
    name: 'record-of-another',
    family: 'zone',
    what: "The record belongs to another cluster's ExternalDNS",
    link: 'record',
    code: 'record/owned-by-another',
    names: ({ host }) => [host, '"staging"', '192.0.2.80'],
    fresh: true,
    inject: (at) => changeRecords('CREATE', [elsewhere(at), ownership(`a-${at.host}`, 'staging')]),
    mend: async (at) => {
      await changeRecords('DELETE', [elsewhere(at), ownership(`a-${at.host}`, 'staging')]);
      wakeExternalDns();
    },
  },
  {
    name: 'record-by-hand',
    family: 'zone',
    what: 'Somebody has made the record by hand',
    link: 'record',
    code: 'record/unowned',
    names: ({ host }) => [host, '192.0.2.80'],
    fresh: true,
    inject: (at) => changeRecords('CREATE', [elsewhere(at)]),
    mend: async (at) => {
      await changeRecords('DELETE', [elsewhere(at)]);
      wakeExternalDns();
    },
  },
  {
    name: 'record-cname',
    family: 'zone',
    what: 'A CNAME to another place is in the way',
    link: 'record',
    code: 'record/unowned',
    names: ({ host }) => [host, 'CNAME', 'old-shop.example.net'],
    fresh: true,
    inject: ({ host }) => changeRecords('CREATE', [record(host, 'CNAME', 'old-shop.example.net.')]),
    mend: async ({ host }) => {
      await changeRecords('DELETE', [record(host, 'CNAME', 'old-shop.example.net.')]);
      wakeExternalDns();
    },
  },
  {
    name: 'zone-missing',
    family: 'zone',
    what: 'No hosted zone holds the hostname',
    link: 'record',
    code: 'record/zone-missing',
    names: () => ['zone-missing.example.test', layout.accounts.dns],
    change: (files, at) => replaced([at.host, 'zone-missing.example.test'])(files),
  },
  {
    name: 'record-label',
    family: 'zone',
    what: 'The first label leaves no room for the ownership record',
    link: 'record',
    code: 'record/label-too-long',
    names: () => [`cname-${long}`],
    change: (files, { host }) =>
      replaced([`hostnames: [${host}]`, `hostnames: [${long}.example.com]`])(files),
  },
  {
    name: 'zone-wrong-id',
    family: 'zone',
    what: 'The input `hosted-zone-id` names a zone that the role may not read',
    link: 'record',
    code: 'record/look-denied',
    names: ({ host }) => [host, 'route53:GetHostedZone', layout.accounts.dns],
    live: true,
    wrongInputs: { 'hosted-zone-id': 'Z0000000000EXAMPLE' },
  },
];

export const nameServerFaults: readonly Fault[] = [
  {
    name: 'servers-delegated-away',
    family: 'name servers',
    what: 'NS records in the zone send the name on to servers elsewhere',
    link: 'nameservers',
    code: 'nameservers/delegated-away',
    names: ({ host }) => [host, 'ns1.elsewhere.example.net'],
    timeout: 60,
    inject: ({ host }) => changeRecords('CREATE', [record(host, 'NS', 'ns1.elsewhere.example.net.')]),
    mend: ({ host }) => changeRecords('DELETE', [record(host, 'NS', 'ns1.elsewhere.example.net.')]),
  },
  {
    name: 'servers-undelegated',
    family: 'name servers',
    what: 'The parent zone does not delegate the zone',
    link: 'nameservers',
    code: 'nameservers/undelegated',
    names: () => [layout.zone, layout.nameServerNames[0] ?? ''],
    alone: true,
    inject: () => setKnobs({ delegation: { [layout.zone]: [] } }),
    mend: () => setKnobs({ delegation: {} }),
  },
  {
    name: 'servers-of-another-zone',
    family: 'name servers',
    what: 'The parent delegates to the servers of an older zone of that name',
    link: 'nameservers',
    code: 'nameservers/undelegated',
    names: () => [layout.zone, 'ns-1.awsdns-old.com', layout.nameServerNames[0] ?? ''],
    alone: true,
    inject: () => setKnobs({ delegation: { [layout.zone]: ['ns-1.awsdns-old.com', 'ns-2.awsdns-old.net'] } }),
    mend: () => setKnobs({ delegation: {} }),
  },
  {
    name: 'servers-stale',
    family: 'name servers',
    what: 'One name server has not heard of the record yet',
    link: 'nameservers',
    code: 'nameservers/not-served',
    names: ({ host }) => [host, layout.nameServerNames[2] ?? '', 'NXDOMAIN'],
    alone: true,
    fresh: true,
    waits: true,
    timeout: 25,
    inject: () => setKnobs({ staleNameServers: [2] }),
    mend: () => setKnobs({ staleNameServers: [] }),
  },
  {
    name: 'servers-silent',
    family: 'name servers',
    what: 'One name server does not answer',
    link: 'nameservers',
    code: 'nameservers/unreachable',
    names: () => [layout.nameServerNames[1] ?? ''],
    alone: true,
    waits: true,
    timeout: 30,
    inject: () => setKnobs({ silentNameServers: [1] }),
    mend: () => setKnobs({ silentNameServers: [] }),
  },
  {
    name: 'servers-blocked',
    family: 'network',
    what: 'The runner cannot reach any name server: port 53 is blocked',
    link: 'nameservers',
    code: 'nameservers/unreachable',
    names: () => [layout.zone, ...layout.nameServerNames, 'port 53'],
    alone: true,
    waits: true,
    timeout: 30,
    inject: () => setKnobs({ silentNameServers: [0, 1, 2, 3] }),
    mend: () => setKnobs({ silentNameServers: [] }),
  },
];
