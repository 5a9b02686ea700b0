// The zone against the hosts: what is missing, elsewhere, unowned, left over, shadowed; and who will mend it.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ExternalDnsFound } from '../../../src/chain/release.ts';
import type { RecordSet } from '../../../src/chain/zone.ts';
import { isRefused, judgeRecords } from '../../../src/drift/records.ts';
import type { RecordsWant } from '../../../src/drift/zone-view.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';

const at = new Date('2026-11-25T12:00:00Z');
const balancer = 'k8s-infra-public-1.us-east-1.elb.amazonaws.com';
const source = { file: 'route.yaml', line: 3 };

const route: KubernetesObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'shop', namespace: 'apps' },
  spec: { hostnames: ['shop.example.com'] },
};

const externalDns = (...args: string[]): ExternalDnsFound => {
  const deployment: KubernetesObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'external-dns', namespace: 'infra' },
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: 'external-dns',
              image: 'external-dns:v0.19.0',
              args: ['--source=gateway-httproute', '--txt-owner-id=sample', '--provider=aws', ...args],
            },
          ],
        },
      },
    },
    status: { availableReplicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
  };
  const settings = settingsOf(deployment, '0.19.0');
  return { namespace: 'infra', name: 'external-dns', version: '0.19.0', settings, deployment };
};

const alias = (name: string, type: string, target = balancer): RecordSet => ({
  name,
  type,
  alias: { target: `dualstack.${target}.`, zoneId: 'Z1' },
  values: [],
});
const txt = (name: string, owner = 'sample', resource = 'httproute/apps/shop'): RecordSet => ({
  name,
  type: 'TXT',
  values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=${resource}"`],
});
const other = (name: string, type: string, ...values: string[]): RecordSet => ({ name, type, values });

const good: readonly RecordSet[] = [
  other('example.com', 'NS', 'ns-1.example.net.', 'ns-2.example.net.'),
  alias('shop.example.com', 'A'),
  alias('shop.example.com', 'AAAA'),
  txt('cname-shop.example.com'),
  txt('aaaa-shop.example.com'),
];

const judge = (records: readonly RecordSet[], change: Partial<RecordsWant> = {}, host = 'shop.example.com') =>
  judgeRecords({
    hosts: [{ host, loadBalancers: [balancer], route, source, gateways: [] }],
    published: new Set([host]),
    routes: new Map([['httproute/apps/shop', route]]),
    zone: {
      id: 'Z0',
      name: 'example.com',
      private: false,
      nameServers: ['ns-1.example.net', 'ns-2.example.net'],
    },
    records,
    externalDns: externalDns(),
    at,
    ...change,
  }).map(({ ref, path, found, heals, by }) =>
    [
      `${ref} ${path}`,
      found ?? 'nothing',
      ...(by === undefined ? [] : [`by ${by}`]),
      heals === false ? 'stays' : `heals until ${heals.until}`,
    ].join('; '),
  );

const without = (name: string, type: string): readonly RecordSet[] =>
  good.filter((each) => each.name !== name || each.type !== type);

const soon = 'heals until 2026-11-25T12:01:15.000Z';

const withoutVersion = (): ExternalDnsFound => {
  const { version: _, ...found } = externalDns();
  return found;
};

test('ExternalDNS brings nothing back for a route that no Gateway accepts', () => {
  const accepted = new Set<string>();
  const away = [...without('shop.example.com', 'A'), alias('shop.example.com', 'A', 'old.elb.amazonaws.com')];
  expect(judge(without('shop.example.com', 'A'), { accepted })).toEqual([
    'Record shop.example.com A; nothing; stays',
  ]);
  expect(judge(away, { accepted })).toEqual([
    'Record shop.example.com A.target; alias to old.elb.amazonaws.com; stays',
  ]);
});

test.each<[string, readonly string[], boolean]>([
  ['that nobody has judged yet', [], false],
  ['that one of two Gateways accepts', ['False', 'True'], false],
  ['that every Gateway refuses', ['False', 'False'], true],
])('a route %s', (_what, answers, expected) => {
  const parents = answers.map((status) => ({ conditions: [{ type: 'Accepted', status }] }));
  expect(isRefused({ ...route, status: { parents } })).toBe(expected);
});

test('a zone as ExternalDNS made it is in order', () => {
  expect(judge(good)).toEqual([]);
});

describe('of a host', () => {
  test.each<[string, readonly RecordSet[], string[]]>([
    ['its A is gone', without('shop.example.com', 'A'), [`Record shop.example.com A; nothing; ${soon}`]],
    [
      'its AAAA is gone, which has an owner',
      without('shop.example.com', 'AAAA'),
      [`Record shop.example.com AAAA; nothing; ${soon}`],
    ],
    [
      'its A points elsewhere',
      [...without('shop.example.com', 'A'), alias('shop.example.com', 'A', 'old.elb.amazonaws.com')],
      [`Record shop.example.com A.target; alias to old.elb.amazonaws.com; ${soon}`],
    ],
    [
      'the owner of its A is gone',
      without('cname-shop.example.com', 'TXT'),
      ['Record shop.example.com TXT cname-shop.example.com; nothing; stays'],
    ],
    [
      'another cluster owns it',
      [...without('cname-shop.example.com', 'TXT'), txt('cname-shop.example.com', 'stage')],
      [
        'Record shop.example.com TXT cname-shop.example.com; heritage=external-dns,external-dns/owner=stage; by stage; stays',
      ],
    ],
    [
      'a zone below takes it away',
      [...good, other('shop.example.com', 'NS', 'ns.elsewhere.net.')],
      ['Record shop.example.com NS shop.example.com; ns.elsewhere.net.; stays'],
    ],
    [
      'the zone names a server less than it has',
      [...without('example.com', 'NS'), other('example.com', 'NS', 'ns-1.example.net.')],
      ['Record example.com NS; ns-1.example.net; stays'],
    ],
  ])('%s', (_what, records, expected) => {
    expect(judge(records)).toEqual(expected);
  });

  const noV6 = good.filter(({ name, type }) => type !== 'AAAA' && name !== 'aaaa-shop.example.com');
  const missing = [`Record shop.example.com AAAA; nothing; ${soon}`];

  test.each<[string, readonly RecordSet[], ExternalDnsFound, string[]]>([
    ['ExternalDNS makes one beside each alias', noV6, externalDns(), missing],
    [
      'it leaves the type alone',
      noV6,
      externalDns('--managed-record-types=A', '--managed-record-types=CNAME'),
      [],
    ],
    ['it is told to exclude the type', noV6, externalDns('--exclude-record-types=AAAA'), []],
    ['it is older than that', noV6, { ...externalDns(), version: '0.15.1' }, []],
    ['nobody knows how old it is', noV6, withoutVersion(), []],
    [
      "the A is somebody else's",
      [...noV6.filter(({ type }) => type !== 'TXT'), txt('cname-shop.example.com', 'stage')],
      externalDns(),
      [
        'Record shop.example.com TXT cname-shop.example.com; heritage=external-dns,external-dns/owner=stage; by stage; stays',
      ],
    ],
    [
      'the A is a CNAME',
      [...noV6.filter(({ type }) => type !== 'A'), other('shop.example.com', 'CNAME', balancer)],
      externalDns(),
      [],
    ],
  ])('its AAAA is gone, and its owner with it: %s', (_what, records, found, expected) => {
    expect(judge(records, { externalDns: found })).toEqual(expected);
  });

  test.each<[string, string[], string[]]>([
    ['to itself', ['1 . alpn="h2,h3"'], []],
    ['to itself by its name', ['1 shop.example.com. alpn="h2"'], []],
    ['elsewhere', ['1 cdn.example.net. alpn="h2"'], ['1 cdn.example.net. alpn="h2"']],
    ['to other addresses', ['1 . ipv4hint="192.0.2.1"'], ['1 . ipv4hint="192.0.2.1"']],
    ['elsewhere, as an alias', ['0 cdn.example.net.'], ['0 cdn.example.net.']],
  ])('a record of the type HTTPS leads %s', (_what, values, found) => {
    expect(judge([...good, other('shop.example.com', 'HTTPS', ...values)])).toEqual(
      found.map((each) => `Record shop.example.com HTTPS; ${each}; stays`),
    );
  });

  test.each([
    ['create-only', ['--policy=create-only']],
    ['another owner id', ['--txt-owner-id=other']],
  ])('with %s ExternalDNS does not turn a record back', (_what, args) => {
    const records = [
      ...without('shop.example.com', 'A'),
      alias('shop.example.com', 'A', 'old.elb.amazonaws.com'),
    ];
    expect(judge(records, { externalDns: externalDns(...args) })[0]).toContain(
      'alias to old.elb.amazonaws.com; stays',
    );
  });

  test('without ExternalDNS nobody mends, and nobody has to own', () => {
    const items = judgeRecords({
      hosts: [{ host: 'shop.example.com', loadBalancers: [balancer], route, source, gateways: [] }],
      zone: { id: 'Z0', name: 'example.com', private: false, nameServers: [] },
      records: good.filter(({ type }) => type === 'AAAA'),
      at,
    });
    expect(items.map(({ path, heals }) => [path, heals])).toEqual([['A', false]]);
  });
});

describe('of the zone', () => {
  const old = [alias('old.example.com', 'A'), txt('cname-old.example.com', 'sample', 'httproute/apps/old')];

  test('a record whose route is gone is left over; ExternalDNS removes it only by the policy sync', () => {
    expect(judge([...good, ...old])).toEqual([
      `Record old.example.com A; alias to ${balancer}; by sample; ${soon}`,
    ]);
    expect(judge([...good, ...old], { externalDns: externalDns('--policy=upsert-only') })).toEqual([
      `Record old.example.com A; alias to ${balancer}; by sample; stays`,
    ]);
  });

  test('what another owner, another source or an unread cluster may want is left alone', () => {
    const foreign = [
      alias('old.example.com', 'A'),
      txt('cname-old.example.com', 'stage', 'httproute/apps/old'),
    ];
    const service = [
      alias('old.example.com', 'A'),
      txt('cname-old.example.com', 'sample', 'service/apps/old'),
    ];
    expect(judge([...good, ...foreign])).toEqual([]);
    expect(judge([...good, ...service])).toEqual([]);
    expect(judge([...good, ...old], { published: new Set(['old.example.com']) })).toEqual([]);
  });

  test('an ownership record without its record is told', () => {
    expect(judge([...good, txt('cname-old.example.com', 'sample', 'httproute/apps/old')])).toEqual([
      'Record cname-old.example.com TXT; external-dns/owner=sample; by sample; stays',
    ]);
  });

  test('a name below a wildcard that somebody else made shadows it, but not below the whole zone', () => {
    const wild = (domain: string) => [
      alias(`*.${domain}`, 'A'),
      alias(`*.${domain}`, 'AAAA'),
      txt(`aaaa-*.${domain}`),
      txt(`cname-*.${domain}`),
      other(`beta.${domain}`, 'A', '192.0.2.1'),
      other('example.com', 'NS', 'ns-1.example.net.', 'ns-2.example.net.'),
    ];
    expect(judge(wild('preview.example.com'), {}, '*.preview.example.com')).toEqual([
      'Record *.preview.example.com shadowed by beta.preview.example.com; A 192.0.2.1; stays',
    ]);
    expect(judge(wild('example.com'), {}, '*.example.com')).toEqual([]);
  });

  test('of records between which Route 53 chooses and that none leads to the load balancer each is told', () => {
    const set = (setIdentifier: string): RecordSet => ({
      ...alias('shop.example.com', 'A', 'k8s-other.us-east-1.elb.amazonaws.com'),
      setIdentifier,
    });
    expect(judge([...without('shop.example.com', 'A'), set('blue'), set('green')])).toHaveLength(2);
  });

  test('others beside it take visitors away where the route asks for one record', () => {
    const set = (setIdentifier: string, target: string): RecordSet => ({
      ...alias('shop.example.com', 'A', target),
      setIdentifier,
    });
    const elsewhere = 'k8s-other.us-east-1.elb.amazonaws.com';
    const records = [...without('shop.example.com', 'A'), set('blue', balancer), set('green', elsewhere)];
    const told = [`Record shop.example.com A[green]; alias to ${elsewhere}; stays`];
    expect(judge(records)).toEqual(told);
    const annotated = (name: string): KubernetesObject => ({
      ...route,
      metadata: { ...route.metadata, annotations: { [name]: 'blue' } },
    });
    const host = { host: 'shop.example.com', loadBalancers: [balancer], source, gateways: [] };
    const asks = (name: string) => ({ hosts: [{ ...host, route: annotated(name) }] });
    const other = annotated('external-dns.alpha.kubernetes.io/set-identifier');
    expect(judge(records, { hosts: [{ ...host, route, others: [other] }] })).toEqual([]);
    expect(judge(records, asks('external-dns.alpha.kubernetes.io/set-identifier'))).toEqual([]);
    expect(judge(records, asks('somebody/set-identifier'))).toEqual(told);
    // Of what ExternalDNS leaves alone somebody else keeps the records.
    expect(judge(records, asks('external-dns.alpha.kubernetes.io/controller'))).toEqual([]);
  });

  test('names that a route does not have any more are left over, but not where it may have them elsewhere', () => {
    const old = [alias('old.example.com', 'A'), txt('cname-old.example.com')];
    const kept = externalDns('--policy=upsert-only');
    const told = (change: Partial<RecordsWant>, ...records: RecordSet[]) =>
      judge([...good, ...records], { externalDns: kept, ...change });
    const items = [`Record old.example.com A; alias to ${balancer}; by sample; stays`];
    expect(told({}, ...old)).toEqual(items);
    expect(told({}, txt('cname-old.example.com'))).toEqual([
      'Record cname-old.example.com TXT; external-dns/owner=sample; by sample; stays',
    ]);
    const routes = (hostnames: string[]) => ({
      routes: new Map([['httproute/apps/shop', { ...route, spec: { hostnames } }]]),
    });
    expect(told(routes([]), ...old)).toEqual([]);
    expect(told(routes(['*.example.com']), ...old)).toEqual([]);
    expect(told(routes(['shop.example.com']), ...old)).toEqual(items);
    expect(told({ externalDns: externalDns('--fqdn-template={{.Name}}.example.com') }, ...old)).toEqual([]);
  });

  test("servers of others in the zone's own record are strangers, unless it is delegated to them", () => {
    const records = [
      ...without('example.com', 'NS'),
      other('example.com', 'NS', 'ns-1.example.net.', 'ns-2.example.net.', 'ns.elsewhere.net.'),
    ];
    const both = ['ns-1.example.net', 'ns-2.example.net'];
    expect(judge(records, { delegated: both })).toEqual([
      'Record example.com NS; ns-1.example.net, ns-2.example.net, ns.elsewhere.net; stays',
    ]);
    expect(judge(records, { delegated: [...both, 'ns.elsewhere.net'] })).toEqual([]);
    expect(judge(records)).toEqual([]);
  });

  test.each([
    ['dualstack and a dot at the end', { target: `dualstack.${balancer}.`, zoneId: 'Z1' }],
    ['neither', { target: balancer, zoneId: 'Z1' }],
    ['capitals', { target: balancer.toUpperCase(), zoneId: 'Z1' }],
  ])('an alias with %s', (_what, target) => {
    const record: RecordSet = { name: 'shop.example.com', type: 'A', alias: target, values: [] };
    expect(judge([...without('shop.example.com', 'A'), record])).toEqual([]);
  });
});
