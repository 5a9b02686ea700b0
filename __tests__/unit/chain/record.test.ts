// The link `record`: what the zone has, and what ExternalDNS says where it has not.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import {
  foundRecord,
  judgeRecord,
  mayBeNewer,
  observeRecord,
  type RecordWant,
} from '../../../src/chain/record.ts';
import { controllersOf } from '../../../src/chain/release.ts';
import type { HostedZone, RecordSet, ZoneReader } from '../../../src/chain/zone.ts';
import type { Seen } from '../../../src/verdict/seen.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:01:00Z');
const host = 'app.example.com';
const loadBalancer = 'k8s-infra-public-1.eu-west-1.elb.amazonaws.com';

const deployment = (args: readonly string[]): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'external-dns', namespace: 'external-dns' },
  spec: {
    selector: { matchLabels: { app: 'external-dns' } },
    template: {
      spec: {
        containers: [
          {
            image: 'registry.k8s.io/external-dns/external-dns:v0.19.0',
            args: ['--source=gateway-httproute', '--txt-owner-id=lab', ...args],
          },
        ],
      },
    },
  },
});

const wantOf = (args: readonly string[] | undefined, rest: Partial<RecordWant> = {}): RecordWant => {
  const { externalDns } = controllersOf(args === undefined ? [] : [deployment(args)]);
  return {
    host,
    loadBalancer,
    route: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'apps' },
    },
    gateways: [],
    zoneAccount: '222222222222',
    since: new Date('2026-11-22T23:00:00Z'),
    ...(externalDns && { externalDns }),
    ...rest,
  };
};

const zoneOf = (name: string, id = 'Z1', isPrivate = false): HostedZone => ({
  id,
  name,
  private: isPrivate,
  nameServers: ['ns-1.awsdns-1.com'],
});

const alias = (target: string, type = 'A', name = host): RecordSet => ({
  name,
  type,
  alias: { target, zoneId: 'Z32O12XQLNTSW2' },
  values: [],
});
const owner = (id: string, resource = 'httproute/apps/web', name = `cname-${host}`): RecordSet => ({
  name,
  type: 'TXT',
  values: [`"heritage=external-dns,external-dns/owner=${id},external-dns/resource=${resource}"`],
});

interface Outside {
  readonly zones?: Seen<readonly HostedZone[]>;
  readonly records?: Readonly<Record<string, readonly RecordSet[]>>;
  readonly log?: Seen<string>;
}

const judge = async (want: RecordWant, outside: Outside) => {
  const zoneReader: ZoneReader = {
    zones: async () => outside.zones ?? { at, value: [zoneOf('example.com')] },
    records: async (zoneId, names) => ({
      at,
      value: (outside.records?.[zoneId] ?? []).filter(({ name }) => names.includes(name)),
    }),
  };
  const pod = (name: string, born: string, app = 'external-dns'): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'external-dns', labels: { app }, creationTimestamp: born },
  });
  const reader: ClusterReader = {
    get: async () => ({ at, value: undefined }),
    list: async () => ({
      at,
      value: [
        pod('old', '2026-01-01T00:00:00Z'),
        pod('new', '2026-11-01T00:00:00Z'),
        pod('other', '2026-12-01T00:00:00Z', 'x'),
      ],
    }),
    log: async (namespace, name) => {
      if (namespace !== 'external-dns' || name !== 'new')
        throw new Error(`the log of ${namespace}/${name} was asked for`);
      return outside.log ?? { at, value: '' };
    },
  };
  const seen = await observeRecord(zoneReader, reader, want, signal);
  const verdict = judgeRecord(want, seen);
  return { verdict, seen, said: verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}` };
};

const zone = (...records: readonly RecordSet[]): Outside => ({ records: { Z1: records } });
const line = (msg: string): Seen<string> => ({
  at,
  value: `time="2026-11-22T23:00:30Z" level=error msg="${msg}"`,
});

describe('the record', () => {
  test.each<[string, string[] | undefined, Outside, string]>([
    [
      'alias A and AAAA, owned',
      [],
      zone(alias(loadBalancer), alias(loadBalancer, 'AAAA'), owner('lab')),
      'ok',
    ],
    ['without an AAAA', [], zone(alias(loadBalancer), owner('lab')), 'ok'],
    [
      'with dualstack., capitals and a dot',
      [],
      zone(alias(`dualstack.${loadBalancer.toUpperCase()}.`), owner('lab')),
      'ok',
    ],
    ['a CNAME', [], zone({ name: host, type: 'CNAME', values: [loadBalancer] }, owner('lab')), 'ok'],
    [
      'owned for another resource of the same owner',
      [],
      zone(alias(loadBalancer), owner('lab', 'httproute/apps/other')),
      'ok',
    ],
    ["owned under 0.22's name", [], zone(alias(loadBalancer), owner('lab', 'x', `a-${host}`)), 'ok'],
    ['no ExternalDNS, so no owner is asked for', undefined, zone(alias(loadBalancer)), 'ok'],
    ['a registry without TXT records', ['--registry=noop'], zone(alias(loadBalancer)), 'ok'],
    ['encrypted ownership', ['--txt-encrypt-enabled'], zone(alias(loadBalancer)), 'ok'],
    ['none yet', [], zone(), 'waiting record/missing'],
    ['an AAAA alone', [], zone(alias(loadBalancer, 'AAAA'), owner('lab')), 'waiting record/missing'],
    [
      'another target, ours to change',
      [],
      zone(alias('old.elb.amazonaws.com'), owner('lab')),
      'waiting record/other-target',
    ],
    [
      'another target, and the policy forbids',
      ['--policy=create-only'],
      zone(alias('old.elb.amazonaws.com'), owner('lab')),
      'broken record/other-target',
    ],
    [
      'another target, and nobody to change it',
      undefined,
      zone(alias('old.elb.amazonaws.com')),
      'broken record/other-target',
    ],
    [
      'another owner',
      [],
      zone(alias('old.elb.amazonaws.com'), owner('prod')),
      'broken record/owned-by-another',
    ],
    [
      'another owner, though the target is right',
      [],
      zone(alias(loadBalancer), owner('prod')),
      'broken record/owned-by-another',
    ],
    ['no owner', [], zone(alias('old.elb.amazonaws.com')), 'broken record/unowned'],
    [
      'a plain A record',
      [],
      zone({ name: host, type: 'A', values: ['10.0.0.1'] }, owner('lab')),
      'waiting record/other-target',
    ],
    ['no zone', [], { zones: { at, value: [] } }, 'broken record/zone-missing'],
    [
      'private zones only',
      [],
      { zones: { at, value: [zoneOf('example.com', 'Z1', true)] } },
      'waiting record/missing',
    ],
    ['denied', [], { zones: { at, denied: 'route53:ListHostedZones' } }, 'unknown record/look-denied'],
    ['failed', [], { zones: { at, failed: 'no answer' } }, 'waiting look/failed'],
  ])('%s', async (_what, args, outside, expected) => {
    expect((await judge(wantOf(args), outside)).said).toBe(expected);
  });

  test('without a known load balancer any target will do', async () => {
    const { loadBalancer: _, ...want } = wantOf([]);
    expect((await judge(want, zone(alias('some.elb.amazonaws.com'), owner('lab')))).said).toBe('ok');
  });

  test('a wildcard', async () => {
    const wild = '*.example.com';
    const records = zone(alias(loadBalancer, 'A', wild), owner('lab', 'httproute/apps/web', `cname-${wild}`));
    expect((await judge(wantOf([], { host: wild }), records)).said).toBe('ok');
  });

  test('names the other owner and its resource', async () => {
    const { verdict } = await judge(
      wantOf([]),
      zone(alias(loadBalancer), owner('prod', 'httproute/live/web')),
    );
    expect(verdict.message).toBe(
      'The record of app.example.com in the hosted zone example.com (Z1, account 222222222222) belongs to the owner "prod" for httproute/live/web; this cluster\'s ExternalDNS is "lab" and leaves it alone.',
    );
  });

  test('the zone that has it is handed on, of twins as well', async () => {
    const twins = { at, value: [zoneOf('example.com', 'Z1'), zoneOf('example.com', 'Z2')] };
    const second = await judge(wantOf([]), {
      zones: twins,
      records: { Z2: [alias(loadBalancer), owner('lab')] },
    });
    expect(second.said).toBe('ok');
    expect(foundRecord(second.seen).zone?.id).toBe('Z2');
    const neither = await judge(wantOf([]), { zones: twins });
    expect(foundRecord(neither.seen).zone?.id).toBe('Z1');
  });
});

describe('ExternalDNS', () => {
  const identity = 'arn:aws:sts::111111111111:assumed-role/external-dns/eks-lab';

  test('denied: its identity, the action, the zone and its account', async () => {
    const log = line(
      `Failed to do run once: AccessDenied: User: ${identity} is not authorized to perform: route53:ListHostedZones`,
    );
    const { verdict, said } = await judge(wantOf([]), { ...zone(), log });
    expect(said).toBe('broken record/external-dns-denied');
    expect(verdict.message).toBe(
      `ExternalDNS (${identity}) may not call route53:ListHostedZones; the hosted zone example.com (Z1, account 222222222222) has no record of app.example.com from it.`,
    );
    expect(verdict.evidence[0]).toEqual({
      from: 'log of Deployment external-dns/external-dns',
      saw: 'value' in log ? log.value : '',
    });
  });

  test('sees no zone', async () => {
    const { verdict, said } = await judge(wantOf([]), {
      ...zone(),
      log: line('Applying provider record filter for domains: []'),
    });
    expect(said).toBe('broken record/external-dns-no-zone');
    expect(verdict.message).toBe(
      'ExternalDNS sees no hosted zone; app.example.com belongs into the hosted zone example.com (Z1, account 222222222222).',
    );
  });

  test('an old line of the log counts for nothing', async () => {
    const want = wantOf([], { since: new Date('2026-11-22T23:00:31Z') });
    expect((await judge(want, { ...zone(), log: line('Failed to do run once: AccessDenied') })).said).toBe(
      'waiting record/missing',
    );
  });

  test('a failure of another kind is waited for, with the line as evidence', async () => {
    const { verdict, said } = await judge(wantOf([]), {
      ...zone(),
      log: line('Failed to do run once: Throttling'),
    });
    expect(said).toBe('waiting record/missing');
    expect(verdict.evidence[0]?.saw).toMatch(/Throttling/);
  });

  test('its settings exclude the host', async () => {
    const { verdict, said } = await judge(wantOf(['--domain-filter=example.org']), zone());
    expect(said).toBe('broken record/external-dns-excludes');
    expect(verdict.message).toMatch(/--domain-filter=example\.org does not admit app\.example\.com/);
  });

  test('its log may not be read: said, and no more', async () => {
    const { verdict, said } = await judge(wantOf([]), { ...zone(), log: { at, denied: 'get pods/log' } });
    expect(said).toBe('waiting record/missing');
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/the permission get pods\/log is missing/);
  });

  test('its log is not read while all is well', async () => {
    const { seen } = await judge(wantOf([]), zone(alias(loadBalancer), owner('lab')));
    expect('value' in seen && seen.value.log).toBeUndefined();
  });
});

describe('what is legitimate although it looks odd', () => {
  const annotated = (name: string, target: string): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'public', namespace: 'infra', annotations: { [name]: target } },
  });
  const own = 'external-dns.alpha.kubernetes.io/target';
  const cname = (value: string): RecordSet => ({ name: host, type: 'CNAME', values: [value] });

  test.each<[string, KubernetesObject, RecordSet, string]>([
    ['a CNAME to it', annotated(own, 'd1.cloudfront.net'), cname('d1.cloudfront.net.'), 'ok'],
    ['an alias to it', annotated(own, 'D1.cloudfront.net.'), alias('d1.cloudfront.net'), 'ok'],
    [
      'one of its addresses',
      annotated(own, '192.0.2.1, 192.0.2.2'),
      { name: host, type: 'A', values: ['192.0.2.1', '192.0.2.2'] },
      'ok',
    ],
    [
      'the load balancer, which it replaces',
      annotated(own, 'd1.cloudfront.net'),
      alias(loadBalancer),
      'waiting record/other-target',
    ],
    [
      'under a prefix that this ExternalDNS does not read',
      annotated('external-dns.kubernetes.io/target', 'd1.cloudfront.net'),
      alias(loadBalancer),
      'ok',
    ],
  ])("the Gateway's annotation `target`: %s", async (_what, gateway, record, expected) => {
    const { said } = await judge(wantOf([], { gateways: [gateway] }), zone(record, owner('lab')));
    expect(said).toBe(expected);
  });

  test('several weighted sets, ours among them, each with an owner', async () => {
    const set = (identifier: string, target: string): RecordSet => ({
      ...alias(target),
      setIdentifier: identifier,
    });
    const { verdict, seen, said } = await judge(
      wantOf([]),
      zone(set('blue', 'old.elb.amazonaws.com'), set('green', loadBalancer), owner('prod'), owner('lab')),
    );
    expect(said).toBe('ok');
    expect(verdict.message).toContain('one of 2 record sets between which Route 53 chooses');
    expect(foundRecord(seen).zone?.routed).toBe(true);
  });
});

describe('zones that are not the one', () => {
  const open = zoneOf('example.com');
  const hidden = zoneOf('example.com', 'ZP', true);

  test('twins are handed on: the name servers tell which is delegated', async () => {
    const twin = { ...zoneOf('example.com', 'Z2'), nameServers: ['ns-2.awsdns-2.com'] };
    const { seen } = await judge(wantOf([]), {
      zones: { at, value: [open, twin] },
      records: { Z1: [alias(loadBalancer), owner('lab')] },
    });
    expect(foundRecord(seen).zone?.twins).toMatchObject([{ id: 'Z2', nameServers: ['ns-2.awsdns-2.com'] }]);
  });

  test('the private twin has the record, the public zone has not', async () => {
    const { verdict, said } = await judge(wantOf([]), {
      zones: { at, value: [hidden, open] },
      records: { ZP: [alias(loadBalancer)] },
    });
    expect(said).toBe('waiting record/missing');
    expect(verdict.message).toContain('Only its private twin (ZP) has one.');
  });

  test('a private zone alone: its record is judged, and nobody here can ask for it', async () => {
    const { seen, said } = await judge(wantOf([]), {
      zones: { at, value: [hidden] },
      records: { ZP: [alias(loadBalancer), owner('lab')] },
    });
    expect(said).toBe('ok');
    expect(foundRecord(seen)).toEqual({ privateZone: { id: 'ZP', name: 'example.com' } });
  });

  test('a private zone that ExternalDNS leaves out', async () => {
    const { verdict, said } = await judge(wantOf(['--aws-zone-type=public']), {
      zones: { at, value: [hidden] },
    });
    expect(said).toBe('broken record/external-dns-excludes');
    expect(verdict.message).toContain('--aws-zone-type=public leaves out the hosted zone example.com (ZP)');
  });
});

describe('a first label that leaves no room for the ownership record', () => {
  const long = `${'a'.repeat(58)}.example.com`;

  test.each<[string, string[], string, Outside, string]>([
    ['no record', [], long, zone(), 'broken record/label-too-long'],
    [
      'a record without a TXT',
      [],
      long,
      zone(alias(loadBalancer, 'A', long)),
      'broken record/label-too-long',
    ],
    ['one character less', [], long.slice(1), zone(), 'waiting record/missing'],
    ['a prefix of its own', ['--txt-prefix=edns-'], long.slice(5), zone(), 'broken record/label-too-long'],
    ['no ownership records at all', ['--registry=noop'], long, zone(), 'waiting record/missing'],
  ])('%s', async (_what, args, name, outside, expected) => {
    expect((await judge(wantOf(args, { host: name }), outside)).said).toBe(expected);
  });
});

describe('whether the name servers may know of the record before the zone is read again', () => {
  const wildcard = (name: string): RecordSet => alias('old.elb.amazonaws.com', 'A', name);

  test.each<[string, Outside, boolean]>([
    ['nothing there', zone(), true],
    ['other names', zone(alias(loadBalancer, 'A', 'b.example.com')), true],
    ['a wildcard answers for it', zone(wildcard('*.example.com')), false],
    ['it points elsewhere', zone(alias('old.elb.amazonaws.com'), owner('lab')), false],
    ['all is well', zone(alias(loadBalancer), owner('lab')), false],
  ])('%s', async (_what, outside, expected) => {
    const { seen, verdict } = await judge(wantOf([]), outside);
    expect(mayBeNewer(seen, verdict)).toBe(expected);
  });

  test('a wildcard nearer than the zone', async () => {
    const want = wantOf([], { host: 'a.b.example.com' });
    const { seen, verdict } = await judge(want, zone(wildcard('*.b.example.com')));
    expect(mayBeNewer(seen, verdict)).toBe(false);
  });
});
