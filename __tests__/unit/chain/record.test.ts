// The link `record`: what the zone has, whose it is, and what is legitimate although it looks odd.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { foundRecord } from '../../../src/chain/record.ts';
import type { RecordSet } from '../../../src/chain/zone.ts';
import {
  alias,
  at,
  host,
  judge,
  loadBalancer,
  type Outside,
  owner,
  wantOf,
  zone,
  zoneOf,
} from './record-setting.ts';

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
