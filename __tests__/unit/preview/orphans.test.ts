// Records below the preview domain whose route is gone, and those that are none of ours to judge.
import { expect, test } from '@jest/globals';
import type { RecordSet } from '../../../src/chain/zone.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';
import { orphansOf } from '../../../src/preview/orphans.ts';

const externalDns = (version: string, ...args: string[]) => ({
  version,
  settings: settingsOf(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'external-dns' },
      spec: {
        template: {
          spec: {
            containers: [{ image: `external-dns:v${version}`, args: ['--txt-owner-id=sample', ...args] }],
          },
        },
      },
    },
    version,
  ),
});

const alias = (name: string, type = 'A'): RecordSet => ({
  name,
  type,
  alias: { target: 'alb.example.com', zoneId: 'Z' },
  values: [],
});
const txt = (name: string, resource: string, owner = 'sample'): RecordSet => ({
  name,
  type: 'TXT',
  values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=${resource}"`],
});

const at = (label: string): string => `${label}.preview.example.com`;
const route = (name: string): string => `httproute/${name}/web`;

test('a record without its route is told once for each of its TXT records, with its addresses', () => {
  const records = [
    alias(at('gone')),
    alias(at('gone'), 'AAAA'),
    txt(at('cname-gone'), route('gone')),
    txt(at('aaaa-gone'), route('gone')),
    alias(at('here')),
    txt(at('cname-here'), route('here')),
  ];
  const found = orphansOf(records, [at('Here')], externalDns('0.19.0'));
  expect(
    found.map(({ ownership, resource, addresses }) => [ownership.name, resource, addresses.length]),
  ).toEqual([
    [at('cname-gone'), route('gone'), 2],
    [at('aaaa-gone'), route('gone'), 2],
  ]);
});

test.each([
  ["another owner's", txt(at('cname-gone'), route('gone'), 'other')],
  ['of a Service', txt(at('cname-gone'), 'service/gone/web')],
  ['a TXT of somebody else', { ...txt(at('gone'), ''), values: ['"v=spf1 -all"'] }],
  ['an address without an owner', alias(at('gone'))],
])('%s: not told', (_what, record) => {
  expect(orphansOf([record], [], externalDns('0.19.0'))).toEqual([]);
});

test('the names of ownership are those of the version and of its prefix', () => {
  const prefixed = externalDns('0.22.0', '--txt-prefix=x-');
  expect(orphansOf([txt(at('x-a-here'), route('here'))], [at('here')], prefixed)).toEqual([]);
  expect(orphansOf([txt(at('a-here'), route('here'))], [at('here')], prefixed)).toHaveLength(1);
});

test('a wildcard that a route publishes is wanted', () => {
  const record = txt('cname-*.preview.example.com', route('fallback'));
  expect(orphansOf([record], ['*.preview.example.com'], externalDns('0.19.0'))).toEqual([]);
});
