// Hosted zones and record sets over the wire: pages, what is shared, denials, throttling.
import { afterEach, describe, expect, test } from '@jest/globals';
import { plainName, route53ZoneReader, suffixes } from '../../../src/aws/route53.ts';
import type { ZoneReader } from '../../../src/chain/zone.ts';
import type { DomainReader } from '../../../src/preview/orphans.ts';
import { type AwsAnswer, type AwsRequest, type AwsServer, asXml, awsServer, xmlError } from './aws-server.ts';
import { leapingClock, type TestClock } from './test-clock.ts';

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly private?: boolean;
  readonly records?: readonly Row[];
  /** What GetHostedZone says; the number of rows if not given. */
  readonly count?: number;
}

/** Name as Route 53 writes it, type, values or alias. */
type Row = readonly [name: string, type: string, values: readonly string[] | { readonly alias: string }];

const namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const zoneXml = ({ id, name, private: isPrivate = false, count, records = [] }: Zone): string =>
  `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}.</Name><CallerReference>x</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config><ResourceRecordSetCount>${count ?? records.length}</ResourceRecordSetCount></HostedZone>`;

const rowXml = ([name, type, values]: Row): string =>
  'alias' in values
    ? `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type><AliasTarget><HostedZoneId>Z32O12XQLNTSW2</HostedZoneId><DNSName>${values.alias}</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>`
    : `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type><TTL>300</TTL><ResourceRecords>${values.map((value) => `<ResourceRecord><Value>${value}</Value></ResourceRecord>`).join('')}</ResourceRecords></ResourceRecordSet>`;

/** Route 53's order: labels from the last to the first, the dot among the characters. */
const order = (name: string): string =>
  name
    .split('.')
    .filter(Boolean)
    .reverse()
    .map((label) => `${label}.`)
    .join('');
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Answers as Route 53 does: listings start at or after, in its order, and are cut into pages. */
function route53(zones: readonly Zone[]) {
  return ({ path, query }: AwsRequest): AwsAnswer => {
    const [, , , id, rest] = path.split('/');
    if (path.endsWith('/hostedzonesbyname')) {
      const from = order(query.get('dnsname') ?? '');
      const rows = [...zones]
        .sort((one, other) => compare(order(one.name), order(other.name)))
        .filter(({ name }) => compare(order(name), from) >= 0)
        .slice(0, Number(query.get('maxitems')));
      return asXml(
        `<ListHostedZonesByNameResponse ${namespace}><HostedZones>${rows.map(zoneXml).join('')}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`,
      );
    }
    const zone = zones.find((one) => one.id === id);
    if (zone === undefined) return xmlError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    if (rest === 'rrset') return listing(zone, query);
    const delegation = zone.private
      ? ''
      : '<DelegationSet><NameServers><NameServer>NS-1.awsdns-2.com.</NameServer><NameServer>ns-3.awsdns-4.org</NameServer></NameServers></DelegationSet>';
    return asXml(`<GetHostedZoneResponse ${namespace}>${zoneXml(zone)}${delegation}</GetHostedZoneResponse>`);
  };
}

function listing({ records = [] }: Zone, query: URLSearchParams): AwsAnswer {
  const escaped = (name: string): string => name.replaceAll('*', '\\052');
  const from = order(escaped(query.get('name') ?? ''));
  const type = query.get('type') ?? '';
  const rows = [...records]
    .sort((one, other) => compare(order(one[0]), order(other[0])) || compare(one[1], other[1]))
    .filter(([name, kind]) => compare(order(name), from) > 0 || (order(name) === from && kind >= type));
  const size = Number(query.get('maxitems'));
  const next = rows[size];
  return asXml(
    `<ListResourceRecordSetsResponse ${namespace}><ResourceRecordSets>${rows.slice(0, size).map(rowXml).join('')}</ResourceRecordSets><IsTruncated>${next !== undefined}</IsTruncated>${next ? `<NextRecordName>${next[0]}</NextRecordName><NextRecordType>${next[1]}</NextRecordType>` : ''}<MaxItems>${size}</MaxItems></ListResourceRecordSetsResponse>`,
  );
}

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const signal = new AbortController().signal;

async function reading(
  answer: (request: AwsRequest) => AwsAnswer,
  hostedZoneId?: string,
): Promise<{ reader: ZoneReader & DomainReader; clock: TestClock; calls: () => readonly string[] }> {
  const clock = leapingClock();
  const current = await awsServer(answer);
  server = current;
  const reader = route53ZoneReader({
    aws: current.aws,
    clock,
    credentials: async () => ({
      accessKeyId: 'ASIAFAKE',
      secretAccessKey: 'fake-secret',
      sessionToken: 'fake-session',
      expiration: new Date(Date.now() + 3_600_000),
    }),
    ...(hostedZoneId !== undefined && { hostedZoneId }),
  });
  const calls = () => current.requests.map(({ path }) => path.replace('/2013-04-01/', ''));
  return { reader, clock, calls };
}

const zones: readonly Zone[] = [
  { id: 'ZEXAMPLE', name: 'example.com' },
  { id: 'ZPRIVATE', name: 'example.com', private: true },
  { id: 'ZPREVIEW', name: 'preview.example.com' },
  { id: 'ZOTHER', name: 'other.com' },
];

describe('the zones of a host', () => {
  test.each<[string, readonly string[]]>([
    ['app.example.com', ['ZEXAMPLE', 'ZPRIVATE']],
    ['example.com', ['ZEXAMPLE', 'ZPRIVATE']],
    ['a.preview.example.com', ['ZPREVIEW', 'ZEXAMPLE', 'ZPRIVATE']],
    ['*.preview.example.com', ['ZPREVIEW', 'ZEXAMPLE', 'ZPRIVATE']],
    ['APP.Example.com.', ['ZEXAMPLE', 'ZPRIVATE']],
    ['app.elsewhere.com', []],
    ['notexample.com', []],
  ])('%s: %j', async (host, ids) => {
    const { reader } = await reading(route53(zones));
    const seen = await reader.zones(host, signal);
    if (!('value' in seen)) throw new Error(JSON.stringify(seen));
    expect(seen.value.map(({ id }) => id)).toEqual(ids);
  });

  test('come with the delegation set, lower case and without dots', async () => {
    const { reader } = await reading(route53(zones));
    await expect(reader.zones('app.example.com', signal)).resolves.toMatchObject({
      value: [
        {
          id: 'ZEXAMPLE',
          name: 'example.com',
          private: false,
          nameServers: ['ns-1.awsdns-2.com', 'ns-3.awsdns-4.org'],
        },
        // Of a private zone the listing says enough.
        { id: 'ZPRIVATE', name: 'example.com', private: true, nameServers: [] },
      ],
    });
  });

  test('are looked up once for many hosts, a missing one again after half a minute', async () => {
    const { reader, clock, calls } = await reading(route53(zones));
    await Promise.all(['a', 'b', 'c'].map((label) => reader.zones(`${label}.example.com`, signal)));
    // One listing a suffix (three hosts and the zone), one GetHostedZone.
    expect(calls().filter((call) => call === 'hostedzonesbyname')).toHaveLength(4);
    expect(calls().filter((call) => call === 'hostedzone/ZEXAMPLE')).toHaveLength(1);
    clock.pass(31_000);
    await reader.zones('a.example.com', signal);
    expect(calls()).toHaveLength(6);
  });

  test.each<[string, string, readonly string[]]>([
    ['an id that is given', 'ZEXAMPLE', ['ZEXAMPLE']],
    ['with its prefix', '/hostedzone/ZEXAMPLE', ['ZEXAMPLE']],
    ['a zone that cannot hold the host', 'ZOTHER', []],
    ['a zone that does not exist', 'ZNONE', []],
  ])('%s: no listing', async (_name, given, ids) => {
    const { reader, calls } = await reading(route53(zones), given);
    const seen = await reader.zones('app.example.com', signal);
    expect('value' in seen && seen.value.map(({ id }) => id)).toEqual(ids);
    expect(calls()).toEqual([`hostedzone/${given.replace('/hostedzone/', '')}`]);
  });

  test.each([
    [
      'listing',
      'hostedzonesbyname',
      'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: route53:ListHostedZonesByName because no identity-based policy allows it',
      'route53:ListHostedZonesByName on *',
    ],
    [
      'reading one',
      'hostedzone/ZEXAMPLE',
      'no',
      'route53:GetHostedZone on arn:aws:route53:::hostedzone/ZEXAMPLE',
    ],
  ])('denied: %s', async (_name, call, message, denied) => {
    const answer = route53(zones);
    const { reader } = await reading((request) =>
      request.path.endsWith(call) ? xmlError('AccessDenied', message, 403) : answer(request),
    );
    expect(await reader.zones('example.com', signal)).toMatchObject({ denied });
  });

  test('a failure is a value too', async () => {
    const { reader } = await reading(() => ({ status: 400, body: '<html>' }));
    const seen = await reader.zones('example.com', signal);
    expect(seen).toMatchObject({ failed: expect.stringContaining('Route 53') });
    expect(JSON.stringify(seen)).not.toMatch(/fake-secret|fake-session/);
  });
});

const alias = { alias: 'ALB-1.eu-west-1.elb.amazonaws.com.' };
const rows: readonly Row[] = [
  ['example.com.', 'NS', ['ns-1.awsdns-2.com.']],
  ['example.com.', 'SOA', ['x']],
  ['app.example.com.', 'A', alias],
  ['app.example.com.', 'AAAA', alias],
  ['cname-app.example.com.', 'TXT', ['"heritage=external-dns,external-dns/owner=shop"']],
  ['\\052.example.com.', 'A', alias],
  ['app-x.example.com.', 'A', ['192.0.2.1']],
  ['sub.app.example.com.', 'A', ['192.0.2.2']],
];

const small: Zone = { id: 'ZEXAMPLE', name: 'example.com', records: rows };
const large: Zone = { ...small, count: 9_000 };

describe('the record sets of names', () => {
  test.each<[string, Zone, readonly string[], readonly string[]]>([
    [
      'a small zone, by one page',
      small,
      ['app.example.com', 'cname-app.example.com'],
      ['app.example.com A', 'app.example.com AAAA', 'cname-app.example.com TXT'],
    ],
    [
      'a large zone, by name',
      large,
      ['app.example.com', 'cname-app.example.com'],
      ['app.example.com A', 'app.example.com AAAA', 'cname-app.example.com TXT'],
    ],
    ['an absent name does not give its successor', large, ['apa.example.com'], []],
    ['a wildcard, decoded (small)', small, ['*.example.com'], ['*.example.com A']],
    ['a wildcard, decoded (large)', large, ['*.example.com'], ['*.example.com A']],
    ['the zone itself', large, ['example.com'], ['example.com NS', 'example.com SOA']],
  ])('%s', async (_name, zone, names, expected) => {
    const { reader, calls } = await reading(route53([zone]));
    await reader.zones('example.com', signal);
    const before = calls().length;
    const seen = await reader.records('ZEXAMPLE', names, signal);
    if (!('value' in seen)) throw new Error(JSON.stringify(seen));
    expect(seen.value.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([...expected].sort());
    expect(calls().length - before).toBe(zone === small ? 1 : names.length);
  });

  test('carry alias and values as stored', async () => {
    const { reader } = await reading(route53([small]));
    const seen = await reader.records('ZEXAMPLE', ['app.example.com', 'cname-app.example.com'], signal);
    expect('value' in seen && seen.value).toEqual(
      expect.arrayContaining([
        {
          name: 'app.example.com',
          type: 'A',
          alias: { target: 'alb-1.eu-west-1.elb.amazonaws.com', zoneId: 'Z32O12XQLNTSW2' },
          values: [],
        },
        {
          name: 'cname-app.example.com',
          type: 'TXT',
          values: ['"heritage=external-dns,external-dns/owner=shop"'],
        },
      ]),
    );
  });

  test('a zone of several pages is read to its end', async () => {
    const many: readonly Row[] = Array.from({ length: 650 }, (_none, index) => [
      `h${String(index).padStart(4, '0')}.example.com.`,
      'A',
      ['192.0.2.1'],
    ]);
    const { reader, calls } = await reading(
      route53([{ id: 'ZEXAMPLE', name: 'example.com', records: many }]),
    );
    await reader.zones('example.com', signal);
    const names = ['h0001.example.com', 'h0299.example.com', 'h0300.example.com', 'h0649.example.com'];
    const seen = await reader.records('ZEXAMPLE', names, signal);
    expect('value' in seen && seen.value.map(({ name }) => name)).toEqual(names);
    expect(calls().filter((call) => call.endsWith('/rrset'))).toHaveLength(3);
  });

  test('forty hosts at once are one read of the zone, the next one five seconds later', async () => {
    const { reader, clock, calls } = await reading(route53([small]));
    await reader.zones('example.com', signal);
    const hosts = Array.from({ length: 40 }, (_none, index) => `h${index}.example.com`);
    const all = () => Promise.all(hosts.map((host) => reader.records('ZEXAMPLE', [host], signal)));
    await all();
    await all();
    expect(calls().filter((call) => call.endsWith('/rrset'))).toHaveLength(1);
    const start = clock.monotonic();
    clock.pass(5_100);
    await all();
    expect(calls().filter((call) => call.endsWith('/rrset'))).toHaveLength(2);
    expect(clock.monotonic() - start).toBeLessThan(6_000);
  });

  test('denied: the exact action and resource', async () => {
    const { reader } = await reading(() => xmlError('AccessDenied', 'no', 403));
    expect(await reader.records('ZEXAMPLE', ['app.example.com'], signal)).toMatchObject({
      denied: 'route53:ListResourceRecordSets on arn:aws:route53:::hostedzone/ZEXAMPLE',
    });
  });

  test('throttled: said so, and slower from then on', async () => {
    const answer = route53([small]);
    let throttled = true;
    const { reader, clock } = await reading((request) =>
      throttled ? xmlError('Throttling', 'Rate exceeded') : answer(request),
    );
    expect(await reader.records('ZEXAMPLE', ['app.example.com'], signal)).toMatchObject({
      failed: expect.stringContaining('throttles'),
    });
    throttled = false;
    const before = clock.monotonic();
    await reader.records('ZEXAMPLE', ['app.example.com'], signal);
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(9_900);
  });

  test('an abort is an abort, not a value', async () => {
    const { reader } = await reading(route53([small]));
    await expect(
      reader.records('ZEXAMPLE', ['app.example.com'], AbortSignal.abort(new Error('cancelled'))),
    ).rejects.toThrow('cancelled');
  });
});

describe('all of a domain', () => {
  const many = Array.from(
    { length: 320 },
    (_, at): Row => [`pr-${at}.preview.example.com`, 'TXT', [`"${at}"`]],
  );
  const zone: Zone = {
    id: 'ZEXAMPLE',
    name: 'example.com',
    records: [
      ['example.com', 'NS', ['a']],
      ['*.preview.example.com', 'A', { alias: 'alb.example.com' }],
      ['preview.example.com', 'TXT', ['"x"']],
      ['a.b.preview.example.com', 'TXT', ['"x"']],
      ['preview-x.example.com', 'TXT', ['"x"']],
      ['previewx.example.com', 'TXT', ['"x"']],
      ['z.example.com', 'TXT', ['"x"']],
      ...many,
    ],
  };

  test('the domain, its wildcard and everything below, over all pages, and nothing beside it', async () => {
    const { reader } = await reading(route53([zone]));
    const seen = await reader.below('ZEXAMPLE', 'preview.example.com', signal);
    if (!('value' in seen)) throw new Error(JSON.stringify(seen));
    expect(seen.value).toHaveLength(many.length + 3);
    expect(new Set(seen.value.map(({ name }) => name))).toEqual(
      new Set([
        'preview.example.com',
        '*.preview.example.com',
        'a.b.preview.example.com',
        ...many.map(([name]) => name),
      ]),
    );
  });

  test('a denial names the action and the zone', async () => {
    const { reader } = await reading(() => xmlError('AccessDenied', 'not authorized', 403));
    const seen = await reader.below('ZEXAMPLE', 'preview.example.com', signal);
    expect(seen).toMatchObject({
      denied: 'route53:ListResourceRecordSets on arn:aws:route53:::hostedzone/ZEXAMPLE',
    });
  });
});

test.each([
  ['\\052.Example.com.', '*.example.com'],
  ['a\\055b.example.com', 'a-b.example.com'],
  ['plain.example.com', 'plain.example.com'],
])('%s is %s', (stored, plain) => {
  expect(plainName(stored)).toBe(plain);
});

test.each([
  ['a.b.example.com', ['a.b.example.com', 'b.example.com', 'example.com']],
  ['*.example.com', ['example.com']],
  ['com', []],
])('%s could be in %j', (host, names) => {
  expect(suffixes(host)).toEqual(names);
});
