// CAA records that keep ACM from renewing, and those that do not.
import { expect, test } from '@jest/globals';
import type { RecordSet } from '../../../src/chain/zone.ts';
import { caaNames, judgeCaa } from '../../../src/drift/caa.ts';

const zone = { id: 'Z1', name: 'example.com' };
const caa = (name: string, ...values: string[]): RecordSet => ({ name, type: 'CAA', values });

test('an authority looks at the domain and upwards, here as far as the zone', () => {
  expect(caaNames('*.shop.example.com', zone)).toEqual(['shop.example.com', 'example.com']);
  expect(caaNames('example.com', zone)).toEqual(['example.com']);
});

test.each<[string, string, RecordSet[]]>([
  ['none', 'shop.example.com', []],
  [
    'Amazon beside others',
    'shop.example.com',
    [caa('example.com', '0 issue "x.org"', '0 issue "amazon.com"')],
  ],
  [
    'Amazon by another of its names, with a parameter',
    'a.example.com',
    [caa('example.com', '0 ISSUE "awstrust.com; a=b"')],
  ],
  ['only a report address', 'shop.example.com', [caa('example.com', '0 iodef "mailto:a@example.com"')]],
  [
    'of wildcards alone, for a name that is none',
    'shop.example.com',
    [caa('example.com', '0 issuewild ";"')],
  ],
  [
    'a nearer one',
    'a.b.example.com',
    [caa('b.example.com', '0 issue "amazonaws.com"'), caa('example.com', '0 issue "x.org"')],
  ],
  [
    'for a wildcard by its own property',
    '*.example.com',
    [caa('example.com', '0 issue "x.org"', '0 issuewild "amazon.com"')],
  ],
  ['of another name', 'shop.example.com', [caa('other.example.com', '0 issue "x.org"')]],
])('lets ACM renew: %s', (_what, domain, records) => {
  expect(judgeCaa(domain, zone, records)).toEqual([]);
});

test.each<[string, string, RecordSet[], string, string]>([
  [
    'another authority',
    'shop.example.com',
    [caa('example.com', '0 issue "x.org"')],
    'example.com',
    '0 issue "amazon.com"',
  ],
  [
    'nobody',
    'shop.example.com',
    [caa('shop.example.com', '0 issue ";"')],
    'shop.example.com',
    '0 issue "amazon.com"',
  ],
  [
    'another for wildcards',
    '*.example.com',
    [caa('example.com', '0 issue "amazon.com"', '0 issuewild "x.org"')],
    'example.com',
    '0 issuewild "amazon.com"',
  ],
  [
    'another, for wildcards as well',
    '*.example.com',
    [caa('example.com', '0 issue "x.org"')],
    'example.com',
    '0 issue "amazon.com"',
  ],
])('keeps ACM from it: %s', (_what, domain, records, name, wanted) => {
  expect(judgeCaa(domain, zone, records)).toMatchObject([
    { layer: 'route53', ref: `Record ${name}`, path: 'CAA', wanted, heals: false, severity: 'warning' },
  ]);
});
