// The link `record` among several zones and names: twins, private zones, wildcards, and what may be newer than the last read.
import { describe, expect, test } from '@jest/globals';
import { foundRecord, mayBeNewer } from '../../../src/chain/record.ts';
import type { RecordSet } from '../../../src/chain/zone.ts';
import {
  alias,
  at,
  judge,
  loadBalancer,
  type Outside,
  owner,
  wantOf,
  zone,
  zoneOf,
} from './record-setting.ts';

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
